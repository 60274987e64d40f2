// Package queues_test tests matchmaking by queues over real sockets, on the embedded engine with the
// module, or on the server that the environment names.
package queues_test

import (
	"strings"
	"testing"
	"time"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/rtapi"
)

func TestMixedParties(t *testing.T) {
	w := start(t)
	p := w.players(10)
	groups := [][]*player{p[0:3], p[3:5], p[5:9], p[9:10]}
	for _, g := range groups[:3] {
		w.party(g...)
		ticket := g[0].queueParty(w.fives)
		for _, m := range g {
			if e := m.told(-3, "queued"); e.Ticket != ticket || e.Queue != "e2e_5v5" {
				t.Errorf("told %+v; want ticket %s", e, ticket)
			}
		}
	}
	p[9].queueSolo(w.fives)
	match := p[0].matched().GetMatchId()
	if match == "" {
		t.Fatal("no match was made")
	}
	for _, m := range p {
		if m != p[0] {
			got := m.matched()
			if got.GetMatchId() != match || len(got.GetUsers()) != 10 {
				t.Errorf("matched into %q with %d users; want %q with 10", got.GetMatchId(), len(got.GetUsers()), match)
			}
		}
		if m != p[9] {
			m.told(-3, "matched")
		}
	}
	outsider := w.player()
	outsider.refused(join(match), "seat_reserved")
	for _, m := range p {
		m.call(join(match))
	}
	for _, g := range groups[:3] {
		id, seats := g[0].seats()
		if id != match {
			t.Errorf("party_match says %q; want %q", id, match)
		}
		checkTeams(t, seats, 2, 5)
		for _, s := range seats {
			if s.State != "taken" {
				t.Errorf("seat %+v; want it taken", s)
			}
		}
	}
	outsider.refused(join(match), "match_full")
}

func TestRefusals(t *testing.T) {
	w := start(t)
	p := w.players(4)
	id := w.party(p[:3]...)
	p[0].refused(addParty(id, nil), "unknown_queue")
	p[0].refused(addParty(id, properties("queue", "e2e_5vs5")), "unknown_queue")
	p[0].refused(addParty(id, properties("queue", "e2e_5v5")), "invalid_request: string_properties.run")
	p[0].refused(addParty(id, w.duel), "party_too_large")
	p[3].refused(addParty(id, w.fives), "not_member")
	p[3].refused(addSolo(nil), "unknown_queue")

	solo := p[2].queueSolo(w.fives)
	p[0].refused(addParty(id, w.fives), "not_ready")
	p[2].call(&rtapi.Envelope{Message: &rtapi.Envelope_MatchmakerRemove{MatchmakerRemove: &rtapi.MatchmakerRemove{Ticket: solo}}})
	if err := p[2].Barrier(w.answerDeadline()); err != nil { // the module knows of it after the answer
		t.Fatal(err)
	}
	ticket := p[0].queueParty(w.fives)
	p[0].refused(addParty(id, w.fives), "not_ready")
	p[2].refused(addSolo(w.fives), "not_ready")
	p[0].call(&rtapi.Envelope{Message: &rtapi.Envelope_PartyMatchmakerRemove{PartyMatchmakerRemove: &rtapi.PartyMatchmakerRemove{PartyId: id, Ticket: ticket}}})
	p[1].told(-3, "cancelled")
	p[2].queueSolo(w.fives)
}

