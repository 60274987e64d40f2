package parties_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/local/engine/parties"
	"partyline/local/engine/presence"
)

// harness is a registry with a tracker, and players without sockets.
type harness struct {
	tracker *presence.Tracker
	parties *parties.Registry
	tickets tickets
	handle  map[string]parties.Handler

	mu       sync.Mutex
	sessions map[uuid.UUID]*session
}

// fataler is a *testing.T or a *rapid.T.
type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

func newHarness(t fataler, change func(*parties.Options)) (_ *harness, done func()) {
	t.Helper()
	tb := &harness{tracker: presence.NewTracker(), sessions: map[uuid.UUID]*session{}}
	tb.tickets.byID = map[string]string{}
	opts := parties.Options{Tracker: tb.tracker, Router: tb, Tickets: &tb.tickets}
	if change != nil {
		change(&opts)
	}
	var err error
	if tb.parties, err = parties.New(opts); err != nil {
		t.Fatalf("New: %v", err)
	}
	tb.handle = tb.parties.Handlers()
	return tb, func() {
		tb.tracker.Close()
		if err := tb.parties.Close(); err != nil {
			t.Fatalf("Close: %v", err)
		}
	}
}

func (tb *harness) SendToPresences(ids []presence.ID, e *rtapi.Envelope) {
	for _, id := range ids {
		tb.mu.Lock()
		s := tb.sessions[id.SessionID]
		tb.mu.Unlock()
		if s != nil {
			_ = s.Send(e)
		}
	}
}

func (tb *harness) SendToStream(stream presence.Stream, e *rtapi.Envelope) {
	tb.SendToPresences(tb.tracker.IDs(stream), e)
}

// session is a player's socket that records what it gets.
type session struct {
	id, user uuid.UUID
	name     string

	mu   sync.Mutex
	sent []*rtapi.Envelope
}

func (s *session) ID() uuid.UUID     { return s.id }
func (s *session) UserID() uuid.UUID { return s.user }
func (s *session) Username() string  { return s.name }

func (s *session) Send(e *rtapi.Envelope) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = append(s.sent, e)
	return nil
}

func (s *session) last() *rtapi.Envelope {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.sent) == 0 {
		return nil
	}
	return s.sent[len(s.sent)-1]
}

func (s *session) wire() *rtapi.UserPresence {
	return &rtapi.UserPresence{UserId: s.user.String(), SessionId: s.id.String(), Username: s.name}
}

func (tb *harness) newPlayer(name string) *session {
	s := &session{id: uuid.New(), user: uuid.New(), name: name}
	tb.mu.Lock()
	tb.sessions[s.id] = s
	tb.mu.Unlock()
	tb.tracker.Open(s.id)
	return s
}

// do sends a message and returns the reply. It returns after all events are delivered.
func (tb *harness) do(s *session, message any) *rtapi.Envelope {
	in := &rtapi.Envelope{Cid: "1"}
	var name string
	switch m := message.(type) {
	case *rtapi.PartyCreate:
		name, in.Message = "PartyCreate", &rtapi.Envelope_PartyCreate{PartyCreate: m}
	case *rtapi.PartyJoin:
		name, in.Message = "PartyJoin", &rtapi.Envelope_PartyJoin{PartyJoin: m}
	case *rtapi.PartyLeave:
		name, in.Message = "PartyLeave", &rtapi.Envelope_PartyLeave{PartyLeave: m}
	case *rtapi.PartyPromote:
		name, in.Message = "PartyPromote", &rtapi.Envelope_PartyPromote{PartyPromote: m}
	case *rtapi.PartyAccept:
		name, in.Message = "PartyAccept", &rtapi.Envelope_PartyAccept{PartyAccept: m}
	case *rtapi.PartyRemove:
		name, in.Message = "PartyRemove", &rtapi.Envelope_PartyRemove{PartyRemove: m}
	case *rtapi.PartyClose:
		name, in.Message = "PartyClose", &rtapi.Envelope_PartyClose{PartyClose: m}
	case *rtapi.PartyJoinRequestList:
		name, in.Message = "PartyJoinRequestList", &rtapi.Envelope_PartyJoinRequestList{PartyJoinRequestList: m}
	case *rtapi.PartyMatchmakerAdd:
		name, in.Message = "PartyMatchmakerAdd", &rtapi.Envelope_PartyMatchmakerAdd{PartyMatchmakerAdd: m}
	case *rtapi.PartyDataSend:
		name, in.Message = "PartyDataSend", &rtapi.Envelope_PartyDataSend{PartyDataSend: m}
	case *rtapi.PartyUpdate:
		name, in.Message = "PartyUpdate", &rtapi.Envelope_PartyUpdate{PartyUpdate: m}
	default:
		panic(fmt.Sprintf("no message %T", m))
	}
	replies := &session{id: s.id, user: s.user, name: s.name}
	tb.handle[name](context.Background(), replies, in)
	tb.tracker.WaitForEvents()
	return replies.last()
}

