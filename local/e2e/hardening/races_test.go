package hardening_test

import (
	"flag"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"partyline/local/e2e/client"
	"partyline/local/e2e/player"
)

var rounds = flag.Int("rounds", 6, "how often each race is run")

// atOnce runs all acts at the same moment.
func atOnce(acts ...func() error) []error {
	errs := make([]error, len(acts))
	start := make(chan struct{})
	var running sync.WaitGroup
	for i, act := range acts {
		running.Go(func() {
			<-start
			errs[i] = act()
		})
	}
	close(start)
	running.Wait()
	return errs
}

// awaitAgreement waits until the server and the module agree about a party: the listed members can send to the
// party and hear it, and nobody else can. It returns the members.
func (w *world) awaitAgreement(id string, games ...*player.Game) []*player.Game {
	w.t.Helper()
	var in []*player.Game
	problem := ""
	w.eventuallySays("agree about "+id, func() string {
		in = nil
		for _, g := range games {
			for _, other := range games {
				other.TakeAll(isMarker(id))
			}
			native := g.SendData(w.ctx, id, marker, []byte("x")) == nil
			var l listing
			err := g.Call(w.ctx, "party_status_list", map[string]any{"party_id": id}, &l)
			if listed := err == nil; listed != native {
				return fmt.Sprintf("%s: the server has them as a member: %v, the module: %v (%v)", g.Player.Session.Username, native, listed, err)
			}
			if native {
				in = append(in, g)
			}
		}
		if len(in) == 0 {
			return ""
		}
		w.must(in[0].SendData(w.ctx, id, marker, []byte("y")))
		for _, g := range games {
			w.must(g.Barrier(w.ctx))
			heard := len(g.TakeAll(isMarker(id))) > 0
			member := false
			for _, m := range in {
				member = member || m == g
			}
			if g != in[0] && heard != member {
				return fmt.Sprintf("%s: member %v, hears %v", g.Player.Session.Username, member, heard)
			}
		}
		return problem
	})
	return in
}

const marker = 4242

func isMarker(id string) func(client.Message) bool {
	return func(m client.Message) bool {
		data := m.Envelope.GetPartyData()
		return data.GetPartyId() == id && data.GetOpCode() == marker
	}
}

// One use is left, and fifty calls want it at once. Calls of one player take one use and one seat. Of
// fifty players, one gets it.
func TestRace_LastUse(t *testing.T) {
	w := newWorld(t)
	const most = 50
	games := make([]*player.Game, most)
	for i := range games {
		games[i] = w.game("racer")
	}
	leader := w.game("leader")
	for range *rounds {
		id := w.party(leader, false, 256)
		var same, each []func() error
		one := w.invite(leader, id, map[string]any{"max_uses": 1})
		for i := range most {
			call := func() error {
				return games[0].Player.Call(w.ctx, "party_invite_redeem", map[string]any{"code": one.Code}, nil)
			}
			if i%2 == 0 {
				call = func() error {
					return games[0].Call(w.ctx, "party_invite_redeem", map[string]any{"code": one.Code}, nil)
				}
			}
			same = append(same, call)
		}
		for i, err := range atOnce(same...) {
			if err != nil {
				t.Errorf("the same player, call %d: %v", i, err)
			}
		}
		last := w.invite(leader, id, map[string]any{"max_uses": 1})
		for _, g := range games[1:] {
			each = append(each, func() error { return g.Call(w.ctx, "party_invite_redeem", map[string]any{"code": last.Code}, nil) })
		}
		in := 0
		for _, err := range atOnce(each...) {
			if got, _ := player.Outcome(err); got == "" {
				in++
			} else if got != "invite_exhausted" {
				t.Errorf("one of fifty: %v", err)
			}
		}
		if members := w.awaitAgreement(id, append(games, leader)...); in != 1 || len(members) != 3 {
			t.Errorf("%d came in, %d members; want one of fifty, and three with the leader and the first", in, len(members))
		}
		w.must(leader.CloseParty(w.ctx, id))
	}
}

