package match_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"partyline/local/engine/match"
	"partyline/local/engine/presence"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"
)

const (
	node          = "node"
	labelInterval = time.Second
)

// world is a registry whose ticks are made by the test. It runs in a synctest bubble, so that settle can wait for the
// matches' goroutines.
type world struct {
	*testing.T
	*match.Registry
	tracker *tracker
	router  *router
	log     *log
	tokens  match.Tokens

	mu           sync.Mutex
	ticks        map[time.Duration][]chan time.Time // by interval
	disconnected []string
	sessions     map[uuid.UUID]string
}

// inWorld runs a test with a world, and checks that all its goroutines end.
func inWorld(t *testing.T, change func(*match.Options), test func(*world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{
			T: t, tracker: &tracker{on: map[presence.Stream][]presence.Presence{}}, router: &router{},
			log: &log{}, tokens: match.Tokens{Key: []byte("key"), Now: time.Now},
			ticks: map[time.Duration][]chan time.Time{}, sessions: map[uuid.UUID]string{},
		}
		opts := match.Options{
			Node: node, Tracker: w.tracker, Router: w.router, Logger: w.log, Tokens: w.tokens,
			Disconnect: w.disconnect,
			Module:     func() runtime.NakamaModule { return nil },
			Context: func(ctx context.Context, mode string) context.Context {
				return context.WithValue(ctx, runtime.RUNTIME_CTX_MODE, mode)
			},
			LabelInterval: labelInterval,
			Ticker:        w.ticker,
		}
		if change != nil {
			change(&opts)
		}
		var err error
		if w.Registry, err = match.NewRegistry(opts); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := w.Shutdown(context.Background(), 0); err != nil {
				t.Errorf("shutdown: %v", err)
			}
		}()
		synctest.Wait()
		test(w)
	})
}

func (w *world) ticker(d time.Duration) (<-chan time.Time, func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := make(chan time.Time)
	w.ticks[d] = append(w.ticks[d], c)
	return c, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.ticks[d] = slices.DeleteFunc(w.ticks[d], func(other chan time.Time) bool { return other == c })
	}
}

// settle waits until all goroutines are blocked.
func (w *world) settle() { synctest.Wait() }

// tick makes n ticks in all matches with a tick rate.
func (w *world) tick(rate, n int) { w.every(time.Second/time.Duration(rate), n) }

// updateLabels makes an update of the labels.
func (w *world) updateLabels() { w.every(labelInterval, 1) }

func (w *world) every(d time.Duration, n int) {
	w.settle()
	for range n {
		w.mu.Lock()
		all := slices.Clone(w.ticks[d])
		w.mu.Unlock()
		for _, c := range all {
			c <- time.Time{}
		}
		w.settle()
	}
}

func (w *world) disconnect(session uuid.UUID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.disconnected = append(w.disconnected, w.sessions[session])
}

// create starts a match with the script.
func (w *world) create(s *script) string {
	w.Helper()
	w.Register("script", func(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule) (runtime.Match, error) {
		return s, nil
	})
	id, err := w.Create(w.Context(), "script", nil)
	if err != nil {
		w.Fatal(err)
	}
	return id
}

// player opens a session.
func (w *world) player(name string) *socket {
	s := &socket{name: name, id: uuid.NewSHA1(uuid.NameSpaceOID, []byte("session "+name)), user: uuid.NewSHA1(uuid.NameSpaceOID, []byte("user "+name))}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sessions[s.id] = name
	return s
}

func (w *world) join(s *socket, id string) *rtapi.Envelope {
	w.Helper()
	in := &rtapi.Envelope{Cid: "1", Message: &rtapi.Envelope_MatchJoin{MatchJoin: &rtapi.MatchJoin{
		Id: &rtapi.MatchJoin_MatchId{MatchId: id}, Metadata: map[string]string{"from": s.name},
	}}}
	out := w.ask(s, w.HandleJoin, in)
	w.settle()
	return out
}

type handler = func(context.Context, match.Session, *rtapi.Envelope) (*rtapi.Envelope, bool)

// ask runs a message handler and returns its one reply, nil if there was none. The handler must also return the
// reply, unless it is an error.
func (w *world) ask(s *socket, h handler, in *rtapi.Envelope) *rtapi.Envelope {
	w.Helper()
	before := len(s.received())
	out, ok := h(w.Context(), s, in)
	replies := s.received()[before:]
	if len(replies) > 1 {
		w.Fatalf("replies %v", replies)
	}
	if len(replies) == 0 {
		if out != nil {
			w.Errorf("reported %v but did not send it", out)
		}
		return nil
	}
	if failed := replies[0].GetError() != nil; failed == ok || !failed && out != replies[0] {
		w.Errorf("replied %v but reported %v, %v", replies[0], out, ok)
	}
	return replies[0]
}

// socket is a client's session.
type socket struct {
	name     string
	id, user uuid.UUID
	mu       sync.Mutex
	got      []*rtapi.Envelope
}

