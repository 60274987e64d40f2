package fleet_test

import (
	"strings"
	"testing"

	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/local/e2e/client"
)

// A friend who is out of the party again before the server has a slot for them gets no seat:
// not by the invite, and not by asking where the party plays.
func TestLateFriendIsOutAgain(t *testing.T) {
	for name, out := range map[string]func(leader, friend *player, party string) error{
		"left": func(_, friend *player, party string) error {
			_, err := friend.Call(friend.w.ctx, &rtapi.Envelope{Message: &rtapi.Envelope_PartyLeave{PartyLeave: &rtapi.PartyLeave{PartyId: party}}})
			return err
		},
		"kicked": func(leader, friend *player, party string) error {
			var who *rtapi.UserPresence
			_, err := leader.Take(leader.w.ctx, func(m client.Message) bool {
				joins := m.Envelope.GetPartyPresenceEvent().GetJoins()
				if len(joins) == 1 && joins[0].GetUserId() == friend.UserID {
					who = joins[0]
				}
				return who != nil
			})
			if err == nil {
				_, err = leader.Call(leader.w.ctx, &rtapi.Envelope{Message: &rtapi.Envelope_PartyRemove{PartyRemove: &rtapi.PartyRemove{PartyId: party, Presence: who}}})
			}
			return err
		},
		"closed": func(leader, _ *player, party string) error {
			_, err := leader.Call(leader.w.ctx, &rtapi.Envelope{Message: &rtapi.Envelope_PartyClose{PartyClose: &rtapi.PartyClose{PartyId: party}}})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t, ready)
			leader, friend, red, code := w.lateFriend()
			w.fleet.mu.Lock()
			w.fleet.join = func([]string) error { return out(leader, friend, red) }
			w.fleet.mu.Unlock()
			var redeemed struct {
				MatchID string `json:"match_id"`
			}
			if err := friend.rpc("party_invite_redeem", map[string]any{"code": code}, &redeemed); err != nil || redeemed.MatchID != "" {
				t.Errorf("redeemed into match %q, error %v", redeemed.MatchID, err)
			}
			g := w.server(0)
			if state, seated := g.states()[friend.UserID]; seated {
				t.Errorf("the friend has a seat: %s", state)
			}
			var own struct{ Server event }
			if err := friend.rpc("party_match", map[string]any{"match_id": g.info.MatchID}, &own); err == nil || !strings.Contains(err.Error(), "not_member") {
				t.Errorf("the friend is given %+v, error %v", own.Server, err)
			}
		})
	}
}

// A fleet that takes its time with a slot holds up nobody: the friend is in the party at once, and hears of the
// seat once there is a slot.
func TestLateFriendOfASlowFleet(t *testing.T) {
	w := start(t, ready)
	_, friend, red, code := w.lateFriend()
	slot := make(chan struct{})
	w.fleet.mu.Lock()
	w.fleet.join = func([]string) error { <-slot; return nil }
	w.fleet.mu.Unlock()
	var in struct {
		MatchID string `json:"match_id"`
		Server  *event
	}
	if err := friend.rpc("party_invite_redeem", map[string]any{"code": code}, &in); err != nil || in.MatchID != "" {
		t.Errorf("redeemed into match %q, error %v; want the party alone", in.MatchID, err)
	}
	if err := friend.rpc("party_match", map[string]any{"party_id": red}, &in); err != nil || in.MatchID == "" || in.Server != nil {
		t.Errorf("party_match = %+v, error %v; want the match without a server", in, err)
	}
	close(slot)
	friend.told(-4, "server_ready")
	if err := friend.rpc("party_match", map[string]any{"party_id": red}, &in); err != nil || in.Server == nil {
		t.Errorf("party_match = %+v, error %v; want how to get to the server", in, err)
	}
	if n := w.fleet.is(func() bool { return len(w.fleet.joins) == 1 }); !n {
		t.Error("the fleet was asked for more than one slot")
	}
}