// If several reasons prevent an action, party_check names the one that the call itself returns.
func TestRefusals_CheckedBefore(t *testing.T) {
	w := startWith(t, `version: 1
limits: {invite_create: 1/h}
rules: [{id: later, on: [matchmake, invite], deny: 'not (request.queue in ["solo", "pair"])'}]
queues: {solo: {teams: 2, team_size: 1}, pair: {teams: 2, team_size: 2}, ranked: {teams: 2, team_size: 1}}
`)
	p := w.players(3)
	id := w.party(p[:2]...)
	leader, member, stranger := p[0], p[1], p[2]
	same := func(by *player, action, queue, party string, call *rtapi.Envelope) {
		t.Helper()
		var said struct{ Reason, Rule string }
		by.rpc("party_check", map[string]string{"action": action, "queue": queue, "party_id": party}, &said)
		if said.Rule != "" {
			said.Reason += "/" + said.Rule
		}
		real := by.reason(call)
		if strings.HasPrefix(real, "Error adding party to matchmaker") { // the server's own refusal of a member who is not the leader
			real = "not_leader"
		}
		if said.Reason != real || real == "" {
			t.Errorf("%s %s: party_check says %q, the call %q", action, queue, said.Reason, real)
		}
	}
	for _, tt := range []struct {
		by    *player
		queue string
	}{
		{leader, "ranked"}, {leader, "none"}, {leader, "solo"},
		{member, "ranked"}, {member, "none"}, {member, "solo"}, {member, "pair"},
		{stranger, "ranked"}, {stranger, "none"}, {stranger, "solo"},
	} {
		same(tt.by, "matchmake", tt.queue, id, addParty(id, properties("queue", tt.queue)))
	}
	for _, queue := range []string{"ranked", "none"} {
		same(stranger, "matchmake", queue, "", addSolo(properties("queue", queue)))
	}
	invite := &rtapi.Envelope{Message: &rtapi.Envelope_Rpc{Rpc: &api.Rpc{Id: "party_invite_create", Payload: `{"party_id":"` + id + `"}`}}}
	for range 2 { // the second call is too soon
		same(member, "invite", "", id, invite)
		same(stranger, "invite", "", id, invite)
	}
}

// A leave ends the party's ticket. The party is told, and keeps the age of its wait.
func TestAgeCarriesOver(t *testing.T) {
	w := start(t)
	p := w.players(7)
	id := w.party(p[:3]...)
	began := time.Now()
	ticket := p[0].queueParty(w.fives)
	p[1].told(-3, "queued")
	w.passes(2)
	p[2].call(&rtapi.Envelope{Message: &rtapi.Envelope_PartyLeave{PartyLeave: &rtapi.PartyLeave{PartyId: id}}})
	if e := p[1].told(-3, "dropped"); e.Ticket != ticket || e.Reason != "membership" || e.Queue != "e2e_5v5" {
		t.Errorf("told %+v; want ticket %s dropped for membership", e, ticket)
	}
	waited := time.Since(began)
	p[0].queueParty(w.duel)
	other := w.party(p[3:5]...)
	p[3].queueParty(w.duel)
	for _, u := range p[0].matched().GetUsers() {
		since := u.GetNumericProperties()["queued_since"]
		if u.GetPartyId() == other && time.Since(time.UnixMilli(int64(since*1000))) > time.Minute {
			t.Errorf("a fresh ticket waits since %v", since)
		}
	}

	// The age only counts in the queue in which it was earned.
	five := w.party(p[5], p[6], p[2])
	requeued := time.Now()
	p[0].queueParty(w.fives)
	p[5].queueParty(w.fives)
	crowd := w.players(5)
	w.party(crowd...)
	crowd[0].queueParty(w.fives)
	for _, u := range p[0].matched().GetUsers() {
		since := time.UnixMilli(int64(u.GetNumericProperties()["queued_since"] * 1000))
		carried := requeued.Sub(since) // of this party's ticket, up to the time it took to queue
		switch {
		case u.GetPartyId() == id && carried < waited/4:
			t.Errorf("the party waits since %v; it had waited before for %v", since, waited)
		case u.GetPartyId() == five && since.Before(requeued.Add(-time.Second)):
			t.Errorf("another party waits since %v; it began after %v", since, requeued)
		}
	}
}

// passes waits for n passes of the matchmaker, by making one match of other players after the
// other.
func (w *world) passes(n int) {
	w.t.Helper()
	for range n {
		p := w.players(4)
		w.party(p[:2]...)
		w.party(p[2:]...)
		p[0].queueParty(w.duel)
		p[2].queueParty(w.duel)
		p[0].matched()
	}
}

func TestSocketEnds(t *testing.T) {
	w := start(t)
	p := w.players(3)
	w.party(p...)
	p[0].queueParty(w.fives)
	p[1].told(-3, "queued")
	p[2].Abort()
	if e := p[1].told(-3, "dropped"); e.Reason != "membership" {
		t.Errorf("told %+v; want it dropped for membership", e)
	}
	p[1].queueSoloAfterLeaving()
}

func (p *player) queueSoloAfterLeaving() {
	p.w.t.Helper()
	p.call(&rtapi.Envelope{Message: &rtapi.Envelope_PartyLeave{PartyLeave: &rtapi.PartyLeave{PartyId: p.partyID}}})
	p.queueSolo(p.w.fives)
}

