package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"github.com/heroiclabs/nakama-common/rtapi"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// The JSON mapping of the realtime API: field names as in the .proto, no zero values.
var (
	toJSON   = protojson.MarshalOptions{UseProtoNames: true, UseEnumNumbers: true}
	fromJSON = protojson.UnmarshalOptions{DiscardUnknown: true}
)

// SocketOptions are the query parameters of a realtime connection.
type SocketOptions struct {
	Status   bool   // appear online to followers from the start
	Protobuf bool   // binary wire format instead of JSON
	Lang     string // "" for the server's default
}

// Socket is one realtime connection.
type Socket struct {
	conn     *websocket.Conn
	protobuf bool
	queue    *queue
	nextCID  atomic.Int64
	pings    atomic.Int64
	write    sync.Mutex // one writer at a time, as the WebSocket library requires

	done  chan struct{} // closed when the connection has ended on both sides
	close *websocket.CloseError
}

// pongWait is how long an answer to the server's ping may take. The library's default of one second
// is too short if thousands of sockets share two processors.
const pongWait = 20 * time.Second

// Connect opens a realtime connection for a session.
func (c *Client) Connect(ctx context.Context, s Session, o SocketOptions) (*Socket, error) {
	query := url.Values{"token": {s.Token}}
	if o.Status {
		query.Set("status", "true")
	}
	if o.Protobuf {
		query.Set("format", "protobuf")
	}
	if o.Lang != "" {
		query.Set("lang", o.Lang)
	}
	conn, res, err := websocket.DefaultDialer.DialContext(ctx, "ws://"+c.addr+"/ws?"+query.Encode(), nil)
	if err != nil {
		if res != nil {
			body, _ := io.ReadAll(res.Body)
			return nil, fmt.Errorf("connect: HTTP %d %q: %w", res.StatusCode, body, err)
		}
		return nil, fmt.Errorf("connect: %w", err)
	}
	conn.SetPingHandler(func(data string) error {
		err := conn.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(pongWait))
		if errors.Is(err, websocket.ErrCloseSent) {
			return nil
		}
		return err
	})
	sock := &Socket{conn: conn, protobuf: o.Protobuf, queue: newQueue(), done: make(chan struct{})}
	go sock.read()
	return sock, nil
}

// ErrClosed is the error of every wait on a socket that either side has closed.
var ErrClosed = errors.New("the socket is closed")

// read is the socket's only reader. It ends when the server has closed the connection.
func (s *Socket) read() {
	defer close(s.done)
	for {
		_, data, err := s.conn.ReadMessage()
		if err != nil {
			var ce *websocket.CloseError
			if errors.As(err, &ce) {
				s.close = ce
				// A server cleans up a session between the close handshake and the end of the TCP
				// connection. After the end of the connection, the user is gone everywhere.
				_, _ = io.Copy(io.Discard, s.conn.NetConn())
			}
			_ = s.conn.Close()
			s.queue.end(fmt.Errorf("%w: %w", ErrClosed, err))
			return
		}
		m, err := s.decode(data)
		if err != nil {
			_ = s.conn.Close()
			s.queue.end(fmt.Errorf("envelope %q: %w", data, err))
			return
		}
		s.queue.push(m)
	}
}

func (s *Socket) decode(data []byte) (Message, error) {
	m := Message{Envelope: &rtapi.Envelope{}, Raw: data}
	if !s.protobuf {
		return m, fromJSON.Unmarshal(data, m.Envelope)
	}
	if err := proto.Unmarshal(data, m.Envelope); err != nil {
		return m, err
	}
	var err error
	m.Raw, err = toJSON.Marshal(m.Envelope)
	return m, err
}

// Send writes an envelope unchanged, without adding a cid.
func (s *Socket) Send(e *rtapi.Envelope) error {
	if s.protobuf {
		data, err := proto.Marshal(e)
		if err != nil {
			return err
		}
		return s.SendBytes(websocket.BinaryMessage, data)
	}
	data, err := toJSON.Marshal(e)
	if err != nil {
		return err
	}
	return s.SendBytes(websocket.TextMessage, data)
}

// SendBytes writes one WebSocket message, even one that is not valid for the server.
func (s *Socket) SendBytes(messageType int, data []byte) error {
	s.write.Lock()
	defer s.write.Unlock()
	return s.conn.WriteMessage(messageType, data)
}