// A redeem races with something that ends, empties or closes its party. Whichever wins, server and module
// agree, and nobody hears a party they are not in.
func TestRace_Redeem(t *testing.T) {
	w := newWorld(t)
	for name, against := range map[string]func(leader, member, friend *player.Game, id string, link invite) error{
		"close":         func(leader, _, _ *player.Game, id string, _ invite) error { return leader.CloseParty(w.ctx, id) },
		"leader leaves": func(leader, _, _ *player.Game, id string, _ invite) error { return leader.LeaveParty(w.ctx, id) },
		"kick of the friend": func(leader, _, friend *player.Game, id string, _ invite) error {
			_ = leader.Remove(w.ctx, id, friend.Presence()) // may be too early
			return nil
		},
		"kick of the other": func(leader, member, _ *player.Game, id string, _ invite) error {
			return leader.Remove(w.ctx, id, member.Presence())
		},
		"leader drops": func(leader, _, _ *player.Game, _ string, _ invite) error { leader.Abort(); return nil },
		"native join": func(_, _, friend *player.Game, id string, _ invite) error {
			_ = friend.JoinParty(w.ctx, id) // may be in already
			return nil
		},
		"native leave of the friend": func(_, _, friend *player.Game, id string, _ invite) error { return friend.LeaveParty(w.ctx, id) },
		"revoke": func(leader, _, _ *player.Game, _ string, link invite) error {
			return leader.Call(w.ctx, "party_invite_revoke", map[string]any{"id": link.ID}, nil)
		},
		"close of the party and another": func(leader, _, _ *player.Game, id string, _ invite) error {
			if err := leader.CloseParty(w.ctx, id); err != nil {
				return err
			}
			_, err := leader.CreateParty(w.ctx, true, 4)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := *w
			w.t = t
			for round := range *rounds {
				leader, member, friend := w.game("leader"), w.game("member"), w.game("friend")
				id := w.party(leader, true, 4, member)
				link := w.invite(leader, id, nil)
				errs := atOnce(func() error {
					if round%2 == 0 {
						return friend.Player.Call(w.ctx, "party_invite_redeem", map[string]any{"code": link.Code, "session_id": friend.ID}, nil)
					}
					return friend.Call(w.ctx, "party_invite_redeem", map[string]any{"code": link.Code}, nil)
				}, func() error { return against(leader, member, friend, id, link) })
				if errs[1] != nil {
					t.Errorf("%v", errs[1])
				}
				if got, _ := player.Outcome(errs[0]); got == "internal" || got == "conflict" {
					t.Errorf("redeem: %v", errs[0])
				}
				games := []*player.Game{member, friend}
				if !leader.Ended() && name != "leader drops" {
					games = append(games, leader)
				}
				w.awaitAgreement(id, games...)
				// Players who led or joined are free of the old party and can create a new one.
				if _, err := friend.CreateParty(w.ctx, true, 4); err != nil {
					t.Errorf("the friend has no party of their own: %v", err)
				}
			}
		})
	}
}

