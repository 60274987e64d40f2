package nodes_test

import (
	"slices"
	"sync"
	"testing"

	"partyline/local/e2e/client"
	"partyline/local/e2e/player"
	"partyline/party"
)

func TestParty_AcrossNodes(t *testing.T) {
	w := start(t)
	ann, bob := w.north.play("ann"), w.south.play("bob")
	id := w.party(ann, false, 4)
	link := w.invite(ann, id, object{"message": "Come and play!"})
	w.enters(bob, link.Code, id)
	if _, err := ann.Take(w.ctx, func(m client.Message) bool {
		joins := m.Envelope.GetPartyPresenceEvent().GetJoins()
		return len(joins) == 1 && joins[0].GetSessionId() == bob.ID
	}); err != nil {
		t.Errorf("the leader did not hear of the join on the other node: %v", err)
	}
	for _, talk := range []struct{ from, to *game }{{ann, bob}, {bob, ann}} {
		w.must(talk.from.SendData(w.ctx, id, 7, []byte("hello")))
		if _, err := talk.to.Take(w.ctx, func(m client.Message) bool { return m.Envelope.GetPartyData().GetOpCode() == 7 }); err != nil {
			t.Errorf("party data: %v", err)
		}
	}

	// Members on the other node see an invite of this node, and the leader can revoke it there.
	var list struct{ Invites []party.InviteSummary }
	w.must(bob.Call(w.ctx, "party_invite_list", object{"party_id": id}, &list))
	if len(list.Invites) != 1 || list.Invites[0].ID != link.ID || list.Invites[0].Uses != 1 {
		t.Errorf("bob lists %+v; want ann's invite with one use", list.Invites)
	}
	w.must(ann.Promote(w.ctx, id, bob.Presence()))
	w.must(ann.Barrier(w.ctx)) // the answer comes before the module knows of the promotion
	w.must(bob.Call(w.ctx, "party_invite_revoke", object{"id": link.ID}, nil))
	w.refused(w.redeem(w.north.play("eve"), link.Code), party.InviteRevoked)

	// The leader on another node decides about requests.
	cid := w.north.play("cid")
	w.must(cid.JoinParty(w.ctx, id))
	if _, err := bob.Take(w.ctx, client.OfKind("party_join_request")); err != nil {
		t.Error(err)
	}
	w.must(bob.Accept(w.ctx, id, cid.Presence()))
	w.awaitParty(cid, id)
	if p := w.previewParty(ann, w.invite(cid, id, nil).Code); p.Size != 3 || p.LeaderUserID != bob.Player.ID() {
		t.Errorf("the party is %+v; want three, led by bob", p)
	}
}

func TestStatus_ReachesTheOtherNode(t *testing.T) {
	w := start(t)
	ann, bob, cid := w.north.play("ann"), w.south.play("bob"), w.south.play("cid")
	id := w.party(ann, false, 4)
	link := w.invite(ann, id, nil)
	w.enters(bob, link.Code, id)
	w.must(bob.Call(w.ctx, "party_status_set", object{"party_id": id, "stage": "downloading", "progress": 0.42}, nil))
	var news struct {
		Members, Incoming []struct {
			UserID   string `json:"user_id"`
			Stage    string
			Progress float64
		}
	}
	w.awaitData(ann, party.OpStatus, &news, func() bool {
		return len(news.Members) == 1 && news.Members[0].UserID == bob.Player.ID() && news.Members[0].Progress == 0.42
	})
	w.must(ann.Call(w.ctx, "party_status_list", object{"party_id": id}, &news))
	if i := slices.IndexFunc(news.Members, func(m struct {
		UserID   string `json:"user_id"`
		Stage    string
		Progress float64
	}) bool {
		return m.UserID == bob.Player.ID()
	}); i < 0 || news.Members[i].Stage != "downloading" {
		t.Errorf("the list on the other node is %+v", news.Members)
	}

	// Only the node that received the status knows who is on the way, until the next status.
	w.must(cid.Call(w.ctx, "party_status_set", object{"code": link.Code, "stage": "installing"}, nil))
	w.awaitData(ann, party.OpStatus, &news, func() bool {
		return len(news.Incoming) == 1 && news.Incoming[0].UserID == cid.Player.ID()
	})
}