func (tb *harness) create(t fataler, s *session, message *rtapi.PartyCreate) string {
	t.Helper()
	e := tb.do(s, message)
	if e.GetParty() == nil {
		t.Fatalf("create: %v", e)
	}
	return e.GetParty().PartyId
}

type tickets struct {
	mu   sync.Mutex
	byID map[string]string
}

func (m *tickets) AddParty(_ context.Context, partyID string, members []presence.Presence, r parties.TicketRequest) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	id := uuid.NewString()
	m.byID[id] = partyID
	return id, nil
}

func (m *tickets) RemoveParty(partyID, ticket string) error { return nil }

func (m *tickets) RemovePartyAll(partyID string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, party := range m.byID {
		if party == partyID {
			delete(m.byID, id)
		}
	}
}

func (m *tickets) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.byID)
}

func TestRegistry_MissingOptions(t *testing.T) {
	if _, err := parties.New(parties.Options{}); err == nil {
		t.Error("a registry without a tracker")
	}
}

func TestRegistry_CreatorIsGone(t *testing.T) {
	tb, done := newHarness(t, nil)
	defer done()
	s := tb.newPlayer("late")
	tb.tracker.UntrackAll(s.id, runtime.PresenceReasonDisconnect)
	if e := tb.do(s, &rtapi.PartyCreate{Open: true, MaxSize: 2}).GetError(); e.GetCode() != 0 || e.GetMessage() != "Error tracking party creation" {
		t.Errorf("reply %v", e)
	}
	if n := tb.parties.Count(); n != 1 {
		t.Fatalf("%d parties; want 1, of a leader who has gone", n)
	}
	tb.parties.CloseIdle()
	tb.parties.CloseIdle()
	if n := tb.parties.Count(); n != 0 {
		t.Errorf("%d parties although nobody was ever on its stream", n)
	}
}

func TestRegistry_JoinerIsGone(t *testing.T) {
	tb, done := newHarness(t, nil)
	defer done()
	alice, late := tb.newPlayer("alice"), tb.newPlayer("late")
	id := tb.create(t, alice, &rtapi.PartyCreate{Open: true, MaxSize: 2})
	tb.tracker.UntrackAll(late.id, runtime.PresenceReasonDisconnect)
	if e := tb.do(late, &rtapi.PartyJoin{PartyId: id}).GetError(); e.GetCode() != 0 || e.GetMessage() != "Error tracking party join" {
		t.Errorf("reply %v", e)
	}
	bob := tb.newPlayer("bob")
	if e := tb.do(bob, &rtapi.PartyJoin{PartyId: id}).GetError(); e.GetMessage() != "Error joining party: party full" {
		t.Errorf("a session that has ended keeps no seat: %v", e)
	}
	gone := &rtapi.UserPresence{UserId: late.user.String(), SessionId: late.id.String(), Username: late.name}
	if e := tb.do(alice, &rtapi.PartyRemove{PartyId: id, Presence: gone}); e.GetError() != nil {
		t.Fatal(e)
	}
	if e := tb.do(bob, &rtapi.PartyJoin{PartyId: id}); e.GetError() != nil {
		t.Errorf("the seat is lost: %v", e)
	}
}

