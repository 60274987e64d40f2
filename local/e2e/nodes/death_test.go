package nodes_test

import (
	"testing"

	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/local/e2e/client"
	"partyline/party"
)

// A node dies with its sockets. Parties of other nodes go on: its members are gone, and one of the
// others leads. Held seats and invites stay, no matter who made them. A member who comes back by
// another node still has the seat.
func TestNodeDies_PartiesOfOthersGoOn(t *testing.T) {
	w := start(t)
	ann, bob, cid := w.north.play("ann"), w.south.play("bob"), w.south.play("cid")
	id := w.party(ann, false, 4)
	link := w.invite(ann, id, nil)
	w.enters(bob, link.Code, id)
	w.must(ann.Promote(w.ctx, id, bob.Presence()))
	w.must(ann.Barrier(w.ctx))
	// Made by the node that dies, for its player dan and for a player of another node.
	dan, eve := w.north.play("dan"), w.north.play("eve")
	kept := w.invite(bob, id, object{"for_user_ids": []string{dan.Player.ID(), cid.Player.ID()}, "hold_seat": true})
	w.enters(cid, kept.Code, id)
	if p := w.previewParty(ann, link.Code); p.Size != 3 || p.Held != 1 || p.LeaderUserID != bob.Player.ID() {
		t.Fatalf("before: %+v; want three and a seat for dan, led by bob", p)
	}

	w.south.crash()
	leaves := 0
	_, err := ann.Take(w.ctx, func(m client.Message) bool {
		leaves += len(m.Envelope.GetPartyPresenceEvent().GetLeaves())
		return leaves == 2
	})
	w.must(err)
	if _, err := ann.Take(w.ctx, func(m client.Message) bool {
		return m.Envelope.GetPartyLeader().GetPresence().GetSessionId() == ann.ID
	}); err != nil {
		t.Errorf("ann does not lead: %v", err)
	}
	w.awaitMember(ann, "away", bob)
	p := w.previewParty(ann, link.Code)
	if p.Size != 1 || p.LeaderUserID != ann.Player.ID() || p.Held != 3 {
		t.Errorf("after: %+v; want ann alone, with seats for bob, cid and dan", p)
	}
	w.refused(w.redeem(eve, link.Code), party.PartyFull)
	w.enters(dan, kept.Code, id)

	again := w.north.reconnect(bob)
	var back party.Resumption
	w.must(again.Call(w.ctx, "party_resume", object{}, &back))
	if back.PartyID != id || !back.Joined {
		t.Errorf("party_resume = %+v", back)
	}
	w.awaitParty(again, id)
	w.must(again.SendData(w.ctx, id, 1, []byte("I am back")))

	w.must(ann.CloseParty(w.ctx, id))
	for _, g := range []*game{ann, dan, eve, again} {
		w.must(g.Close(w.ctx))
	}
	w.cluster.WaitForEvents()
	if n := w.cluster.Presences(); n != 0 {
		t.Errorf("%d presences are left", n)
	}
}

// A party dies with its own node, because the engine that keeps it is gone. Its members on other nodes
// are not in it any more for all messages. They make a new party, and an invite that follows its
// inviter leads there.
func TestNodeDies_ItsOwnPartiesEnd(t *testing.T) {
	w := start(t)
	ann, bob, cid := w.north.play("ann"), w.south.play("bob"), w.north.play("cid")
	id := w.party(ann, false, 4)
	w.enters(bob, w.invite(ann, id, nil).Code, id)
	follow := w.invite(bob, id, object{"follow_inviter": true})

	w.north.crash()
	_, err := bob.Socket.Call(w.ctx, &rtapi.Envelope{Message: &rtapi.Envelope_PartyDataSend{
		PartyDataSend: &rtapi.PartyDataSend{PartyId: id, OpCode: 1, Data: []byte("anybody here?")}}})
	if err == nil {
		t.Error("the party goes on without its node")
	}
	w.must(bob.LeaveParty(w.ctx, id)) // as a game does when its party is gone
	again := w.party(bob, false, 4)
	cidAgain := w.south.reconnect(cid)
	w.enters(cidAgain, follow.Code, again)
}

// A call over HTTP may reach another node than the socket's. No node can put the socket of another
// node into a party, so the call is refused and has no effect.
func TestRedeem_OverHTTPAtTheOtherNode(t *testing.T) {
	w := start(t)
	ann, bob := w.north.play("ann"), w.south.play("bob")
	id := w.party(ann, false, 2)
	once := w.invite(ann, id, object{"max_uses": 1})
	elsewhere := *bob.Player
	elsewhere.API = w.north.api
	w.refused(elsewhere.Call(w.ctx, "party_invite_redeem", object{"code": once.Code}, nil), party.NoLiveSession)
	w.must(bob.Player.Call(w.ctx, "party_invite_redeem", object{"code": once.Code}, nil)) // the use was given back
	w.awaitParty(bob, id)
}
