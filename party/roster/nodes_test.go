package roster_test

import (
	"testing"

	"partyline/local/partytest"
	"partyline/party"
	"partyline/party/roster"
)

// nodes lets a process write only the presences of its own sessions.
type nodes struct {
	*partytest.Host
	own string
}

func (n nodes) StreamUserUpdate(mode uint8, subject, subcontext, label, userID, sessionID string, hidden, persistence bool, status string) error {
	if mode == party.MirrorMode && sessionID != n.own {
		return nil
	}
	return n.Host.StreamUserUpdate(mode, subject, subcontext, label, userID, sessionID, hidden, persistence, status)
}

// What a leader sets on their node counts, also if a member of another node has set the same value before.
func TestRoster_TheSameUpdateOnAnotherNode(t *testing.T) {
	h, now := partytest.NewHost(), partytest.NewTime()
	p := h.Players(2)
	first, second := roster.New(nodes{h, p[0].SessionID}, h, now.Now), roster.New(nodes{h, p[1].SessionID}, h, now.Now)
	made := h.PartyCreate(p[0], true, 4)
	id, err := party.ParseID(made.PartyId)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Begin(id, p[0], party.Facts{MaxSize: 4, Open: true, CreatedAt: now.Now()}, party.ID{}); err != nil {
		t.Fatal(err)
	}
	if err := h.PartyJoin(p[1], id); err != nil {
		t.Fatal(err)
	}
	if _, err := second.Enter(roster.Snapshot{}, id, p[1]); err != nil {
		t.Fatal(err)
	}
	second.SetLeader(id, p[1])
	second.Update(id, false, false, "") // the second player closes the party
	second.SetLeader(id, p[0])          // and makes the first one leader again
	first.Update(id, false, false, "")  // who closes it, too
	h.PartyLeave(p[1], id)
	second.Leave(id, p[1])
	if v, err := first.View(t.Context(), id); err != nil || v.Open {
		t.Errorf("open: %v, %v; want closed", v.Open, err)
	}
}
