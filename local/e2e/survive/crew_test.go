package survive_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"partyline/local/e2e/client"
	"partyline/local/e2e/player"
	"partyline/party"
	"partyline/party/overview"
	"partyline/party/waitlist"
)

// crew is one closed party of one to five members, with a link and a seat held for a friend. Every
// second crew has kicked a player, every third is full and has two players on the wait list, and half
// of them look for a match.
type crew struct {
	*world
	number int
	id     string

	members                 []*member // the leader first
	friend, kicked, outside *player.Player
	waiting                 []*player.Game
	link, kept              party.CreatedInvite
	queued                  time.Time
}

// member is one member of a crew: its game, when the returning game began to connect, and when it was
// told of its party.
type member struct {
	*player.Game
	connects, told time.Time
}

func (c *crew) kicks() bool  { return c.number%2 == 0 }
func (c *crew) waits() bool  { return c.number%3 == 0 }
func (c *crew) queues() bool { return c.number%4 < 2 }

const ranked = "ranked" // a queue in which no two crews meet

// make makes all players join, and returns the first error.
func (c *crew) make() (err error) {
	do := func(step func() error) {
		if err == nil {
			err = step()
		}
	}
	call := func(g *player.Game, id string, in, out any) {
		do(func() error { return g.Call(c.ctx, id, in, out) })
	}
	size := 1 + c.number%5
	var games []*player.Game
	for i := range size + 5 {
		do(func() error {
			p, err := player.SignIn(c.ctx, c.api, fmt.Sprintf("crew-%d-%d", c.number, i))
			if err != nil {
				return err
			}
			g, err := c.enters(p)
			games = append(games, g)
			return err
		})
	}
	if err != nil {
		return err
	}
	for _, g := range games[:size] {
		c.members = append(c.members, &member{Game: g})
	}
	friend, kicked, outside := games[size], games[size+1], games[size+2]
	c.friend, c.kicked, c.outside = friend.Player, kicked.Player, outside.Player
	leader, room := games[0], size+1
	if !c.waits() {
		room++
	}
	do(func() error { c.id, err = leader.CreateParty(c.ctx, false, room); return err })
	call(leader, "party_invite_create", object{"party_id": c.id}, &c.link)
	redeem := func(g *player.Game) {
		call(g, "party_invite_redeem", object{"code": c.link.Code}, nil)
		do(func() error { _, err := g.Await(c.ctx, client.OfKind("party")); return err })
	}
	for _, g := range games[1:size] {
		redeem(g)
	}
	if c.kicks() {
		redeem(kicked)
		do(func() error { return leader.Remove(c.ctx, c.id, kicked.Presence()) })
		do(func() error { return leader.Barrier(c.ctx) })
	}
	call(leader, "party_invite_create", object{"party_id": c.id, "for_user_ids": []string{c.friend.ID()}, "hold_seat": true}, &c.kept)
	call(leader, "party_attributes_set", object{"party_id": c.id, "party": object{"map": c.number}}, nil)
	for i, m := range c.members {
		call(m.Game, "party_attributes_set", object{"party_id": c.id, "member": object{"hat": i}}, nil)
	}
	if c.waits() {
		c.waiting = games[size+3:]
		do(func() error { return c.wait(c.link.Code) })
	}
	if c.queues() {
		c.queued = time.Now()
		do(func() error { return c.queue(leader) })
	}
	return err
}

func (c *crew) enters(p *player.Player) (*player.Game, error) {
	p.API = c.api
	g, err := p.Play(c.ctx)
	if err == nil {
		c.t.Cleanup(g.Abort)
	}
	return g, err
}

// wait puts the waiting players on the wait list, on the first places.
func (c *crew) wait(code string) error {
	for i, g := range c.waiting {
		var at waitlist.Place
		if err := g.Call(c.ctx, "party_wait", object{"code": code}, &at); err != nil {
			return err
		}
		if at.Place != i+1 || at.HeldUntil != 0 {
			return fmt.Errorf("who is %d in line waits at %+v", i+1, at)
		}
	}
	return nil
}

// queue makes the crew's party look for a match.
func (c *crew) queue(leader *player.Game) error {
	_, err := leader.QueueParty(c.ctx, c.id, map[string]string{"queue": ranked, "run": c.link.ID})
	return err
}

// returnActs returns one function for each player who comes back, so that each can return at its own time.
func (c *crew) returnActs() (all []func() error) {
	for _, m := range c.members {
		all = append(all, func() (err error) {
			m.connects = time.Now()
			if m.Game, err = c.enters(m.Player); err != nil {
				return err
			}
			_, err = m.Await(c.ctx, client.OfKind("party"))
			m.told = time.Now()
			return err
		})
	}
	for i, g := range c.waiting {
		all = append(all, func() (err error) {
			c.waiting[i], err = c.enters(g.Player)
			return err
		})
	}
	return all
}

// checkLinkWhileAway checks the link while nobody is back: every member has a kept seat, and the friend a held one.
func (c *crew) checkLinkWhileAway() error {
	c.outside.API = c.api
	var p party.Preview
	if err := c.outside.Call(c.ctx, "party_invite_preview", object{"code": c.link.Code}, &p); err != nil {
		return err
	}
	if want := len(c.members) + 1; p.State != party.StateAway || p.Party.Held != want || p.Party.OnTheWay != want || p.Party.Size != 0 {
		return fmt.Errorf("the link shows %s, %+v; want %d seats kept", p.State, p.Party, want)
	}
	return nil
}

