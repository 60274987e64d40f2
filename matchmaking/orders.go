package matchmaking

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/matchmaking/seats"
	"partyline/party"
	"partyline/party/rules"
)

// orderSlack is how much longer a seat match waits for the commit than a game server may take to get ready. It
// covers the time until the next matchmaker passes, even if they are rare.
const orderSlack = time.Minute

// OrderState is the state of an [Order].
type OrderState int

const (
	OrderPending OrderState = iota
	OrderReady
	OrderFailed // refused, failed, or cancelled
)

// Order is a request for a game server, or for slots on one. Only the first answer counts. Safe for concurrent use.
type Order struct {
	// An order of a new server needs these to end its match. An order of slots ends nothing: others use that server.
	matches        *Matches // nil for slots
	fleets         *Fleets
	match, manager string
	claims         []seats.Claim // the seats of the match, reserved until the commit
	users          []string      // users who get slots
	queue          string
	startedAt      time.Time
	cancelCreate   context.CancelFunc // stops the creation

	mu    sync.Mutex
	state OrderState
	cause error
}

// FailedOrder returns an order that has failed.
func FailedOrder(cause error) *Order { return &Order{state: OrderFailed, cause: cause} }

// State returns the order's state, and with OrderFailed the cause.
func (o *Order) State() (OrderState, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.state, o.cause
}

// Cancel gives the order up. Its match ends unless it was committed, and then its server ends too. A server that comes
// later finds no match and ends.
func (o *Order) Cancel(cause error) { o.end(OrderReady, OrderFailed, cause) }

// finish records the first answer. Later answers change nothing.
func (o *Order) finish(err error) {
	if err != nil {
		o.end(OrderPending, OrderFailed, err)
	} else {
		o.end(OrderPending, OrderReady, nil)
	}
}

// end moves an order that has come no further than last to another state.
func (o *Order) end(last, to OrderState, cause error) {
	o.mu.Lock()
	before := o.state
	if before <= last {
		o.state, o.cause = to, cause
	}
	o.mu.Unlock()
	if before > last || o.matches == nil {
		return
	}
	result := map[OrderState]string{OrderReady: "ready", OrderFailed: "failed"}[to]
	if before == OrderPending {
		o.fleets.host.MetricsTimerRecord(MetricServer, map[string]string{"queue": o.queue, "result": result}, o.matches.now().Sub(o.startedAt))
	}
	if to == OrderFailed {
		o.cancelCreate()
		o.fleets.background("withdrawal of a match", func(ctx context.Context) error {
			return o.matches.Withdraw(ctx, o.match, o.claims)
		})
	}
}

// OrderServer makes an unannounced seat match and asks the fleet for a server with slots for the users. latencies
// are the users' known latencies. OrderServer does not wait for the server.
func (m *Matches) OrderServer(ctx context.Context, l Launch, fleet rules.Fleet, users []string, latencies []runtime.FleetUserLatencies) (matchID string, o *Order, err error) {
	l.Handler, l.Unannounced = SeatMatchName, true
	l.Server = &serverSetup{Token: rand.Text(), Wait: fleet.ReadyWithin + orderSlack}
	if matchID, err = m.Launch(ctx, l); err != nil {
		return "", nil, err
	}
	create, stop := context.WithTimeout(context.Background(), fleet.ReadyWithin)
	o = &Order{matches: m, fleets: m.slots.fleets, match: matchID, manager: fleet.Manager, claims: l.Claims, users: users, queue: l.Queue, startedAt: m.now(), cancelCreate: stop}
	metadata := serverMetadata(fleet.Metadata, ServerInfo{MatchID: matchID, Token: l.Server.Token, Queue: l.Queue, Region: l.Region, Teams: l.Teams, TeamSize: l.TeamSize})
	go func() {
		defer stop()
		err := o.fleets.withTimeout(func(context.Context) error {
			manager, err := o.fleets.manager(fleet.Manager)
			if err != nil {
				return err
			}
			_, err = manager.Create(create, l.Teams*l.TeamSize, users, latencies, metadata, o.onCreated)
			return err
		})
		if err != nil {
			o.finish(fmt.Errorf("create a game server: %w", err))
			return
		}
		<-create.Done() // fleet managers still use this context after they return
	}()
	return matchID, o, nil
}

// onCreated is the callback of the fleet manager, who may call it once or more often, now, later or never.
func (o *Order) onCreated(status runtime.FmCreateStatus, info *runtime.InstanceInfo, sessions []*runtime.SessionInfo, _ map[string]any, cause error) {
	err := o.fleets.withTimeout(func(ctx context.Context) error {
		switch {
		case status != runtime.CreateSuccess:
			return errors.Join(errors.New("the fleet manager could not create a game server"), cause)
		case info == nil || info.Id == "":
			return errors.New("the fleet manager reports a game server without an ID")
		}
		s, err := parseGameServer(o.manager, info)
		if err == nil {
			err = o.setServer(ctx, s, sessionsByUser(sessions))
		}
		// Once the match has a server, a later callback may be about that one.
		if state, _ := o.State(); errors.Is(err, errOtherServer) || err != nil && state != OrderReady {
			o.fleets.deleteServer(o.manager, info.Id)
		}
		return err
	})
	if !errors.Is(err, errOtherServer) {
		o.finish(err)
	}
}

// setServer tells the match of its server.
func (o *Order) setServer(ctx context.Context, s gameServer, sessions map[string]string) error {
	slots := map[string]string{}
	for _, user := range o.users {
		slots[user] = sessions[user]
	}
	if _, err := o.matches.signal(ctx, o.match, signalRequest{Op: signalSetServer, Server: &s, Slots: slots}); err != nil {
		return fmt.Errorf("tell the match of its game server: %w", err)
	}
	return nil
}

// OrderSlots asks for slots on the server of a running match. It does not wait for them.
func (m *Matches) OrderSlots(matchID string, users []string) *Order {
	o := &Order{}
	go func() {
		o.finish(m.slots.fleets.withTimeout(func(ctx context.Context) error { return m.slots.reserve(ctx, matchID, users) }))
	}()
	return o
}

// ServerInfo tells a game server about its match. The server gets it as JSON in the metadata of its creation: under
// the key "partyline", and in every text of the queue's metadata in place of "{partyline}".
type ServerInfo struct {
	MatchID  string `json:"match_id"`
	Token    string `json:"server_token"` // secret: with it and the HTTP key the server may report to this match only
	Queue    string `json:"queue"`
	Region   string `json:"region,omitempty"`
	Teams    int    `json:"teams"`
	TeamSize int    `json:"team_size"`
}

func serverMetadata(own map[string]string, info ServerInfo) map[string]any {
	text, _ := party.PlainJSON(info) // cannot fail: the struct has only texts and numbers
	metadata := map[string]any{rules.ServerInfoKey: text}
	for key, value := range own {
		metadata[key] = strings.ReplaceAll(value, "{"+rules.ServerInfoKey+"}", text)
	}
	return metadata
}