// A member whose session had ended when they joined becomes leader after the leader leaves.
func TestRegistry_LeaderIsGone(t *testing.T) {
	tb, done := newHarness(t, nil)
	defer done()
	alice, late, bob := tb.newPlayer("alice"), tb.newPlayer("late"), tb.newPlayer("bob")
	id := tb.create(t, alice, &rtapi.PartyCreate{Open: true, MaxSize: 3})
	tb.tracker.UntrackAll(late.id, runtime.PresenceReasonDisconnect)
	tb.do(late, &rtapi.PartyJoin{PartyId: id})
	if e := tb.do(bob, &rtapi.PartyJoin{PartyId: id}); e.GetError() != nil {
		t.Fatal(e)
	}
	tb.do(alice, &rtapi.PartyLeave{PartyId: id})
	tb.tracker.WaitForEvents()
	if e := tb.do(bob, &rtapi.PartyClose{PartyId: id}).GetError(); e.GetMessage() != "Error closing party: party leader only" {
		t.Errorf("closed by somebody who does not lead: %v", e)
	}
}

// A party that lost its presences without an event and is not used closes at the second check.
func TestRegistry_CloseIdle(t *testing.T) {
	tb, done := newHarness(t, nil)
	defer done()
	alice, bob := tb.newPlayer("alice"), tb.newPlayer("bob")
	id := tb.create(t, alice, &rtapi.PartyCreate{Open: true, MaxSize: 2})
	tb.create(t, bob, &rtapi.PartyCreate{Open: true, MaxSize: 2})
	tb.do(alice, &rtapi.PartyMatchmakerAdd{PartyId: id, MinCount: 2, MaxCount: 2})
	for range 3 {
		tb.parties.CloseIdle()
	}
	if n := tb.parties.Count(); n != 2 {
		t.Fatalf("%d parties; want both, as somebody is in them", n)
	}
	subject, label, _ := strings.Cut(id, ".")
	tb.tracker.UntrackStream(presence.Stream{Mode: presence.ModeParty, Subject: uuid.MustParse(subject), Label: label})
	tb.do(alice, &rtapi.PartyDataSend{PartyId: id})
	tb.parties.CloseIdle()
	if n := tb.parties.Count(); n != 2 {
		t.Fatalf("%d parties; want both, as one was used since the last look", n)
	}
	tb.parties.CloseIdle()
	if n := tb.parties.Count(); n != 1 || tb.tickets.count() != 0 {
		t.Errorf("%d parties, %d tickets; want 1, 0", n, tb.tickets.count())
	}
}

func ids(list []*api.Party) []string {
	var out []string
	for _, p := range list {
		out = append(out, p.PartyId)
	}
	slices.Sort(out)
	return out
}

