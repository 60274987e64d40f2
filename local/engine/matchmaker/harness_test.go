package matchmaker_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"partyline/local/engine/matchmaker"
	"partyline/local/engine/presence"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"
)

// harness is a matchmaker with its own clock. The test makes its passes.
type harness struct {
	t testing.TB
	*matchmaker.Matchmaker
	router *router
	log    *log
	clock  time.Time
	names  map[string]string // tickets by name, names by ticket
}

// newHarness makes a matchmaker. Short texts name its sessions, see [sessionID].
func newHarness(t testing.TB, hooks matchmaker.Hooks) *harness {
	t.Helper()
	b := &harness{
		t: t, router: &router{sent: map[uuid.UUID][]*rtapi.Envelope{}}, log: &log{},
		clock: time.Unix(1_700_000_000, 0), names: map[string]string{},
	}
	tokens := 0
	var mu sync.Mutex
	m, err := matchmaker.New(matchmaker.Options{
		Node: "node", Router: b.router, Logger: b.log,
		RelayToken: func() string {
			mu.Lock()
			defer mu.Unlock()
			tokens++
			return fmt.Sprintf("token-%d", tokens)
		},
		Now: func() time.Time {
			b.clock = b.clock.Add(time.Second) // a later ticket is younger
			return b.clock
		},
	}, hooks)
	if err != nil {
		t.Fatal(err)
	}
	b.Matchmaker = m
	t.Cleanup(m.Close)
	return b
}

// spec describes a ticket to add. party is the owner; if it is empty, the first session is.
type spec struct {
	sessions string // "a b c"
	party    string
	query    string // empty means "*"
	min, max int
	multiple int // 0 means 1
	texts    map[string]string
	numbers  map[string]float64
}

func (e spec) name() string { return strings.ReplaceAll(e.sessions, " ", "+") }

func (b *harness) tryAdd(e spec) (string, error) {
	if e.query == "" {
		e.query = "*"
	}
	var presences []presence.Presence
	for _, s := range strings.Fields(e.sessions) {
		presences = append(presences, player(s))
	}
	owner := ""
	if e.party == "" {
		owner = presences[0].ID.SessionID.String()
	}
	ticket, created, err := b.Add(context.Background(), presences, owner, e.party, e.query, e.min, e.max, max(e.multiple, 1), e.texts, e.numbers)
	if err == nil && created != b.clock.UnixNano() {
		b.t.Errorf("create time %d; want the clock's %d", created, b.clock.UnixNano())
	}
	return ticket, err
}

func (b *harness) add(e spec) string {
	b.t.Helper()
	ticket, err := b.tryAdd(e)
	if err != nil {
		b.t.Fatalf("add %s: %v", e.name(), err)
	}
	b.names[ticket], b.names[e.name()] = e.name(), ticket
	return ticket
}

// pass makes a pass and returns its matches: the names of the tickets in each, sorted.
func (b *harness) pass() []string {
	b.t.Helper()
	b.router.clear()
	b.Process(b.t.Context())
	return b.matches()
}

func (b *harness) matches() []string {
	b.t.Helper()
	players := map[string]map[string]bool{} // tickets by match
	for session, envs := range b.router.all() {
		for _, env := range envs {
			matched := env.GetMatchmakerMatched()
			if matched.GetSelf().GetPresence().GetSessionId() != session.String() {
				b.t.Errorf("session %s is told of another self: %v", session, matched)
			}
			id := matched.GetToken() + matched.GetMatchId()
			if players[id] == nil {
				players[id] = map[string]bool{}
			}
			players[id][b.names[matched.Ticket]] = true
		}
	}
	var all []string
	for _, tickets := range players {
		var names []string
		for name := range tickets {
			names = append(names, name)
		}
		slices.Sort(names)
		all = append(all, strings.Join(names, " "))
	}
	slices.Sort(all)
	return all
}

func sessionID(name string) uuid.UUID {
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte("session "+name))
}
func userID(name string) uuid.UUID { return uuid.NewSHA1(uuid.NameSpaceOID, []byte("user "+name)) }

func player(name string) presence.Presence {
	return presence.Presence{
		ID:     presence.ID{Node: "node", SessionID: sessionID(name)},
		UserID: userID(name),
		Meta:   presence.Meta{Username: name},
	}
}

// router records what was sent, by session.
type router struct {
	mu   sync.Mutex
	sent map[uuid.UUID][]*rtapi.Envelope
}

func (r *router) SendToPresences(ids []presence.ID, env *rtapi.Envelope) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, id := range ids {
		r.sent[id.SessionID] = append(r.sent[id.SessionID], env)
	}
}

func (r *router) clear() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.sent)
}

func (r *router) all() map[uuid.UUID][]*rtapi.Envelope {
	r.mu.Lock()
	defer r.mu.Unlock()
	copied := map[uuid.UUID][]*rtapi.Envelope{}
	for id, envs := range r.sent {
		copied[id] = slices.Clone(envs)
	}
	return copied
}

// log records error lines; the matchmaker writes no others.
type log struct {
	runtime.Logger
	mu    sync.Mutex
	lines []string
}

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

// socket is a session that records what it gets.
type socket struct {
	name string
	sent []*rtapi.Envelope
}

func (s *socket) ID() uuid.UUID     { return sessionID(s.name) }
func (s *socket) UserID() uuid.UUID { return userID(s.name) }
func (s *socket) Username() string  { return s.name }
func (s *socket) Send(env *rtapi.Envelope) error {
	s.sent = append(s.sent, env)
	return nil
}
