package reconnect_test

import (
	"testing"

	"partyline/local/partytest"
	"partyline/party"
	"partyline/party/admission"
)

// A member who is away leaves the party by its old ID, on a node that does not know yet that another node founded it
// again.
func TestSurvive_LeavesByTheOldID(t *testing.T) {
	w := newWorld(t, partytest.NewTime().Now)
	p := w.host.Players(2)
	id := w.party(true, 4, p...)
	w.drop(p[0])
	w.drop(p[1])
	first := w.node
	w.node = w.newNode() // another node, on which the first member comes back
	back := w.host.Connect(p[0].UserID)
	r, err := w.resume(back)
	w.must(err)
	now, err := party.ParseID(r.PartyID)
	w.must(err)
	if now == id {
		t.Fatal("not founded again")
	}
	second := w.node
	w.members(now, 1, back)

	w.node = first
	other := w.host.Connect(p[1].UserID)
	w.host.PartyLeave(other, id)
	if err := w.admission.After(t.Context(), admission.Message{Kind: admission.Leave, Party: id, Sender: other}); err != nil {
		t.Errorf("After of the leave: %v", err)
	}
	w.node = second
	w.members(now, 0, back) // the seat is given up
}