func TestList_Filters(t *testing.T) {
	tb, done := newHarness(t, nil)
	defer done()
	named := map[string]string{}
	for name, m := range map[string]*rtapi.PartyCreate{
		"open":   {Open: true, MaxSize: 4, Label: `{"mode":"duel","rank":3,"tags":["a","b"],"fast":true,"deep":{"er":"x"},"at":"2026-01-02"}`},
		"closed": {MaxSize: 2, Label: `{"mode":"coop","rank":7}`},
		"hidden": {Open: true, Hidden: true, MaxSize: 4, Label: `{"mode":"duel"}`},
		"plain":  {Open: true, MaxSize: 8},
	} {
		named[name] = tb.create(t, tb.newPlayer(name), m)
	}
	yes, no := true, false
	for _, test := range []struct {
		query  string
		open   *bool
		hidden bool
		want   string
	}{
		{"", nil, false, "closed open plain"},
		{"*", nil, true, "closed hidden open plain"},
		{"", &yes, false, "open plain"},
		{"", &no, false, "closed"},
		{"", &no, true, "closed"},
		{"+label.mode:duel", nil, false, "open"},
		{"+label.mode:duel", nil, true, "hidden open"},
		{"+label.mode:duel", &no, true, ""},
		{"+label.rank:>=4", nil, false, "closed"},
		{"+label.rank:3", nil, false, "open"},
		{"+label.tags:b", nil, false, "open"},
		{"+label.fast:T", nil, false, "open"},
		{"+label.deep.er:x", nil, false, "open"},
		{`+label.at:>="2026-01-01T00:00:00Z"`, nil, false, "open"},
		{"+max_size:>=4 -label.mode:duel", nil, false, "plain"},
		{"+node:nakama1", nil, false, "closed open plain"},
		{"+label.mode:chess", nil, false, ""},
	} {
		list, cursor, err := tb.parties.List(t.Context(), 10, test.open, test.hidden, test.query, "")
		var want []string
		for name := range strings.FieldsSeq(test.want) {
			want = append(want, named[name])
		}
		slices.Sort(want)
		if err != nil || cursor != "" || !slices.Equal(ids(list), want) {
			t.Errorf("List(%q, %v, %v) = %v, %q, %v; want %s", test.query, test.open, test.hidden, list, cursor, err, test.want)
		}
	}
	list, _, err := tb.parties.List(t.Context(), 1, nil, true, "+label.rank:3", "")
	if err != nil || len(list) != 1 || !list[0].Open || list[0].Hidden || list[0].MaxSize != 4 || !strings.HasPrefix(list[0].Label, `{"mode":"duel","rank":3`) {
		t.Errorf("row %v, %v", list, err)
	}
	if list, cursor, err := tb.parties.List(t.Context(), 0, nil, true, "", ""); list == nil || len(list) != 0 || cursor != "" || err != nil {
		t.Errorf("limit 0: %v %q %v", list, cursor, err)
	}
	if _, _, err := tb.parties.List(t.Context(), 1, nil, true, "+label.rank:>", ""); err == nil || !strings.HasPrefix(err.Error(), "error parsing query string: ") {
		t.Errorf("bad query: %v", err)
	}
}

// The list shows the changes of a party.
func TestList_Follows(t *testing.T) {
	tb, done := newHarness(t, nil)
	defer done()
	alice := tb.newPlayer("alice")
	id := tb.create(t, alice, &rtapi.PartyCreate{Open: true, MaxSize: 4, Label: `{"n":1}`})
	count := func(query string, showHidden bool) int {
		t.Helper()
		list, _, err := tb.parties.List(t.Context(), 10, nil, showHidden, query, "")
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	tb.do(alice, &rtapi.PartyUpdate{PartyId: id, Label: `{"n":2}`})
	if count("+label.n:1", true) != 0 || count("+label.n:2", true) != 1 {
		t.Error("the label is the old one")
	}
	tb.do(alice, &rtapi.PartyUpdate{PartyId: id, Hidden: true})
	if count("", false) != 0 || count("", true) != 1 {
		t.Error("not hidden")
	}
	tb.do(alice, &rtapi.PartyLeave{PartyId: id})
	if count("", true) != 0 || tb.parties.Count() != 0 {
		t.Error("still there after the last member left")
	}
}

func TestList_Pages(t *testing.T) {
	tb, done := newHarness(t, nil)
	defer done()
	alice := tb.newPlayer("alice")
	var all []string
	for range 7 {
		all = append(all, tb.create(t, alice, &rtapi.PartyCreate{Open: true, MaxSize: 4}))
	}
	closed := tb.create(t, alice, &rtapi.PartyCreate{MaxSize: 4})
	tb.create(t, alice, &rtapi.PartyCreate{MaxSize: 4})
	slices.Sort(all)
	yes, no := true, false

	var found []*api.Party
	cursor, pages := "", 0
	for {
		list, next, err := tb.parties.List(t.Context(), 3, &yes, false, "", cursor)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, list...)
		pages++
		if cursor = next; cursor == "" {
			break
		}
	}
	if !slices.Equal(ids(found), all) || pages != 3 {
		t.Errorf("%d pages with %v; want 3 with %v", pages, ids(found), all)
	}

	page := func(open *bool) string {
		t.Helper()
		list, cursor, err := tb.parties.List(t.Context(), 1, open, false, "", "")
		if err != nil || len(list) != 1 || cursor == "" {
			t.Fatalf("first page: %v %q %v", list, cursor, err)
		}
		return cursor
	}
	for _, test := range []struct {
		name   string
		limit  int
		open   *bool
		query  string
		cursor string
		want   string
	}{
		{"any, then any", 1, nil, "", page(nil), ""},
		{"open, then open", 1, &yes, "", page(&yes), ""},
		{"open, then closed", 1, &no, "", page(&yes), "invalid cursor: param open mismatch"},
		{"closed, then closed", 1, &no, "", page(&no), parties.ErrWouldCrash.Error()},
		{"closed, then open", 1, &yes, "", page(&no), parties.ErrWouldCrash.Error()},
		{"closed, then any", 1, nil, "", page(&no), ""},
		{"any, then closed", 1, &no, "", page(nil), parties.ErrWouldCrash.Error()},
		{"open, then any", 1, nil, "", page(&yes), parties.ErrWouldCrash.Error()},
		{"another query", 1, nil, "+max_size:4", page(nil), "invalid cursor: param query mismatch"},
		{"another limit", 2, nil, "", page(nil), "invalid cursor: param limit mismatch"},
		{"no base64", 1, nil, "", "%", "invalid cursor"},
		{"far away", 1, nil, "", base64.RawURLEncoding.EncodeToString([]byte(`{"query":"*","offset":9223372036854775807,"limit":1}`)), "invalid cursor"},
		{"no cursor", 1, nil, "", "YWJj", "invalid cursor"},
	} {
		_, _, err := tb.parties.List(t.Context(), test.limit, test.open, false, test.query, test.cursor)
		if got := fmt.Sprint(err); err == nil && test.want != "" || err != nil && got != test.want {
			t.Errorf("%s: %v; want %q", test.name, err, test.want)
		}
	}
	if n := tb.parties.Count(); n != 9 {
		t.Errorf("%d parties after the lists; want 9, %s among them", n, closed)
	}
}

