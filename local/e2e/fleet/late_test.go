package fleet_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/local/e2e/client"
)

// A friend who leaves the party before the server has a slot for them gets no seat: not by the
// invite, and not by asking where the party plays.
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

// A fleet that is slow with a slot blocks nobody: the friend is in the party at once, and is told of the
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

// A friend joins on a seat that the party holds, while the party waits for its game server. The match goes on, and
// the friend gets the seat once the server has a slot. Without a slot the seat stays held for the party.
func TestFriendComesWhileTheServerIsAwaited(t *testing.T) {
	for name, tt := range map[string]struct {
		queue   string
		loading bool // else the invite holds the seat
		refused bool // the server has no slot for the friend
	}{
		"held":               {queue: arena},
		"held, all accepted": {queue: acceptQueue},
		"loading":            {queue: arena, loading: true},
		"held, no slot":      {queue: arena, refused: true},
	} {
		t.Run(name, func(t *testing.T) {
			begin := make(chan struct{})
			w := start(t, func(n int, a asked) error {
				go func() { <-begin; _ = ready(n, a) }()
				return nil
			}, tt.queue)
			w.fleet.mu.Lock()
			w.fleet.join = func([]string) error {
				if tt.refused {
					return errors.New("no slot is left")
				}
				return nil
			}
			w.fleet.mu.Unlock()
			p := []*player{w.player(), w.player(), w.player(), w.player(), w.player()} // with the friend: two full teams
			leader, friend := p[0], w.player()
			red, blue := w.party(p[:2]...), w.party(p[2:]...)
			invite := map[string]any{"party_id": red}
			if !tt.loading {
				invite["hold_seat"], invite["for_user_ids"] = true, []string{friend.UserID}
			}
			var link struct{ Code string }
			if err := leader.rpc("party_invite_create", invite, &link); err != nil {
				t.Fatal(err)
			}
			if tt.loading {
				if err := friend.rpc("party_status_set", map[string]any{"code": link.Code, "stage": "downloading", "progress": 0.9}, &struct{}{}); err != nil {
					t.Fatal(err)
				}
			}
			leader.queueIn(tt.queue, red)
			p[2].queueIn(tt.queue, blue)
			if tt.queue == acceptQueue {
				for _, p := range p {
					if err := p.rpc("party_match_accept", map[string]any{"ticket": p.told(-3, "found").Ticket, "accept": true}, &struct{}{}); err != nil {
						t.Fatal(err)
					}
				}
			}
			g := w.server(0)
			if err := friend.rpc("party_invite_redeem", map[string]any{"code": link.Code}, &struct{}{}); err != nil {
				t.Fatal(err)
			}
			close(begin)
			for _, p := range p {
				if e := p.told(-4, "server_ready"); e.MatchID != g.info.MatchID {
					t.Errorf("a player is sent to match %s", e.MatchID)
				}
			}
			w.until("a slot for the friend is asked for", func() bool {
				return w.fleet.is(func() bool {
					return slices.ContainsFunc(w.fleet.joins, func(users []string) bool { return slices.Equal(users, []string{friend.UserID}) })
				})
			})
			if !tt.refused {
				if e := friend.told(-4, "server_ready"); e.MatchID != g.info.MatchID || e.PlayerSession != "psess-late" {
					t.Errorf("the friend is told %+v", e)
				}
			}
			states := g.states()
			if state, seated := states[friend.UserID]; seated == tt.refused || len(states) != 6 && !tt.refused {
				t.Errorf("the friend's seat is %q, all are %v", state, states)
			}
			var match struct {
				Seats []struct {
					PartyID string `json:"party_id"`
					State   string
				}
			}
			if err := leader.rpc("party_match", map[string]any{"party_id": red}, &match); err != nil {
				t.Fatal(err)
			}
			kept := 0
			for _, s := range match.Seats {
				if s.PartyID == red && s.State == "held" {
					kept++
				}
			}
			if kept != 3 {
				t.Errorf("the party has %d seats of %+v; want three", kept, match.Seats)
			}
		})
	}
}
