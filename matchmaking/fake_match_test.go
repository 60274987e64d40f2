package matchmaking_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/matchmaking"
	"partyline/party"
)

// fakeMatch runs one match as the host does.
type fakeMatch struct {
	*fakeHost
	core    runtime.Match
	ctx     context.Context
	id      string
	label   string
	labels  int // label updates
	rate    int
	tick    int64
	state   any
	present []player // whom the host counts as players
	kicked  []player // not yet reported gone
	got     []sent   // messages to players
	logging sync.Mutex
	logged  []string // warnings and errors
}

// sent is a message to players. To is in the order in which the players came.
type sent struct {
	OpCode int64
	Data   string
	To     []string // sessions
	From   string   // session
}

func (s *fakeMatch) over() bool {
	s.calls.Lock()
	defer s.calls.Unlock()
	return s.state == nil
}

// take keeps the state that a call returned.
func (s *fakeMatch) take(state any) (goesOn bool) {
	s.state = state
	return state != nil
}

// attempt is a client's request to join. A session that the match lets in joins at once.
func (s *fakeMatch) attempt(user, session string) (reason string, ok bool) {
	p := player{user: user, session: session}
	if s.over() {
		return "Match not found", false
	}
	if slices.Contains(s.present, p) {
		return "", true
	}
	state, allow, reason := s.core.MatchJoinAttempt(s.ctx, s, nil, s.fakeHost, s, s.tick, s.state, p, nil)
	if !s.take(state) || !allow {
		return reason, false
	}
	s.present = append(s.present, p)
	if !s.take(s.core.MatchJoin(s.ctx, s, nil, s.fakeHost, s, s.tick, s.state, []runtime.Presence{p})) {
		return "", false
	}
	return reason, true
}

// enter is an attempt that must succeed, by a user's first session.
func (s *fakeMatch) enter(users ...string) {
	s.t.Helper()
	for _, u := range users {
		if reason, ok := s.attempt(u, u+"1"); !ok {
			s.t.Fatalf("%s may not join: %s", u, reason)
		}
	}
}

// refused is an attempt that must fail with a reason.
func (s *fakeMatch) refused(user string, want party.Reason) {
	s.t.Helper()
	reason, ok := s.attempt(user, user+"1")
	if ok || !strings.HasPrefix(reason, string(want)+": ") {
		s.t.Errorf("join of %s = %q, %v; want %s", user, reason, ok, want)
	}
}

// leave reports that a session is gone, with a reason, or that it never appeared.
func (s *fakeMatch) leave(user, session string, reason runtime.PresenceReason) {
	p := player{user: user, session: session}
	if i := slices.Index(s.present, p); i >= 0 && !s.over() {
		s.present = slices.Delete(s.present, i, i+1)
		p.reason = reason
		s.take(s.core.MatchLeave(s.ctx, s, nil, s.fakeHost, s, s.tick, s.state, []runtime.Presence{p}))
	}
}

// loop runs one tick. Before it, sessions that the match kicked are reported gone.
func (s *fakeMatch) loop(messages ...runtime.MatchData) {
	for _, k := range s.kicked {
		s.leave(k.user, k.session, runtime.PresenceReasonLeave)
	}
	s.kicked = nil
	s.calls.Lock()
	defer s.calls.Unlock()
	if s.state != nil && s.take(s.core.MatchLoop(s.ctx, s, nil, s.fakeHost, s, s.tick, s.state, messages)) {
		s.tick++
	}
}

// idleTick runs a tick without messages.
func (s *fakeMatch) idleTick() {
	s.state = s.core.MatchLoop(s.ctx, s, nil, s.fakeHost, s, s.tick, s.state, nil)
}

// after moves the clock and runs a tick.
func (s *fakeMatch) after(d time.Duration) {
	s.clock.Advance(d)
	s.loop()
}

