package faults_test

import (
	"context"
	"testing"

	"partyline/local/e2e/client"
	"partyline/local/e2e/player"
	"partyline/local/engine"
	"partyline/party"
)

// A worker of the server turns the sessions on a party's stream into members, and it may lag behind.
// Until then, a user who redeemed an invite hears the stream but is not a member. The seat is theirs
// already, and the `party` event tells them when they can send and receive party data.
func TestServerBehind(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), testTimeout)
	defer cancel()
	w := prepareWorld(t, "")
	w.start(t, engine.Options{})
	leader, friend, stranger := play(ctx, t, w.api, "leader"), play(ctx, t, w.api, "friend"), play(ctx, t, w.api, "stranger")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	id, err := leader.CreateParty(ctx, false, 2)
	must(err)
	var invite party.CreatedInvite
	must(leader.Call(ctx, "party_invite_create", inviteRequest{PartyID: id}, &invite))
	must(w.settle(ctx, leader, friend, stranger))
	isParty := client.OfKind("party")
	says := func(what string) (heard int) {
		t.Helper()
		must(leader.SendData(ctx, id, 7, []byte(what)))
		must(barriers(ctx, []*player.Game{leader, friend}))
		return len(friend.TakeAll(func(m client.Message) bool { return string(m.Envelope.GetPartyData().GetData()) == what }))
	}

	release := w.engine.HoldEvents()
	defer release()
	must(friend.Call(ctx, "party_invite_redeem", codeRequest{invite.Code}, nil))
	must(leader.UpdateParty(ctx, id, true, ""))
	data := says("early")
	updates := friend.TakeAll(func(m client.Message) bool { return m.Envelope.GetPartyUpdate() != nil })
	if len(updates) != 1 || data != 0 || len(friend.TakeAll(isParty)) != 0 {
		t.Errorf("before the server has made them a member they hear %d updates, %d data", len(updates), data)
	}
	if friend.SendData(ctx, id, 7, []byte("early")) == nil {
		t.Error("the server takes data of somebody who is no member yet")
	}
	full := string(party.PartyFull)
	if got, _ := player.Outcome(stranger.JoinParty(ctx, id)); got != full {
		t.Errorf("native join into the last seat, which is taken: %q; want %s", got, full)
	}
	if got, _ := player.Outcome(stranger.Call(ctx, "party_invite_redeem", codeRequest{invite.Code}, nil)); got != full {
		t.Errorf("redeem for the last seat, which is taken: %q; want %s", got, full)
	}

	release()
	_, err = friend.Take(ctx, isParty)
	must(err)
	if says("now") != 1 {
		t.Error("a member does not hear what the leader says")
	}
	must(friend.SendData(ctx, id, 7, []byte("now")))
	for _, g := range []*player.Game{leader, friend, stranger} {
		must(g.Close(ctx))
	}
	must(w.awaitEmpty(ctx))
}
