package realtime

import (
	"context"
	"errors"
	"net"
	"runtime/debug"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"
	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"
	"google.golang.org/protobuf/types/known/timestamppb"

	"partyline/local/engine/presence"
)

const (
	reasonDisconnected = "server-side session disconnect"

	codeSingleSocket int32 = -7 // a notification's code
)

var (
	errQueueFull = errors.New("session outgoing queue full")
	errClosed    = errors.New("session closed")
)

// Session is one live socket of a user.
type Session struct {
	srv        *Server
	id         uuid.UUID
	identity   Identity
	format     Format
	lang       string
	clientIP   string
	clientPort string

	ctx    context.Context // ends with the session
	cancel context.CancelFunc
	conn   *websocket.Conn
	out    chan []byte // encoded envelopes for the writer; never closed

	deadlineLock sync.Mutex // held while the read deadline is set
	endOnce      sync.Once
	ending       chan struct{} // closed by end, after reason is set
	reason       string        // why the session ended; "" if the client closed it
	writerDone   chan struct{} // closed when the writer has ended
}

func (srv *Server) newSession(conn *websocket.Conn, format Format, who Identity) *Session {
	s := &Session{
		srv: srv, id: srv.newSessionID(), identity: who, format: format, conn: conn,
		out:        make(chan []byte, srv.opts.OutgoingQueue),
		ending:     make(chan struct{}),
		writerDone: make(chan struct{}),
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

func (s *Session) ID() uuid.UUID            { return s.id }
func (s *Session) UserID() uuid.UUID        { return s.identity.UserID }
func (s *Session) Username() string         { return s.identity.Username }
func (s *Session) Vars() map[string]string  { return s.identity.Vars }
func (s *Session) Expiry() int64            { return s.identity.Expiry } // Unix seconds
func (s *Session) Lang() string             { return s.lang }
func (s *Session) ClientIP() string         { return s.clientIP }
func (s *Session) ClientPort() string       { return s.clientPort }
func (s *Session) Format() Format           { return s.format }
func (s *Session) Context() context.Context { return s.ctx } // ends with the session

// PresenceID returns the session's ID for the tracker.
func (s *Session) PresenceID() presence.ID {
	return presence.ID{Node: s.srv.opts.Node, SessionID: s.id}
}

func (s *Session) statusStream() presence.Stream {
	return presence.Stream{Mode: presence.ModeStatus, Subject: s.identity.UserID}
}

// Send queues an envelope. It never blocks: if the client is too far behind, its session ends.
func (s *Session) Send(e *rtapi.Envelope) error {
	data, err := s.format.encode(e)
	if err != nil {
		return err
	}
	return s.sendBytes(data)
}

func (s *Session) sendBytes(data []byte) error {
	if s.ctx.Err() != nil {
		return errClosed
	}
	select {
	case s.out <- data:
		return nil
	default:
		s.Close(errQueueFull.Error())
		return errQueueFull
	}
}

// Close ends the session. The session leaves all streams before Close returns. The writer still sends the queued
// messages, and then a close frame with the reason. A second call does nothing.
func (s *Session) Close(reason string) { s.end(reason, runtime.PresenceReasonDisconnect) }

// end does the same as Close. Others see why in the presence event, and last are the last messages for the client.
func (s *Session) end(reason string, why runtime.PresenceReason, last ...*rtapi.Envelope) {
	s.endOnce.Do(func() {
		for _, e := range last {
			data, err := s.format.encode(e)
			if err != nil {
				continue
			}
			select {
			case s.out <- data:
			default: // the client is too far behind
			}
		}
		s.reason = reason
		s.cancel()
		if s.srv.opts.OnSessionEnd != nil {
			s.srv.opts.OnSessionEnd(s)
		}
		s.srv.opts.Tracker.UntrackAll(s.id, why)
		s.srv.follows.removeSession(s.id)
		s.srv.sessions.remove(s.id)
		close(s.ending)
	})
}

// serve runs the session until its socket is closed.
func (s *Session) serve() {
	log := s.srv.log.With("user", s.identity.UserID, "session", s.id)
	log.Debug("session starts", "format", s.format)
	if h := s.srv.opts.Hooks; h != nil {
		h.SessionStart(s)
	}
	go s.write()
	reason, linger := s.read()
	s.Close(reason)
	<-s.writerDone
	if linger {
		// Nobody reads the client's answer to the close any more, but as on the real server the socket stays open for
		// CloseWait.
		select {
		case <-time.After(s.srv.opts.CloseWait):
		case <-s.srv.closing:
		}
	}
	_ = s.conn.Close()
	log.Debug("session ended", "reason", s.reason)
	if h := s.srv.opts.Hooks; h != nil {
		h.SessionEnd(s, s.reason)
	}
}

// read handles messages until the connection ends, or until a message ends it. Like the real server, it also handles
// the messages that come after the session has ended, while the connection is still open. reason is "" if the client
// closed the connection normally. linger reports whether this side has to close the connection.
func (s *Session) read() (reason string, linger bool) {
	opts := &s.srv.opts
	s.conn.SetReadLimit(opts.MaxMessageBytes)
	s.conn.SetPongHandler(func(string) error { s.extendDeadline(); return nil })
	want := websocket.TextMessage
	if s.format == Protobuf {
		want = websocket.BinaryMessage
	}
	for {
		s.extendDeadline()
		kind, data, err := s.conn.ReadMessage()
		switch {
		case errors.Is(err, websocket.ErrReadLimit):
			return err.Error(), true
		case websocket.IsCloseError(err, websocket.CloseNormalClosure, websocket.CloseGoingAway, websocket.CloseNoStatusReceived),
			errors.Is(err, net.ErrClosed):
			return "", false
		case err != nil:
			return err.Error(), false
		}
		if kind != want {
			return "received unexpected WebSocket message type", true
		}
		in, err := s.format.decode(data)
		if err != nil {
			return "received malformed payload", true
		}
		if !s.handle(in) {
			return "error processing message", true
		}
	}
}

// extendDeadline sets the read deadline to PongWait from now. After the session has ended it does nothing, because
// the writer has set the last deadline.
func (s *Session) extendDeadline() {
	s.deadlineLock.Lock()
	defer s.deadlineLock.Unlock()
	if s.ctx.Err() == nil {
		_ = s.conn.SetReadDeadline(time.Now().Add(s.srv.opts.PongWait))
	}
}

// handle runs one message and recovers from a panic. It returns false if the socket must be closed.
func (s *Session) handle(in *rtapi.Envelope) (ok bool) {
	defer func() {
		if p := recover(); p != nil {
			s.srv.log.Error("a message handler panicked; a real server would have left a dead socket",
				"session", s.id, "message", messageName(in), "panic", p, "stack", string(debug.Stack()))
			ok = false
		}
	}()
	return s.srv.process(s.ctx, s, in)
}

// write sends queued messages and pings until the session ends. Then it sends the rest and the close frame.
func (s *Session) write() {
	defer close(s.writerDone)
	opts := &s.srv.opts
	ping := time.NewTicker(opts.PingPeriod)
	defer ping.Stop()
	for {
		var err error
		select {
		case <-s.ending:
			s.writeRest()
			return
		case <-ping.C:
			err = s.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(opts.WriteWait))
		case data := <-s.out:
			_ = s.conn.SetWriteDeadline(time.Now().Add(opts.WriteWait))
			err = s.conn.WriteMessage(s.messageType(), data)
		}
		if err != nil {
			s.Close(err.Error())
		}
	}
}

func (s *Session) writeRest() {
	opts := &s.srv.opts
	deadline := time.Now().Add(opts.WriteWait)
	_ = s.conn.SetWriteDeadline(deadline)
	for more := s.reason != ""; more; {
		select {
		case data := <-s.out:
			more = s.conn.WriteMessage(s.messageType(), data) == nil
		default:
			more = false
		}
	}
	if s.reason != "" {
		_ = s.conn.WriteControl(websocket.CloseMessage,
			websocket.FormatCloseMessage(websocket.CloseNormalClosure, closeText(s.reason)), deadline)
	}
	s.deadlineLock.Lock()
	defer s.deadlineLock.Unlock()
	_ = s.conn.SetReadDeadline(time.Now().Add(opts.CloseWait))
}

func (s *Session) messageType() int {
	if s.format == Protobuf {
		return websocket.BinaryMessage
	}
	return websocket.TextMessage
}

// closeText cuts a reason to the 123 bytes that fit into a close frame.
func closeText(reason string) string { return reason[:min(len(reason), 123)] }

// newNotification makes a notification that the server itself sends.
func newNotification(subject string, code int32) *rtapi.Envelope {
	return &rtapi.Envelope{Message: &rtapi.Envelope_Notifications{Notifications: &rtapi.Notifications{
		Notifications: []*api.Notification{{
			Id: uuid.NewString(), Subject: subject, Content: "{}", Code: code,
			CreateTime: &timestamppb.Timestamp{Seconds: time.Now().Unix()},
		}},
	}}}
}

// sessions has the live sessions by ID.
type sessions struct {
	mu   sync.RWMutex
	byID map[uuid.UUID]*Session
}

func newSessions() *sessions { return &sessions{byID: map[uuid.UUID]*Session{}} }

func (r *sessions) add(s *Session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.byID[s.id] = s
}

func (r *sessions) remove(id uuid.UUID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.byID, id)
}

func (r *sessions) get(id uuid.UUID) (*Session, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	s, ok := r.byID[id]
	return s, ok
}

func (r *sessions) count() int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return len(r.byID)
}

func (r *sessions) all() []*Session {
	r.mu.RLock()
	defer r.mu.RUnlock()
	list := make([]*Session, 0, len(r.byID))
	for _, s := range r.byID {
		list = append(list, s)
	}
	return list
}