// The leader leaves or drops while accepting a player.
func TestRace_Accept(t *testing.T) {
	w := newWorld(t)
	for name, against := range map[string]func(leader, guest *player.Game, id string) error{
		"leader leaves": func(leader, _ *player.Game, id string) error { return leader.LeaveParty(w.ctx, id) },
		"leader drops":  func(leader, _ *player.Game, _ string) error { leader.Abort(); return nil },
		"guest drops":   func(_, guest *player.Game, _ string) error { guest.Abort(); return nil },
		"guest asks elsewhere": func(_, guest *player.Game, _ string) error {
			_, err := guest.CreateParty(w.ctx, true, 4)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := *w
			w.t = t
			for range *rounds {
				leader, member, guest := w.game("leader"), w.game("member"), w.game("guest")
				id := w.party(leader, false, 4)
				w.must(member.Call(w.ctx, "party_invite_redeem", map[string]any{"code": w.invite(leader, id, nil).Code}, nil))
				w.must(guest.JoinParty(w.ctx, id))
				w.must(guest.Barrier(w.ctx))
				second := w.play(leader.Player) // sends the accept too, and is not a member
				errs := atOnce(
					func() error { return leader.Accept(w.ctx, id, guest.Presence()) },
					func() error { return against(leader, guest, id) },
					func() error { _ = second.Accept(w.ctx, id, guest.Presence()); return nil },
				)
				if got, _ := player.Outcome(errs[0]); got == "internal" {
					t.Errorf("accept: %v", errs[0])
				}
				var games []*player.Game
				for _, g := range []*player.Game{leader, member, guest} {
					if !(strings.HasPrefix(name, "leader drops") && g == leader || strings.HasPrefix(name, "guest drops") && g == guest) {
						games = append(games, g)
					}
				}
				in := w.awaitAgreement(id, games...)
				if len(in) == 0 {
					t.Error("nobody is left")
				}
			}
		})
	}
}

// A player's account is deleted while the player acts.
func TestRace_AccountDeleted(t *testing.T) {
	w := newWorld(t)
	for name, act := range map[string]func(doomed, leader *player.Game, id string, link invite) error{
		"redeem": func(doomed, _ *player.Game, _ string, link invite) error {
			return doomed.Call(w.ctx, "party_invite_redeem", map[string]any{"code": link.Code}, nil)
		},
		"native join": func(doomed, _ *player.Game, id string, _ invite) error { return doomed.JoinParty(w.ctx, id) },
		"status": func(doomed, _ *player.Game, _ string, link invite) error {
			return doomed.Call(w.ctx, "party_status_set", map[string]any{"code": link.Code, "stage": "tutorial"}, nil)
		},
		"wait": func(doomed, _ *player.Game, _ string, link invite) error {
			return doomed.Call(w.ctx, "party_wait", map[string]any{"code": link.Code}, nil)
		},
		"invites them": func(doomed, leader *player.Game, id string, _ invite) error {
			return leader.Call(w.ctx, "party_invite_create", map[string]any{"party_id": id, "for_user_ids": []string{doomed.Player.ID()}, "hold_seat": true}, nil)
		},
		"creates": func(doomed, _ *player.Game, _ string, _ invite) error {
			_, err := doomed.CreateParty(w.ctx, true, 4)
			return err
		},
		"leads and invites": func(doomed, _ *player.Game, _ string, _ invite) error {
			own, err := doomed.CreateParty(w.ctx, true, 4)
			if err == nil {
				err = doomed.Call(w.ctx, "party_share", map[string]any{"party_id": own, "to": map[string]any{"status": true}}, nil)
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := *w
			w.t = t
			for range *rounds {
				leader, member, doomed := w.game("leader"), w.game("member"), w.game("doomed")
				id := w.party(leader, true, 4, member)
				link := w.invite(leader, id, nil)
				errs := atOnce(
					func() error { return act(doomed, leader, id, link) },
					func() error {
						return w.api.Call(w.ctx, http.MethodDelete, "/v2/account", doomed.Player.Session.Auth(), nil, nil)
					},
				)
				if errs[1] != nil {
					t.Fatal(errs[1])
				}
				if got, _ := player.Outcome(errs[0]); got == "internal" {
					t.Errorf("%v", errs[0])
				}
				if _, _, err := doomed.AwaitClose(w.ctx); err != nil {
					t.Logf("the socket of a deleted account stays: %v", err)
				}
				w.awaitAgreement(id, leader, member)
				w.eventually("seats of the deleted are free", func() bool {
					users := w.members(leader, id)
					return len(users) == 2 || users[doomed.Player.ID()] // a seat is kept for a while
				})
				w.must(leader.CloseParty(w.ctx, id))
			}
		})
	}
}