// seat returns a user's seat as "state@team"; "" if there is none.
func (s *fakeMatch) seat(user string) string {
	s.t.Helper()
	m, err := s.client().Seats(context.Background(), s.id, "")
	if err != nil {
		s.t.Fatalf("Seats: %v", err)
	}
	for _, r := range m.Seats {
		if r.UserID == user {
			return fmt.Sprintf("%s@%d", r.State, r.Team)
		}
	}
	return ""
}

// count returns the numbers of seats by state.
func (s *fakeMatch) count() (taken, held, open int) {
	s.t.Helper()
	m, err := s.client().Seats(context.Background(), s.id, "")
	if err != nil {
		s.t.Fatalf("Seats: %v", err)
	}
	for _, r := range m.Seats {
		switch r.State {
		case party.SeatTaken:
			taken++
		case party.SeatHeld:
			held++
		default:
			open++
		}
	}
	return taken, held, open
}

// labelled returns a field of the label.
func (s *fakeMatch) labelled(field string) any {
	var fields map[string]any
	if err := json.Unmarshal([]byte(s.label), &fields); err != nil {
		s.t.Fatalf("label %q: %v", s.label, err)
	}
	return fields[field]
}

func (s *fakeMatch) BroadcastMessage(opCode int64, data []byte, presences []runtime.Presence, sender runtime.Presence, _ bool) error {
	g := sent{OpCode: opCode, Data: string(data)}
	for _, p := range s.present {
		if presences == nil || slices.ContainsFunc(presences, func(q runtime.Presence) bool { return q.GetSessionId() == p.session }) {
			g.To = append(g.To, p.session)
		}
	}
	if sender != nil {
		g.From = sender.GetSessionId()
	}
	if len(g.To) > 0 {
		s.got = append(s.got, g)
	}
	return nil
}

func (s *fakeMatch) BroadcastMessageDeferred(opCode int64, data []byte, presences []runtime.Presence, sender runtime.Presence, reliable bool) error {
	return s.BroadcastMessage(opCode, data, presences, sender, reliable)
}

func (s *fakeMatch) MatchKick(presences []runtime.Presence) error {
	for _, p := range presences {
		k := player{user: p.GetUserId(), session: p.GetSessionId()}
		if !slices.Contains(s.kicked, k) {
			s.kicked = append(s.kicked, k)
		}
	}
	return nil
}

func (s *fakeMatch) MatchLabelUpdate(label string) error {
	if len(label) > matchmaking.MaxLabel {
		return runtime.ErrMatchLabelTooLong
	}
	s.label = label
	s.labels++
	return nil
}

// fakeMatch is also the logger of the match.
func (s *fakeMatch) Debug(string, ...any) {}
func (s *fakeMatch) Info(string, ...any)  {}
func (s *fakeMatch) Warn(format string, v ...any) {
	s.logging.Lock()
	defer s.logging.Unlock()
	s.logged = append(s.logged, fmt.Sprintf(format, v...))
}
func (s *fakeMatch) Error(format string, v ...any)                    { s.Warn(format, v...) }
func (s *fakeMatch) WithField(string, any) runtime.Logger             { return s }
func (s *fakeMatch) WithFields(map[string]interface{}) runtime.Logger { return s }
func (s *fakeMatch) Fields() map[string]interface{}                   { return nil }

// player is one session.
type player struct {
	user, session string
	status        string
	reason        runtime.PresenceReason
}

func (p player) GetUserId() string                 { return p.user }
func (p player) GetSessionId() string              { return p.session }
func (p player) GetNodeId() string                 { return "node1" }
func (p player) GetHidden() bool                   { return false }
func (p player) GetPersistence() bool              { return false }
func (p player) GetUsername() string               { return p.user }
func (p player) GetStatus() string                 { return p.status }
func (p player) GetReason() runtime.PresenceReason { return p.reason }

// message is data that a player sent.
type message struct {
	player
	opCode int64
	data   string
}

func (m message) GetOpCode() int64      { return m.opCode }
func (m message) GetData() []byte       { return []byte(m.data) }
func (m message) GetReliable() bool     { return true }
func (m message) GetReceiveTime() int64 { return 0 }
