package queues_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/rtapi"
)

// block makes the player block another one.
func (p *player) block(other *player) {
	p.w.t.Helper()
	if err := p.w.client.Call(p.w.answerDeadline(), "POST", "/v2/friend/block?ids="+other.UserID, p.Auth(), nil, nil); err != nil {
		p.w.t.Fatal(err)
	}
}

// A player and a player they block are in one queue and never in one match. A late friend cannot join a
// match in which somebody blocks them.
func TestBlockedPlayersDoNotMeet(t *testing.T) {
	w := start(t)
	duo := properties("queue", "e2e_duel", "run", uuid.NewString()) // different from those of passes
	p := w.players(8)
	p[0].block(p[2])
	w.party(p[:2]...)
	w.party(p[2:4]...)
	p[0].queueParty(duo)
	p[2].queueParty(duo)
	w.passes(2) // of other players
	w.party(p[4:6]...)
	p[4].queueParty(duo)
	first := p[4].matched().GetMatchId()
	matched, waits := p[0], p[2]
	if id, _ := p[2].seats(); id == first {
		matched, waits = p[2], p[0]
	}
	if got := matched.matched().GetMatchId(); got != first {
		t.Errorf("matched into %q; want %q", got, first)
	}
	if id, _ := waits.seats(); id != "" {
		t.Errorf("the party that waits has seats in %q", id)
	}
	// A block that is made after the ticket counts too.
	p[6].block(waits)
	w.party(p[6:8]...)
	p[6].queueParty(duo)
	p[7].block(waits)
	w.passes(2)
	if id, _ := waits.seats(); id != "" {
		t.Errorf("matched with somebody who blocks them: %q", id)
	}
	// A late friend.
	matched.call(join(first))
	friend := w.player()
	p[4].block(friend)
	friend.partyID = matched.partyID
	matched.call(&rtapi.Envelope{Message: &rtapi.Envelope_MatchLeave{MatchLeave: &rtapi.MatchLeave{MatchId: first}}}) // makes room
	friend.call(&rtapi.Envelope{Message: &rtapi.Envelope_PartyJoin{PartyJoin: &rtapi.PartyJoin{PartyId: matched.partyID}}})
	friend.refused(join(first), "blocked")
}
