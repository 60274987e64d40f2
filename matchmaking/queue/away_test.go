package queue_test

import (
	"testing"
	"time"

	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/party"
)

// An away member who gives up the seat does not change the age of the others, who are away too. They have the same age
// when they are back.
func TestFollow_AgeOfAnAwayParty(t *testing.T) {
	cfg := configWithQueues()
	cfg.Parties.ReconnectGrace = time.Minute
	w := newWorld(t, cfg)
	id, p := w.party(3)
	w.queueParty(id, p[0], rankedEU)
	w.clock.Advance(50 * time.Second)
	for _, s := range p { // the leader first
		drop(w, id, s)
		w.clock.Advance(10 * time.Second)
	}
	w.removeParty(id)
	if w.Aged(id) == 0 {
		t.Fatal("no age kept")
	}
	w.admission.Left(t.Context(), id, w.host.Connect(p[2].UserID)) // the third gives up the seat
	if w.Aged(id) == 0 {
		t.Error("the age of the party is gone, though two of it may come back")
	}

	// The leader is back in a party that their client creates.
	back := w.host.Connect(p[0].UserID)
	w.admission.Offer(back.UserID, id)
	facts, offered, err := w.admission.BeginCreate(t.Context(), back)
	if err != nil || !offered {
		t.Fatal(offered, err)
	}
	made := w.host.PartyCreate(back, facts.Open, facts.MaxSize)
	w.must(w.admission.EndCreate(t.Context(), back, made))
	now, err := party.ParseID(made.GetPartyId())
	w.must(err)
	add := &rtapi.PartyMatchmakerAdd{StringProperties: rankedEU}
	w.must(w.CheckParty(t.Context(), now, back, add))
	if waited := float64(w.clock.Now().Unix()) - add.NumericProperties["queued_since"]; waited != 50 {
		t.Errorf("the party has waited for %v s; want 50", waited)
	}
}
