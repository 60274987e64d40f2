package client

import (
	"context"
	"fmt"

	"github.com/heroiclabs/nakama-common/rtapi"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// Sentinel proves that a server has nothing left to deliver.
//
// Nakama hands presence changes to one worker. The worker delivers their events in order, apart
// from the replies to requests. The sentinel changes its own user's status, and the event of that
// change takes the same path. When that event arrives, all earlier presence events are in their
// receivers' queues. A ping on each receiver's socket then flushes the queue.
type Sentinel struct {
	socket *Socket
	round  int
}

// NewSentinel logs in the sentinel's user. id is the device ID of its account.
func NewSentinel(ctx context.Context, c *Client, id string) (*Sentinel, error) {
	session, err := c.AuthenticateDevice(ctx, id, "")
	if err != nil {
		return nil, fmt.Errorf("sentinel: %w", err)
	}
	socket, err := c.Connect(ctx, session, SocketOptions{})
	if err != nil {
		return nil, fmt.Errorf("sentinel: %w", err)
	}
	return &Sentinel{socket: socket}, nil
}

// WaitForEvents returns when every event caused by the server's answers so far has arrived on the given
// sockets. It makes two rounds, because an event may cause another one: the leave of a party's
// last member closes the party. Not for concurrent use.
func (s *Sentinel) WaitForEvents(ctx context.Context, sockets ...*Socket) error {
	for range 2 {
		if err := s.roundTrip(ctx); err != nil {
			return fmt.Errorf("sentinel: %w", err)
		}
	}
	for _, socket := range sockets {
		if socket.Ended() {
			continue
		}
		if err := socket.Barrier(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (s *Sentinel) roundTrip(ctx context.Context) error {
	s.round++
	status := fmt.Sprintf("round %d", s.round)
	_, err := s.socket.Call(ctx, &rtapi.Envelope{Message: &rtapi.Envelope_StatusUpdate{
		StatusUpdate: &rtapi.StatusUpdate{Status: wrapperspb.String(status)},
	}})
	if err != nil {
		return err
	}
	_, err = s.socket.Take(ctx, func(m Message) bool {
		joins := m.Envelope.GetStatusPresenceEvent().GetJoins()
		return len(joins) == 1 && joins[0].GetStatus().GetValue() == status
	})
	return err
}

// Close ends the sentinel's connection.
func (s *Sentinel) Close(ctx context.Context) error { return s.socket.Close(ctx) }
