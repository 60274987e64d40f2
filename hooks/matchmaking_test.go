package hooks_test

import (
	"context"
	"slices"
	"testing"

	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/hooks"
	"partyline/party"
	"partyline/party/reserve"
)

// queues replaces matchmaking. It records calls, and refuses if a test says so.
type queues struct {
	told    []string
	refusal error
}

func (q *queues) note(words ...string) {
	line := ""
	for i, w := range words {
		if i > 0 {
			line += " "
		}
		line += w
	}
	q.told = append(q.told, line)
}

func (q *queues) CheckParty(_ context.Context, l reserve.Look, by party.Session, add *rtapi.PartyMatchmakerAdd) error {
	q.note("check", by.UserID)
	add.Query = "*"
	return q.refusal
}

func (q *queues) CheckSolo(_ context.Context, by party.Session, add *rtapi.MatchmakerAdd) error {
	q.note("check solo", by.UserID)
	add.Query = "*"
	return q.refusal
}

func (q *queues) PartyQueued(_ context.Context, _ party.ID, by party.Session, ticket string, add *rtapi.PartyMatchmakerAdd) error {
	q.note("queued", by.UserID, ticket, add.GetQuery())
	return nil
}

func (q *queues) SoloQueued(_ context.Context, by party.Session, ticket string, add *rtapi.MatchmakerAdd) {
	q.note("queued solo", by.UserID, ticket, add.GetQuery())
}
func (q *queues) TicketCancelled(_ context.Context, by party.Session, ticket string) {
	q.note("cancelled", by.UserID, ticket)
}

func (q *queues) JoinsMatch(_ context.Context, s party.Session) { q.note("plays", s.UserID) }

func TestMatchmaking(t *testing.T) {
	tests := []struct {
		message string
		in      *rtapi.Envelope
		out     *rtapi.Envelope
		before  string // calls before the host handles the message; "" = none
		after   string
	}{
		{message: hooks.PartyMatchmakerAdd, before: "check ann", after: "queued ann t1 *",
			out: &rtapi.Envelope{Message: &rtapi.Envelope_PartyMatchmakerTicket{PartyMatchmakerTicket: &rtapi.PartyMatchmakerTicket{Ticket: "t1"}}}},
		{message: hooks.MatchmakerAdd, before: "check solo ann", after: "queued solo ann t1 *",
			out: &rtapi.Envelope{Message: &rtapi.Envelope_MatchmakerTicket{MatchmakerTicket: &rtapi.MatchmakerTicket{Ticket: "t1"}}}},
		{message: hooks.PartyMatchmakerRemove, after: "cancelled ann t1",
			in: &rtapi.Envelope{Message: &rtapi.Envelope_PartyMatchmakerRemove{PartyMatchmakerRemove: &rtapi.PartyMatchmakerRemove{PartyId: partyID, Ticket: "t1"}}}},
		{message: hooks.MatchmakerRemove, after: "cancelled ann t1",
			in: &rtapi.Envelope{Message: &rtapi.Envelope_MatchmakerRemove{MatchmakerRemove: &rtapi.MatchmakerRemove{Ticket: "t1"}}}},
	}
	for _, tt := range tests {
		t.Run(tt.message, func(t *testing.T) {
			q := &queues{}
			h := serve(t, hooks.Matchmaking(q, newKernel(), nil))
			in := tt.in
			if in == nil {
				in = message(tt.message, partyID)
			}
			passed, err := h.before("ann", tt.message, in)
			if err != nil || passed != in {
				t.Fatalf("before = %v, %v", passed, err)
			}
			if err := h.after("ann", tt.message, tt.out, in); err != nil {
				t.Errorf("after = %v", err)
			}
			want := slices.DeleteFunc([]string{tt.before, tt.after}, func(s string) bool { return s == "" })
			if !slices.Equal(q.told, want) {
				t.Errorf("matchmaking was told %q; want %q", q.told, want)
			}
		})
	}
}

func TestMatchmaking_Refusal(t *testing.T) {
	for _, name := range []string{hooks.PartyMatchmakerAdd, hooks.MatchmakerAdd} {
		q := &queues{refusal: party.Refuse(party.UnknownQueue, "No such queue.")}
		_, err := serve(t, hooks.Matchmaking(q, newKernel(), nil)).before("ann", name, message(name, partyID))
		if err == nil || err.Error() != "unknown_queue: No such queue." {
			t.Errorf("%s: before = %v; want the refusal", name, err)
		}
	}
}

func TestMatchmaking_MalformedID(t *testing.T) {
	for _, name := range []string{hooks.PartyMatchmakerAdd} {
		q := &queues{}
		err := serve(t, hooks.Matchmaking(q, newKernel(), nil)).after("ann", name, nil, message(name, "odd"))
		if party.ReasonOf(err) != party.PartyNotFound || len(q.told) != 0 {
			t.Errorf("%s: after = %v, told %q", name, err, q.told)
		}
	}
}

// A session that joins a match is reported only if the matched hook does not tell of matches.
func TestMatchmaking_HearsOfMatches(t *testing.T) {
	q := &queues{}
	h := serve(t, hooks.Matchmaking(q, newKernel(), q.JoinsMatch))
	for _, join := range []*rtapi.MatchJoin{{Id: &rtapi.MatchJoin_MatchId{MatchId: "m"}}, {Id: &rtapi.MatchJoin_Token{Token: "t"}}} {
		if err := h.after("ann", hooks.MatchJoin, nil, &rtapi.Envelope{Message: &rtapi.Envelope_MatchJoin{MatchJoin: join}}); err != nil {
			t.Errorf("after = %v", err)
		}
	}
	if !slices.Equal(q.told, []string{"plays ann", "plays ann"}) {
		t.Errorf("matchmaking was told %q", q.told)
	}
	for _, h := range hooks.Matchmaking(q, newKernel(), nil) {
		if h.Message == hooks.MatchJoin {
			t.Error("a hook on MatchJoin that nothing needs")
		}
	}
}

// A message of a session shows that its earlier ticket requests have their answers.
func TestSettling_TellsMatchmaking(t *testing.T) {
	for _, name := range []string{hooks.PartyMatchmakerAdd, hooks.PartyMatchmakerRemove, hooks.MatchmakerAdd, hooks.MatchmakerRemove, hooks.PartyLeave, hooks.PartyDataSend} {
		told := ""
		h := serve(t, hooks.Settling(newKernel(), func(s party.Session) { told += s.UserID }))
		if _, err := h.before("ann", name, message(name, partyID)); err != nil || told != "ann" {
			t.Errorf("%s: before = %v, told %q", name, err, told)
		}
	}
}