// A query that may be expensive for the server is refused, although a queue does not use it.
func TestCostlyQuery(t *testing.T) {
	w := start(t)
	p := w.players(2)
	w.party(p[0], p[1])
	solo, group := addSolo(w.fives), addParty(p[0].partyID, w.fives)
	for _, query := range []string{"properties.a:/.{1,1000}.{1,1000}b/", "properties.a:*a????????????", strings.Repeat("a ", 65)} {
		solo.GetMatchmakerAdd().Query, group.GetPartyMatchmakerAdd().Query = query, query
		p[1].refused(solo, "query_not_allowed")
		p[0].refused(group, "query_not_allowed")
	}
}

// A friend who joins by an invite while the party waits is not on the ticket, but gets a seat
// too.
func TestFriendComesInWhileTheyWait(t *testing.T) {
	w := start(t)
	p := w.players(5)
	id := w.party(p[0], p[1])
	p[0].queueParty(w.fives)
	var invite struct{ Code string }
	p[0].rpc("party_invite_create", map[string]any{"party_id": id}, &invite)
	var redeemed struct{ Joined bool }
	p[2].rpc("party_invite_redeem", map[string]any{"code": invite.Code}, &redeemed)
	crowd := w.players(7)
	w.party(crowd[:5]...)
	crowd[0].queueParty(w.fives)
	w.party(crowd[5:]...)
	crowd[5].queueParty(w.fives)
	match := p[0].matched().GetMatchId()
	for {
		if e := p[2].told(-4, "seat_held"); e.UserID == p[2].UserID {
			if e.MatchID != match {
				t.Errorf("a seat is held in %q; want %q", e.MatchID, match)
			}
			break
		}
	}
	p[2].call(join(match))
	p[0].call(join(match))
	_, seats := p[0].seats()
	checkTeams(t, seats, 2, 5)
	held := 0
	for _, s := range seats {
		if s.PartyID == id {
			held++
		}
	}
	if held != 3 {
		t.Errorf("the party has %d seats; want 3", held)
	}
}

// A seat that becomes free in a running match is filled before a new match is made.
func TestBackfill(t *testing.T) {
	w := start(t)
	p := w.players(5)
	duo := w.duel
	w.party(p[0], p[1])
	p[0].queueParty(duo)
	w.party(p[2], p[3])
	p[2].queueParty(duo)
	match := p[0].matched().GetMatchId()
	for _, m := range p[:4] {
		m.call(join(match))
	}
	p[3].call(&rtapi.Envelope{Message: &rtapi.Envelope_MatchLeave{MatchLeave: &rtapi.MatchLeave{MatchId: match}}})
	p[3].call(&rtapi.Envelope{Message: &rtapi.Envelope_PartyLeave{PartyLeave: &rtapi.PartyLeave{PartyId: p[3].partyID}}})
	p[4].queueSolo(duo)
	if got := p[4].matched().GetMatchId(); got != match {
		t.Errorf("matched into %q; want the running match %q", got, match)
	}
	p[4].call(join(match))
}

// Five hundred players in mixed parties: every party is placed, none is split, and no match has too
// many players.
func TestManyPlayers(t *testing.T) {
	w := start(t)
	const perSize = 34 // parties of each size from 1 to 5: 510 players
	var groups [][]*player
	for size := 5; size >= 1; size-- {
		for range perSize {
			groups = append(groups, w.players(size))
		}
	}
	for _, g := range groups {
		w.party(g...)
		g[0].queueParty(w.fives)
	}
	// The last parties may have sizes that do not fill a team, such as three and three. Single players
	// who come later fill the gaps, as in a real game.
	for _, late := range w.players(40) {
		late.queueSolo(w.fives)
	}
	matches := map[string]bool{}
	for _, g := range groups {
		match := g[0].matched().GetMatchId()
		for _, m := range g[1:] {
			if other := m.matched().GetMatchId(); other != match {
				t.Fatalf("a party is split over matches %q and %q", match, other)
			}
		}
		for _, m := range g {
			m.call(join(match))
		}
		matches[match] = true
		_, seats := g[0].seats()
		checkTeams(t, seats, 2, 5)
	}
	if n := len(matches); n < 51 || n > 55 {
		t.Errorf("%d matches of ten for 510 players and 40 more", n)
	}
}
