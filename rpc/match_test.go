package rpc_test

import (
	"context"
	"testing"

	"partyline/party"
	"partyline/rpc"
)

// matches answers for one party.
type matches struct{ asked string }

func (m *matches) PartyMatch(_ context.Context, c party.Caller, partyID, _ string) (party.MatchSeats, error) {
	m.asked = c.UserID + " " + partyID
	if partyID != "p" {
		return party.MatchSeats{}, party.Refuse(party.NotMember, "You are not in this party.")
	}
	return party.MatchSeats{MatchID: "m", Queue: "duel", Seats: []party.MatchSeat{
		{UserID: "ann", PartyID: "p", State: party.SeatTaken},
		{PartyID: "p", Team: 1, State: party.SeatHeld, ExpiresAt: 12},
		{Team: 1, State: party.SeatOpen},
	}}, nil
}

func TestMatch(t *testing.T) {
	m := &matches{}
	h := serve(t, rpc.Match(m.PartyMatch))
	const want = `{"match_id":"m","queue":"duel","seats":[{"user_id":"ann","party_id":"p","team":0,"state":"taken"},` +
		`{"party_id":"p","team":1,"state":"held","expires_at":12},{"party_id":"","team":1,"state":"open"}]}`
	answer, err := h.call(overSocket("u1"), "party_match", `{"party_id":"p"}`)
	if err != nil || answer != want || m.asked != "u1 p" {
		t.Errorf("answer = %s, %v; want %s", answer, err, want)
	}
	if _, err := h.call(overHTTP("u1"), "party_match", `{"party_id":"q"}`); err == nil {
		t.Error("a stranger was answered")
	} else if text, number := refusal(t, err); text != "not_member: You are not in this party." || number != 7 {
		t.Errorf("refused with %q, %d", text, number)
	}
	if _, err := h.call(withKey(), "party_match", `{"party_id":"p"}`); err == nil {
		t.Error("a call without a user was answered")
	}
}