func TestHold_CountsOnTheOtherNode(t *testing.T) {
	w := start(t)
	ann, bob, cid, dan := w.north.play("ann"), w.south.play("bob"), w.south.play("cid"), w.south.play("dan")
	id := w.party(ann, true, 3)
	link := w.invite(ann, id, nil)
	w.enters(bob, link.Code, id) // the south knows the party now
	kept := w.invite(ann, id, object{"for_user_ids": []string{cid.Player.ID()}, "hold_seat": true})
	w.refused(w.redeem(dan, link.Code), party.PartyFull)
	w.refused(dan.JoinParty(w.ctx, id), party.PartyFull)
	if p := w.previewParty(dan, link.Code); p.Held != 1 || p.Size != 2 {
		t.Errorf("dan sees %+v; want two in it and one seat held", p)
	}
	w.enters(cid, kept.Code, id)
	w.refused(w.redeem(dan, link.Code), party.PartyFull)
}

func TestKick_BansOnTheOtherNode(t *testing.T) {
	w := start(t)
	ann, bob := w.north.play("ann"), w.south.play("bob")
	id := w.party(ann, true, 4)
	link := w.invite(ann, id, nil)
	w.enters(bob, link.Code, id)
	w.must(ann.Remove(w.ctx, id, bob.Presence()))
	if _, err := bob.Take(w.ctx, client.OfKind("party_close")); err != nil {
		t.Error(err)
	}
	w.must(ann.Barrier(w.ctx)) // the module tells the other node, and it does so after the answer
	w.refused(w.redeem(bob, link.Code), party.Banned)
	w.refused(bob.JoinParty(w.ctx, id), party.Banned)
	w.refused(w.redeem(bob, w.invite(ann, id, nil).Code), party.Banned) // a link is for anybody
	named := w.invite(ann, id, object{"for_user_ids": []string{bob.Player.ID()}})
	w.enters(bob, named.Code, id) // an invite for the user made after the kick lifts the ban
}

func TestInvite_OneUseOnBothNodes(t *testing.T) {
	w := start(t)
	ann := w.north.play("ann")
	id := w.party(ann, false, 64)
	once := w.invite(ann, id, object{"max_uses": 1})
	if in := w.race(id, once.Code, 20, func(err error) bool {
		got, _ := player.Outcome(err)
		return got == string(party.InviteExhausted) || got == string(party.Conflict)
	}); len(in) != 1 {
		t.Errorf("%d got in by an invite for one", len(in))
	}
	if p := w.previewParty(ann, w.invite(ann, id, nil).Code); p.Size != 2 {
		t.Errorf("%d are in the party; want ann and one more", p.Size)
	}
}

// However the nodes' checks and joins interleave, there are never more members than seats, nobody
// hears the party without being in it, and no seat is lost in the end.
func TestCapacity_RacersOnBothNodes(t *testing.T) {
	w := start(t)
	ann := w.north.play("ann")
	for range 5 {
		id := w.party(ann, false, 4)
		link := w.invite(ann, id, nil)
		in := w.race(id, link.Code, 16, func(err error) bool {
			got, _ := player.Outcome(err)
			return got == string(party.PartyFull)
		})
		if len(in) != 3 {
			t.Errorf("%d got in; want 3", len(in))
		}
		parsed, err := party.ParseID(id)
		w.must(err)
		if on := w.cluster.OnParty(parsed.UUID, parsed.Node); on != 1+len(in) {
			t.Errorf("%d sessions are on the stream; want ann's and those of the %d who got in", on, len(in))
		}
		for _, g := range in {
			w.awaitParty(g, id) // as a native member
			w.must(g.SendData(w.ctx, id, 1, []byte("I am a member")))
		}
		w.must(ann.CloseParty(w.ctx, id))
	}
}

// race makes n players on each node redeem a code at the same moment. It returns the games that got in.
func (w *world) race(id, code string, n int, mayFail func(error) bool) []*game {
	w.t.Helper()
	var racers []*game
	for range n {
		racers = append(racers, w.north.play("racer"), w.south.play("racer"))
	}
	results := make([]error, len(racers))
	var ready sync.WaitGroup
	gun := make(chan struct{})
	for i, g := range racers {
		ready.Go(func() {
			<-gun
			results[i] = w.redeem(g, code)
		})
	}
	close(gun)
	ready.Wait()
	var in []*game
	for i, g := range racers {
		switch {
		case results[i] == nil:
			in = append(in, g)
		case !mayFail(results[i]):
			w.t.Errorf("a racer was refused: %v", results[i])
		}
	}
	w.cluster.WaitForEvents()
	return in
}