// check checks a party after the return. seen are all parties.
func (c *crew) check(ended time.Time, seen map[string]overview.Party) error {
	was := c.id
	var ids []string
	for _, m := range c.members {
		for _, e := range m.TakeAll(client.OfKind("party")) {
			ids = append(ids, e.Envelope.GetParty().GetPartyId())
		}
	}
	if len(ids) != len(c.members) || len(slices.Compact(slices.Clone(ids))) != 1 || ids[0] == was {
		return fmt.Errorf("entered %v; want each into one new party", ids)
	}
	c.id = ids[0]
	p := seen[c.id]
	for _, check := range []func() error{
		func() error { return c.checkParty(p) },
		func() error { return c.wait(c.link.Code) },
		func() error { return c.checkQueueAge(ended) },
		func() error { return c.checkTogether(was) },
	} {
		if err := check(); err != nil {
			return fmt.Errorf("%w: %+v", err, p)
		}
	}
	return nil
}

// checkParty compares the server's view of a party with its earlier state.
func (c *crew) checkParty(p overview.Party) error {
	if p.Attributes == nil || len(p.Members) != len(c.members) || p.Size != len(c.members) || p.Open || p.Held != 1 || len(p.Waiting) != len(c.waiting) || (len(p.Kicked) == 1) != c.kicks() {
		return fmt.Errorf("want %d members, %d who wait, a seat held, attributes", len(c.members), len(c.waiting))
	}
	var attributes []string
	leader := -1
	for i, m := range c.members {
		at := slices.IndexFunc(p.Members, func(o overview.Member) bool { return o.UserID == m.Player.ID() })
		if at < 0 {
			return fmt.Errorf("%s is missing", m.Player.ID())
		}
		if p.Members[at].Leader {
			leader = i
		}
		attributes = append(attributes, string(p.Attributes.Members[m.Player.ID()]["hat"]))
	}
	if leader < 0 {
		return fmt.Errorf("nobody leads")
	}
	for _, m := range c.members {
		if c.members[leader].connects.After(m.told) {
			return fmt.Errorf("%s was back before the leader began to connect", m.Player.ID())
		}
	}
	want := strings.Join(strings.Split("01234", "")[:len(c.members)], ",")
	if got := strings.Join(attributes, ","); got != want || string(p.Attributes.Party["map"]) != fmt.Sprint(c.number) {
		return fmt.Errorf("attributes %s and %s", got, p.Attributes.Party["map"])
	}
	c.members[0], c.members[leader] = c.members[leader], c.members[0]
	return nil
}

// checkQueueAge looks for a match again: the wait continues from the time when the server ended.
func (c *crew) checkQueueAge(ended time.Time) error {
	if !c.queues() {
		return nil
	}
	leader := c.members[0].Game
	before := time.Now()
	if err := c.queue(leader); err != nil {
		return err
	}
	var status party.QueueStatus
	if err := leader.Call(c.ctx, "party_queue", object{"party_id": c.id}, &status); err != nil {
		return err
	}
	if len(status.Tickets) != 1 {
		return fmt.Errorf("tickets %+v; want one", status.Tickets)
	}
	waited := time.Duration(status.Tickets[0].WaitedSec) * time.Second
	const fine = 2 * time.Second // whole seconds, and what a crash may lose
	if least, most := ended.Sub(c.queued)-fine, time.Since(before)+time.Since(c.queued); waited < least || waited > most {
		return fmt.Errorf("has waited %v; want %v at least, %v at most", waited, least, most)
	}
	return nil
}

// checkTogether checks that the members hear each other as native members, and that the leader leads. The
// old invites work, and kicked players stay out.
func (c *crew) checkTogether(was string) error {
	leader := c.members[0].Game
	if err := leader.UpdateParty(c.ctx, c.id, false, ""); err != nil {
		return fmt.Errorf("the server has another leader: %w", err)
	}
	in := c.members
	for _, came := range []struct {
		who  *player.Player
		by   party.CreatedInvite
		want party.Reason
		goes bool
	}{
		{c.kicked, c.link, party.Banned, c.kicks()},
		{c.outside, c.link, party.PartyFull, c.waits()},
		{c.outside, c.link, "", !c.waits()},
		{c.friend, c.kept, "", true},
	} {
		if !came.goes {
			continue
		}
		g, err := c.enters(came.who)
		if err != nil {
			return err
		}
		if outcome, answered := player.Outcome(g.Call(c.ctx, "party_invite_redeem", object{"code": came.by.Code}, nil)); !answered || outcome != string(came.want) {
			return fmt.Errorf("redeem = %q; want %q", outcome, came.want)
		}
		if came.want == "" {
			in = append(in, &member{Game: g})
			if _, err := g.Await(c.ctx, client.OfKind("party")); err != nil {
				return err
			}
		}
	}
	if err := leader.SendData(c.ctx, c.id, 7, []byte(was)); err != nil {
		return err
	}
	for _, m := range in[1:] {
		if _, err := m.Await(c.ctx, func(m client.Message) bool { return string(m.Envelope.GetPartyData().GetData()) == was }); err != nil {
			return err
		}
	}
	if !c.waits() {
		return nil
	}
	// A seat that becomes free is for the first on the wait list.
	last := in[len(in)-1]
	if err := last.LeaveParty(c.ctx, c.id); err != nil {
		return err
	}
	_, err := c.waiting[0].Await(c.ctx, func(m client.Message) bool {
		for _, n := range m.Envelope.GetNotifications().GetNotifications() {
			if party.Notice(n.GetCode()) == party.NoticeSeatFree {
				return true
			}
		}
		return false
	})
	return err
}