func (s *socket) ID() uuid.UUID           { return s.id }
func (s *socket) UserID() uuid.UUID       { return s.user }
func (s *socket) Username() string        { return s.name }
func (s *socket) Vars() map[string]string { return map[string]string{"var": s.name} }
func (s *socket) Expiry() int64           { return 42 }
func (s *socket) ClientIP() string        { return "10.0.0.1" }
func (s *socket) ClientPort() string      { return "4242" }
func (s *socket) Send(env *rtapi.Envelope) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got = append(s.got, env)
	return nil
}

func (s *socket) received() []*rtapi.Envelope {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got)
}

func (s *socket) wire() *rtapi.UserPresence {
	return &rtapi.UserPresence{UserId: s.user.String(), SessionId: s.id.String(), Username: s.name}
}

// tracker is a presence tracker that calls the listeners before it returns.
type tracker struct {
	mu        sync.Mutex
	on        map[presence.Stream][]presence.Presence
	gone      map[uuid.UUID]bool // sessions that have ended
	listeners [256][]func(presence.Event)
}

func (t *tracker) Listen(mode uint8, fn func(presence.Event)) {
	t.listeners[mode] = append(t.listeners[mode], fn)
}

func (t *tracker) tell(e presence.Event) {
	for _, fn := range t.listeners[e.Stream.Mode] {
		fn(e)
	}
}

func (t *tracker) Track(id presence.ID, userID uuid.UUID, stream presence.Stream, meta presence.Meta) (ok, isNew bool) {
	t.mu.Lock()
	if t.gone[id.SessionID] {
		t.mu.Unlock()
		return false, false
	}
	p := presence.Presence{ID: id, Stream: stream, UserID: userID, Meta: meta}
	known := slices.ContainsFunc(t.on[stream], func(q presence.Presence) bool { return q.ID == id })
	if !known {
		t.on[stream] = append(t.on[stream], p)
	}
	t.mu.Unlock()
	if !known && !meta.Hidden {
		t.tell(presence.Event{Stream: stream, Joins: []presence.Presence{p}})
	}
	return true, !known
}

func (t *tracker) Untrack(sessionID uuid.UUID, stream presence.Stream) {
	t.mu.Lock()
	var left []presence.Presence
	t.on[stream] = slices.DeleteFunc(t.on[stream], func(p presence.Presence) bool {
		if p.ID.SessionID != sessionID {
			return false
		}
		p.Meta.Reason = uint32(runtime.PresenceReasonLeave)
		left = append(left, p)
		return true
	})
	t.mu.Unlock()
	if len(left) > 0 {
		t.tell(presence.Event{Stream: stream, Leaves: left})
	}
}

// end ends a session and removes it from all streams.
func (t *tracker) end(sessionID uuid.UUID) {
	t.mu.Lock()
	var streams []presence.Stream
	for s := range t.on {
		streams = append(streams, s)
	}
	if t.gone == nil {
		t.gone = map[uuid.UUID]bool{}
	}
	t.gone[sessionID] = true
	t.mu.Unlock()
	for _, s := range streams {
		t.Untrack(sessionID, s)
	}
}

func (t *tracker) UntrackStream(stream presence.Stream) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.on, stream)
}

func (t *tracker) Get(sessionID uuid.UUID, stream presence.Stream) (presence.Presence, bool) {
	for _, p := range t.List(stream, true, true) {
		if p.ID.SessionID == sessionID {
			return p, true
		}
	}
	return presence.Presence{}, false
}

func (t *tracker) List(stream presence.Stream, includeHidden, includeShown bool) []presence.Presence {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(t.on[stream]), func(p presence.Presence) bool {
		return p.Meta.Hidden && !includeHidden || !p.Meta.Hidden && !includeShown
	})
}

func (t *tracker) Count(stream presence.Stream) int { return len(t.List(stream, true, true)) }

// router records what was sent.
type router struct {
	mu   sync.Mutex
	sent []routed
}

type routed struct {
	to  []uuid.UUID
	env *rtapi.Envelope
}

func (r *router) SendToPresences(ids []presence.ID, env *rtapi.Envelope) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var to []uuid.UUID
	for _, id := range ids {
		to = append(to, id.SessionID)
	}
	r.sent = append(r.sent, routed{to, env})
}

// routed returns what was sent since the last call: "names: opcode data".
func (w *world) routed() []string {
	w.router.mu.Lock()
	defer w.router.mu.Unlock()
	var all []string
	for _, r := range w.router.sent {
		var names []string
		for _, id := range r.to {
			names = append(names, w.sessions[id])
		}
		slices.Sort(names)
		d := r.env.GetMatchData()
		all = append(all, fmt.Sprintf("%s <- %s: %d %s", strings.Join(names, "+"), d.GetPresence().GetUsername(), d.GetOpCode(), d.GetData()))
	}
	w.router.sent = nil
	return all
}

// log records warnings and errors.
type log struct {
	runtime.Logger
	mu    sync.Mutex
	lines []string
}

func (l *log) WithField(string, any) runtime.Logger { return l }
func (l *log) Info(string, ...any)                  {}
func (l *log) Warn(format string, v ...any)         { l.Error(format, v...) }
func (l *log) Error(format string, v ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, fmt.Sprintf(format, v...))
}

func (l *log) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "\n")
}
