package queues_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/rtapi"
)

// Tickets end within 10 ms of a pass, in every way, before and after it. Only matched players hear of a
// seat, and a match that failed leaves nothing behind.
func TestTicketsEndAroundAPass(t *testing.T) {
	w := start(t)
	const groups = 21
	p := w.players(4 * groups)
	group := func(i int) []*player { return p[4*i : 4*i+4] }
	for i := range groups {
		w.party(group(i)[:2]...)
		w.party(group(i)[2:]...)
	}
	ends := []func(a *player, ticket string, friend *player){
		func(a *player, ticket string, _ *player) { // may be too late
			_ = a.Send(&rtapi.Envelope{Message: &rtapi.Envelope_PartyMatchmakerRemove{PartyMatchmakerRemove: &rtapi.PartyMatchmakerRemove{PartyId: a.partyID, Ticket: ticket}}})
		},
		func(_ *player, _ string, friend *player) {
			_ = friend.Send(&rtapi.Envelope{Message: &rtapi.Envelope_PartyLeave{PartyLeave: &rtapi.PartyLeave{PartyId: friend.partyID}}})
		},
		func(_ *player, _ string, friend *player) { friend.Abort() },
	}
	interval := w.interval()
	pass := w.pass()
	var acting sync.WaitGroup
	for i := range groups {
		acting.Go(func() {
			g := group(i)
			texts := properties("queue", "e2e_duel", "run", uuid.NewString())
			ticket := g[0].queueParty(texts)
			g[2].queueParty(texts)
			at := pass.Add(interval + time.Duration(i-groups/2)*time.Millisecond)
			time.Sleep(time.Until(at)) // tests the exact moment; it does not wait for anything
			ends[i%len(ends)](g[0], ticket, g[1])
		})
	}
	acting.Wait()
	w.passes(2)
	matched := 0
	apart := map[string]bool{} // parties of which nobody is matched
	for i := range groups {
		for _, m := range group(i) {
			apart[m.partyID] = true
		}
	}
	for i := range groups {
		for _, m := range group(i) {
			if w.checkHeard(m) {
				matched++
				delete(apart, m.partyID)
			}
		}
	}
	w.awaitNoMatch(apart)
	t.Logf("%d groups, %d players matched, a pass every %v", groups, matched, interval)
}

// awaitNoMatch waits until no match lists one of the parties.
func (w *world) awaitNoMatch(parties map[string]bool) {
	w.t.Helper()
	viewer := w.player()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		var alive struct {
			Matches []struct {
				MatchID string `json:"match_id"`
				Label   string `json:"label"`
			}
		}
		if err := w.client.Call(w.answerDeadline(), http.MethodGet, "/v2/match?limit=100&authoritative=true", viewer.Auth(), nil, &alive); err != nil {
			w.t.Fatal(err)
		}
		left := ""
		for _, m := range alive.Matches {
			var label struct{ Parties []string }
			_ = json.Unmarshal([]byte(m.Label), &label) // it may belong to another handler
			if slices.ContainsFunc(label.Parties, func(id string) bool { return parties[id] }) {
				left = m.MatchID
			}
		}
		if left == "" {
			return
		}
		if time.Now().After(end) {
			w.t.Errorf("match %s lives, of parties of which nobody was matched", left)
			return
		}
	}
}

// pass waits for a pass and returns its time, to a few milliseconds.
func (w *world) pass() time.Time {
	w.t.Helper()
	w.passes(1)
	return time.Now()
}

// interval returns the time between two passes.
func (w *world) interval() time.Duration {
	w.t.Helper()
	first := w.pass()
	shortest := time.Hour
	for range 3 {
		next := w.pass()
		shortest, first = min(shortest, next.Sub(first)), next
	}
	return shortest
}

// checkHeard reports whether a player was matched. It also checks that all messages that they heard about a
// match fit together.
func (w *world) checkHeard(m *player) bool {
	w.t.Helper()
	match, said := "", false
	held := map[string]bool{}
	for _, got := range m.Drain() {
		if mm := got.Envelope.GetMatchmakerMatched(); mm != nil {
			match = mm.GetMatchId()
			if match == "" {
				w.t.Errorf("matched without a match: %s", got.Raw)
			}
		}
		var e event
		data := got.Envelope.GetPartyData()
		if data == nil || json.Unmarshal(data.GetData(), &e) != nil {
			continue
		}
		switch {
		case data.GetOpCode() == -3 && e.Event == "matched":
			said = true
		case data.GetOpCode() == -4 && e.Event == "seat_held":
			held[e.MatchID] = true
		}
	}
	for id := range held {
		if id != match && !m.Ended() && m.stillIn() {
			w.t.Errorf("%s heard of a seat in %s and was matched into %q", m.Username, id, match)
		}
	}
	if len(held) > 0 && !said && !m.Ended() && m.stillIn() {
		w.t.Errorf("%s was never told of the match their party has seats in", m.Username)
	}
	if match == "" && !m.Ended() && m.stillIn() {
		if id, seats := m.seats(); id != "" {
			w.t.Errorf("the party of %s has seats in %s: %+v", m.Username, id, seats)
		}
	}
	return match != ""
}

// stillIn reports whether the player is in their party.
func (p *player) stillIn() bool {
	_, err := p.w.client.RPC(p.w.answerDeadline(), p.Session, "party_match", `{"party_id":"`+p.partyID+`"}`)
	return err == nil
}
