package faults_test

import (
	"context"
	"fmt"
	"slices"

	"partyline/local/e2e/player"
	"partyline/party"
)

const (
	contenders = 12
	uses       = 5
	roomFor    = 1 + uses + 1 + 1 // the leader, those who redeem, the friend with the held seat, and one more
)

// crowd is many players who redeem one invite to its maker's current party. A seat is held for a
// friend meanwhile.
type crowd struct {
	*testServer
	host, friend *player.Player
	people       []*player.Player

	leader, buddy  *player.Game
	games          []*player.Game // of people
	party          string
	link, heldSeat party.CreatedInvite
}

func (v *testServer) newCrowd(ctx context.Context) *crowd {
	c := &crowd{testServer: v, host: v.signIn(ctx, "host", 1)[0], friend: v.signIn(ctx, "friend", 1)[0], people: v.signIn(ctx, "contender", contenders)}
	c.connectAll(ctx)
	c.must(c.leader.Call(ctx, "party_invite_create", inviteRequest{PartyID: c.party, MaxUses: uses, Follow: true}, &c.link))
	return c
}

// connectAll connects all players, and the host makes a party.
func (c *crowd) connectAll(ctx context.Context) {
	c.t.Helper()
	c.leader, c.buddy, c.games = c.play(ctx, c.host)[0], c.play(ctx, c.friend)[0], c.play(ctx, c.people...)
	var err error
	c.party, err = c.leader.CreateParty(ctx, false, roomFor)
	c.must(err)
	c.must(c.leader.Call(ctx, "party_invite_create", inviteRequest{PartyID: c.party, ForUserIDs: []string{c.friend.ID()}, HoldSeat: true}, &c.heldSeat))
}

// all returns the games of all players.
func (c *crowd) all() []*player.Game { return append([]*player.Game{c.leader, c.buddy}, c.games...) }

// redeemActs returns the acts in which each of people redeems the link once.
func (c *crowd) redeemActs(ctx context.Context) []func() error {
	acts := make([]func() error, len(c.people))
	for i, p := range c.people {
		acts[i] = func() error { return p.Call(ctx, "party_invite_redeem", codeRequest{c.link.Code}, nil) }
	}
	return acts
}

// redeemUntilSettled makes all players redeem until the outcome is settled. The invite has a limited number of
// uses, and exactly as many players get in. They include all who already got in before. A use that
// is being given back may take a moment.
func (c *crowd) redeemUntilSettled(ctx context.Context, before []error) (in []*player.Game) {
	c.t.Helper()
	c.must(eventually(ctx, func() error {
		in = nil
		for i, p := range c.people {
			err := p.Call(ctx, "party_invite_redeem", codeRequest{c.link.Code}, nil)
			switch outcome, answered := player.Outcome(err); {
			case !answered:
				return err
			case outcome == "":
				in = append(in, c.games[i])
			case outcome != string(party.InviteExhausted) || before[i] == nil:
				return fmt.Errorf("contender %d, after %v: %w", i, before[i], err)
			}
		}
		if len(in) != uses {
			return fmt.Errorf("%d have redeemed; want %d", len(in), uses)
		}
		return nil
	}))
	return in
}

// audit checks the party once it is settled who is in it.
func (c *crowd) audit(ctx context.Context, in []*player.Game) {
	c.t.Helper()
	var list struct{ Invites []party.InviteSummary }
	c.must(c.leader.Call(ctx, "party_invite_list", partyRequest{c.party}, &list))
	for _, v := range list.Invites {
		if v.ID == c.link.ID && v.Uses != uses {
			c.t.Errorf("the invite was used %d times; want %d", v.Uses, uses)
		}
	}
	members := append([]*player.Game{c.leader}, in...)
	c.checkPreview(ctx, members, 1)
	c.checkListeners(ctx, members)

	// One more player can join, then only the friend.
	c.must(c.leader.UpdateParty(ctx, c.party, true, ""))
	late := c.play(ctx, c.testServer.signIn(ctx, "late", 2)...)
	c.must(late[0].JoinParty(ctx, c.party))
	c.refused(late[1].JoinParty(ctx, c.party), party.PartyFull)
	c.must(c.buddy.Call(ctx, "party_invite_redeem", codeRequest{c.heldSeat.Code}, nil))
	c.refused(late[1].JoinParty(ctx, c.party), party.PartyFull)
	c.checkPreview(ctx, append(members, late[0], c.buddy), 0)
	c.end(ctx, append(c.all(), late...)...)
}

func (c *crowd) refused(err error, want party.Reason) {
	c.t.Helper()
	if outcome, answered := player.Outcome(err); !answered || outcome != string(want) {
		c.t.Fatalf("outcome = %q; want %s", outcome, want)
	}
}

// checkPreview compares the module's preview of the party with the expected one.
func (c *crowd) checkPreview(ctx context.Context, members []*player.Game, held int) {
	c.t.Helper()
	var p party.Preview
	c.must(c.leader.Call(ctx, "party_invite_preview", codeRequest{c.heldSeat.Code}, &p))
	if p.Party == nil || p.Party.Size != len(members) || p.Party.Held != held {
		c.t.Fatalf("the preview shows %+v; want %d members and %d kept seats", p.Party, len(members), held)
	}
	for _, g := range members {
		if !slices.ContainsFunc(p.Party.Members, func(m party.MemberProfile) bool { return m.UserID == g.Player.ID() }) {
			c.t.Errorf("the preview does not show %s", g.Player.Session.Username)
		}
	}
}

// checkListeners makes the leader send to the party's stream and to its members. It fails unless exactly the
// members receive it. A player whom a call has just let in is on the stream, but becomes a member only
// when the server's worker has processed them ([TestServerBehind]); checkListeners waits for that.
func (c *crowd) checkListeners(ctx context.Context, members []*player.Game) {
	c.t.Helper()
	const label = `{"overheard":true}`
	c.settle(ctx, c.all()...)
	c.must(c.leader.UpdateParty(ctx, c.party, false, label))
	c.must(c.leader.SendData(ctx, c.party, 7, []byte(label)))
	c.settle(ctx, c.all()...)
	for i, g := range c.all() {
		var update, data bool
		for _, m := range g.Drain() {
			update = update || m.Envelope.GetPartyUpdate().GetLabel() == label
			data = data || string(m.Envelope.GetPartyData().GetData()) == label
		}
		member := slices.Contains(members, g)
		if update != member || data != (member && g != c.leader) {
			c.t.Errorf("game %d: in the party %t, hears it %t, its members %t", i, member, update, data)
		}
	}
}