// With a delay, the list lags behind and catches up by itself.
func TestList_Delay(t *testing.T) {
	tb, done := newHarness(t, func(o *parties.Options) { o.ListDelay = 1 })
	defer done()
	tb.create(t, tb.newPlayer("alice"), &rtapi.PartyCreate{Open: true, MaxSize: 4})
	for {
		list, _, err := tb.parties.List(t.Context(), 10, nil, false, "", "")
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 1 {
			break
		}
	}
}

func FuzzPartyID(f *testing.F) {
	tb, done := newHarness(f, nil)
	f.Cleanup(done)
	alice := tb.newPlayer("alice")
	f.Add("0b3cf4e6-5ba1-4d9c-8b9e-3a1c4f5c9f01.nakama1")
	f.Add("{0b3cf4e6-5ba1-4d9c-8b9e-3a1c4f5c9f01}.nakama1")
	f.Add(".")
	f.Add("")
	f.Fuzz(func(t *testing.T, id string) {
		for _, message := range []any{&rtapi.PartyJoin{PartyId: id}, &rtapi.PartyClose{PartyId: id}} {
			if e := tb.do(alice, message); e.GetError().GetCode() != 3 {
				t.Errorf("%T %q: %v", message, id, e)
			}
		}
	})
}

func FuzzCursor(f *testing.F) {
	tb, done := newHarness(f, nil)
	f.Cleanup(done)
	for range 3 {
		tb.create(f, tb.newPlayer("x"), &rtapi.PartyCreate{Open: true, MaxSize: 2})
	}
	_, cursor, err := tb.parties.List(context.Background(), 1, nil, false, "", "")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(cursor, "")
	f.Add("", "+label.a:1")
	f.Fuzz(func(t *testing.T, cursor, query string) {
		list, _, err := tb.parties.List(t.Context(), 1, nil, false, query, cursor)
		if err == nil && len(list) > 1 {
			t.Errorf("%d rows", len(list))
		}
	})
}
