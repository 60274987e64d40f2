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

// The host removes a party's tickets when a member leaves. For the host an away member is not a member. So when an away
// member gives up the seat, the host keeps the tickets that the module has dropped. They are named to a player who asks
// for more tickets than the host takes.
func TestFollow_DroppedTicketsStayTheHosts(t *testing.T) {
	cfg := configWithQueues()
	cfg.Parties.ReconnectGrace = time.Hour
	w := newWorld(t, cfg)
	id, p := w.party(3)
	drop(w, id, p[2])
	w.removeParty(id)
	for range 3 { // as many as the host takes
		w.queueParty(id, p[0], rankedEU)
		w.clock.Advance(11 * time.Minute) // longer than max_wait
		w.process()
	}
	add := &rtapi.PartyMatchmakerAdd{StringProperties: rankedEU}
	if err := w.CheckParty(t.Context(), id, p[0], add); party.ReasonOf(err) != party.NotReady {
		t.Fatalf("the fourth before: %v", err)
	}
	w.admission.Left(t.Context(), id, w.host.Connect(p[2].UserID))
	if len(w.pool) == 0 {
		t.Fatal("the host has none")
	}
	add = &rtapi.PartyMatchmakerAdd{StringProperties: rankedEU}
	if err := w.CheckParty(t.Context(), id, p[0], add); party.ReasonOf(err) != party.NotReady {
		t.Errorf("the fourth: %v; want a refusal that names the tickets, as the host refuses without a word", err)
	}
}