// NextCID returns a correlation ID that this socket has not used yet.
func (s *Socket) NextCID() string { return strconv.FormatInt(s.nextCID.Add(1), 10) }

// Call sends an envelope with a new cid and takes its reply out of the queue. An error reply is a
// [*ReplyError].
func (s *Socket) Call(ctx context.Context, e *rtapi.Envelope) (*rtapi.Envelope, error) {
	e.Cid = s.NextCID()
	if err := s.Send(e); err != nil {
		return nil, err
	}
	m, err := s.Take(ctx, ReplyTo(e.Cid))
	if err != nil {
		return nil, fmt.Errorf("reply to %s: %w", Kind(e), err)
	}
	if e := m.Envelope.GetError(); e != nil {
		return nil, &ReplyError{Code: e.Code, Message: e.Message}
	}
	return m.Envelope, nil
}

// ReplyError is an error envelope.
type ReplyError struct {
	Code    int32
	Message string
}

func (e *ReplyError) Error() string { return fmt.Sprintf("code %d: %s", e.Code, e.Message) }

// ReplyTo matches the reply to one request.
func ReplyTo(cid string) func(Message) bool {
	return func(m Message) bool { return m.Envelope.Cid == cid }
}

// OfKind matches unsolicited messages of one kind; see [Kind].
func OfKind(kind string) func(Message) bool {
	return func(m Message) bool { return m.Envelope.Cid == "" && m.Kind() == kind }
}

// Take waits for the first message that match accepts and removes it. All other messages stay, in
// order. If ctx or the connection ends first, the error lists the messages that did arrive.
func (s *Socket) Take(ctx context.Context, match func(Message) bool) (Message, error) {
	return s.queue.wait(ctx, match, true)
}

// Await is Take without the removal.
func (s *Socket) Await(ctx context.Context, match func(Message) bool) (Message, error) {
	return s.queue.wait(ctx, match, false)
}

// TakeAll removes and returns every message received so far that match accepts, in order.
func (s *Socket) TakeAll(match func(Message) bool) []Message { return s.queue.takeAll(match) }

// Drain removes and returns everything received so far, in order.
func (s *Socket) Drain() []Message { return s.TakeAll(func(Message) bool { return true }) }

// Barrier makes a ping round trip. When it returns, all messages that the server queued for this
// socket before the ping have arrived. A message that is missing then was not sent. Presence events
// take another path through the server; see [Sentinel].
func (s *Socket) Barrier(ctx context.Context) error {
	cid := "barrier-" + strconv.FormatInt(s.pings.Add(1), 10) // not among the callers' own cids
	if err := s.Send(&rtapi.Envelope{Cid: cid, Message: &rtapi.Envelope_Ping{Ping: &rtapi.Ping{}}}); err != nil {
		return err
	}
	if _, err := s.Take(ctx, ReplyTo(cid)); err != nil {
		return fmt.Errorf("barrier: %w", err)
	}
	return nil
}

// Close ends the connection as a correct client does. It waits until the server has dropped the
// session: its presences are gone, and their leave events are on their way.
func (s *Socket) Close(ctx context.Context) error {
	deadline := time.Now().Add(5 * time.Second)
	if d, ok := ctx.Deadline(); ok {
		deadline = d
	}
	s.write.Lock()
	err := s.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), deadline)
	s.write.Unlock()
	if err != nil && !errors.Is(err, websocket.ErrCloseSent) {
		_ = s.conn.Close()
	}
	select {
	case <-s.done:
		return nil
	case <-ctx.Done():
		_ = s.conn.Close()
		return fmt.Errorf("the server did not end the connection: %w", context.Cause(ctx))
	}
}

// Abort cuts the connection without a close frame, as a lost network does.
func (s *Socket) Abort() { _ = s.conn.NetConn().Close() }

// AwaitClose waits until the server has ended the connection. It returns the code and text of the
// close frame, or code 1006 if the server sent none.
func (s *Socket) AwaitClose(ctx context.Context) (code int, text string, err error) {
	select {
	case <-s.done:
	case <-ctx.Done():
		return 0, "", fmt.Errorf("the server kept the connection: %w", context.Cause(ctx))
	}
	if s.close == nil {
		return websocket.CloseAbnormalClosure, "", nil
	}
	return s.close.Code, s.close.Text, nil
}

// Ended reports whether the connection has ended.
func (s *Socket) Ended() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}
