package survive_test

import (
	"slices"
	"testing"
	"time"

	"partyline/local/e2e/client"
	"partyline/local/e2e/player"
	"partyline/local/e2e/target"
	"partyline/party"
)

type object = map[string]any

// Two players lose their connections and come back into the same party, with the same link, and the
// first of them leads. If the server allows one connection per player, the first must create the
// party.
func TestEverybodyAway(t *testing.T) {
	all := engineSettings
	if target.Real() {
		all = append(slices.Clone(engineSettings), realOnly...)
	}
	for _, s := range all {
		t.Run(s.name, func(t *testing.T) { newWorld(t, s).away(s.created) })
	}
}

func (w *world) away(created bool) {
	alice, bob, dave := w.game("alice"), w.game("bob"), w.game("dave")
	first, err := alice.CreateParty(w.ctx, false, 3)
	w.must(err)
	var link, follows party.CreatedInvite
	w.must(alice.Call(w.ctx, "party_invite_create", object{"party_id": first, "follow_inviter": true}, &follows))
	w.must(alice.LeaveParty(w.ctx, first))
	old, err := alice.CreateParty(w.ctx, false, 3)
	w.must(err)
	w.must(alice.Call(w.ctx, "party_invite_create", object{"party_id": old}, &link))
	w.must(bob.Call(w.ctx, "party_invite_redeem", object{"code": link.Code}, nil))
	w.entered(bob, old)
	alice.Abort()
	bob.Abort()
	w.shows(dave, link.Code, "away")
	w.shows(dave, follows.Code, "away")

	bob = w.play(bob.Player)
	id, joined := w.resume(bob)
	if joined == created {
		w.t.Fatalf("party_resume says joined %t", joined)
	}
	if created {
		id, err = bob.CreateParty(w.ctx, true, 7)
		w.must(err)
		w.must(bob.Barrier(w.ctx)) // after the answer, the module continues the old party in the new one
	} else if event := w.entered(bob, id).Envelope.GetParty(); event.GetLeader().GetUserId() != bob.Player.ID() || event.GetMaxSize() != 3 || event.GetOpen() {
		w.t.Errorf("the first who is back is told %v", event)
	}
	alice = w.play(alice.Player)
	if now, joined := w.resume(alice); now != id || !joined {
		w.t.Errorf("the second comes back into %s, joined %t; want %s", now, joined, id)
	}
	w.entered(alice, id)
	w.shows(dave, link.Code, "open")
	w.must(dave.Call(w.ctx, "party_invite_redeem", object{"code": follows.Code}, nil))
	w.entered(dave, id)
	w.checkMembers(id, bob, alice, dave)
	w.must(bob.CloseParty(w.ctx, id)) // for the server too, bob leads it
}

func (w *world) resume(g *player.Game) (id string, joined bool) {
	w.t.Helper()
	var answer party.Resumption
	w.must(g.Call(w.ctx, "party_resume", object{}, &answer))
	return answer.PartyID, answer.Joined
}

// shows waits until a link shows the state.
func (w *world) shows(g *player.Game, code, state string) {
	w.t.Helper()
	for {
		var p party.Preview
		w.must(g.Call(w.ctx, "party_invite_preview", object{"code": code}, &p))
		if string(p.State) == state {
			return
		}
		select {
		case <-w.ctx.Done():
			w.t.Fatalf("the link shows %s; want %s", p.State, state)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// checkMembers checks that exactly these sessions are members, and that they hear each other.
func (w *world) checkMembers(id string, games ...*player.Game) {
	w.t.Helper()
	var list struct {
		Members []struct {
			SessionID string `json:"session_id"`
			Leader    bool   `json:"leader"`
		} `json:"members"`
	}
	w.must(games[0].Call(w.ctx, "party_status_list", object{"party_id": id}, &list))
	for _, m := range list.Members {
		if !slices.ContainsFunc(games, func(g *player.Game) bool { return g.ID == m.SessionID }) || m.Leader != (m.SessionID == games[0].ID) {
			w.t.Errorf("a member too many, or the wrong leader: %+v", m)
		}
	}
	if len(list.Members) != len(games) {
		w.t.Errorf("%d members; want %d", len(list.Members), len(games))
	}
	w.must(games[0].SendData(w.ctx, id, 7, []byte("whole")))
	for _, g := range games[1:] {
		_, err := g.Take(w.ctx, func(m client.Message) bool { return m.Envelope.GetPartyData().GetOpCode() == 7 })
		w.must(err)
	}
}
