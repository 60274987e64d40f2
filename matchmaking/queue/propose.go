package queue

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"partyline/matchmaking"
	"partyline/matchmaking/formation"
	"partyline/party"
)

// Accept takes a player's answer to the match that was found for a ticket; one who does not accept
// takes it off. It refuses with ProposalGone where none is offered to this player any more.
func (s *Service) Accept(ctx context.Context, caller party.Caller, ticket string, accept bool) (party.ProposalState, error) {
	state, known := s.proposals.answer(s.Now(), ticket, caller.UserID, accept)
	if !known {
		return state, party.Refuse(party.ProposalGone, "This match is not offered to you any more.")
	}
	if !accept {
		s.bar(ticket, caller.UserID)
		s.drop(ctx, ticket, DropDeclined)
	}
	return state, nil
}

// bar starts the cooldown of a player who takes a ticket off a match that is asked about, before it
// comes off.
func (s *Service) bar(ticket, userID string) {
	t, live := s.book.Get(ticket)
	if a := s.Policy().Queues[t.Queue].Accept; live && a != nil && s.proposals.state(ticket) != nil {
		s.proposals.bar(userID, s.Now(), s.Now().Add(a.Cooldown))
	}
}

// takeOff takes a ticket out of its proposal; a replacement is looked for as the queue says.
func (s *Service) takeOff(ticket, queue string) {
	var replace time.Duration
	if a := s.Policy().Queues[queue].Accept; a != nil {
		replace = a.Replace
	}
	s.proposals.remove(ticket, s.Now().Add(replace))
}

// sendBack takes a ticket out of its proposal to wait for another match. Players who were asked are told.
func (p *pass) sendBack(ctx context.Context, ticket, queue string) {
	asked := p.proposals.state(ticket) != nil
	p.takeOff(ticket, queue)
	if t, live := p.book.Get(ticket); live && asked {
		p.announce(ctx, t, Event{Event: Queued, Queue: t.Queue, Ticket: t.ID})
	}
}

// unmade has the tickets of a match that could not be made wait on, without a proposal. After their players
// were asked, or the second time, they are planned again after a while only: their players would be asked in
// every pass, and a match that the game's handler refuses would be tried before all others each time.
func (p *pass) unmade(ctx context.Context, plan *planned) {
	for _, w := range plan.tickets {
		if plan.complete || w.unmade {
			w.rests = p.Now().Add(restFor)
		}
		w.unmade = true
		p.sendBack(ctx, w.id, plan.queue)
	}
}

// advance goes on with the queue's proposals: it takes off who did not answer, plans what is complete,
// gives up what is over, and takes the tickets of those that go on out of the pool.
func (r *queueRun) advance(ctx context.Context) {
	all := r.proposals.list(r.name)
	if len(all) == 0 {
		return
	}
	r.tickets = make(map[string]*waiting, len(r.pool))
	for _, w := range r.pool {
		r.tickets[w.id] = w
	}
	var asked []*waiting
	unread := map[int]bool{}
	for _, p := range all {
		unread[p.id] = !r.settle(ctx, p)
	}
	for _, p := range r.proposals.list(r.name) {
		served := r.served(ctx, p)
		switch {
		case served == matchmaking.OrderFailed:
			r.dissolve(ctx, p, NoCapacity)
			continue
		case !r.fits(p), !p.full() && (p.fill || r.q.Accept == nil || r.began.After(p.until)):
			r.dissolve(ctx, p, QueuedAgain)
			continue
		case unread[p.id]:
		case p.complete():
			if p.order != nil && served == matchmaking.OrderPending {
				break
			}
			plan := planned{tickets: r.placementOf(p), queue: r.name, rules: r.q, turn: -1, proposal: p.id, complete: true, teamSize: slices.Max(p.teams), region: p.region, match: p.match, served: p.order != nil, fill: p.fill}
			if p.fill {
				filled, ok := r.fill(ctx, p.match, plan.tickets)
				if !ok || len(filled.tickets) < len(plan.tickets) {
					r.dissolve(ctx, p, QueuedAgain)
					continue
				}
				plan.others = filled.others
			}
			r.plans = append(r.plans, plan)
		case !p.full():
			r.seeking[proposalPrefix+strconv.Itoa(p.id)] = p
		}
		for _, part := range p.parts {
			asked = append(asked, r.tickets[part.ticket])
		}
	}
	r.without(asked)
}

// fits reports whether the queue, whose rules may have changed, still proposes matches of this size, in this region.
func (r *queueRun) fits(p proposal) bool {
	size, regions := slices.Max(p.teams), []string{""}
	if r.q.Latency != nil {
		regions = r.q.Latency.Regions
	}
	return r.proposes() && len(p.teams) == r.q.Teams && (p.fill || size <= r.q.TeamSize.Max && size >= cmp.Or(r.q.TeamSize.Min, r.q.TeamSize.Max) && slices.Contains(regions, p.region))
}

// settle takes those off a proposal who are gone, need another number of seats or seat somebody who
// is to play elsewhere, or did not answer in time. It reports false where a party could not be read: then nothing is known.
func (r *queueRun) settle(ctx context.Context, p proposal) (known bool) {
	known = true
	for _, part := range p.parts {
		w := r.tickets[part.ticket]
		if w != nil && r.look(ctx, w) == away {
			if _, live := r.book.Get(w.id); live {
				known = false
				continue
			}
		}
		if w == nil {
			r.takeOff(part.ticket, r.name)
			continue
		}
		if w.need() != part.seats || !r.takeIn(part, w.users) {
			r.sendBack(ctx, part.ticket, r.name)
			continue
		}
		if part.answered() || r.began.Before(part.by) {
			continue
		}
		for _, user := range part.asked {
			if !part.accepted[user] {
				r.bar(part.ticket, user)
			}
		}
		r.drop(ctx, part.ticket, DropNoAnswer)
	}
	return known
}

// takeIn notes the friends who have come in on the seats that a part holds. It reports false where one of
// them has a match, or is asked about one, with another ticket.
func (r *queueRun) takeIn(part *part, users []string) bool {
	fresh := slices.DeleteFunc(slices.Clone(users), func(user string) bool { return slices.Contains(part.users, user) })
	if slices.ContainsFunc(fresh, func(user string) bool { return r.placed[user] }) {
		return false
	}
	for _, user := range fresh {
		r.placed[user] = true
	}
	r.proposals.seat(part.ticket, users)
	return true
}

func (r *queueRun) placementOf(p proposal) (pl placement) {
	for _, part := range p.parts {
		w := r.tickets[part.ticket]
		w.team = part.team
		pl = append(pl, w)
	}
	return pl
}

// proposalPrefix marks proposals among the running matches that are filled: nobody has a
// match of this name.
const proposalPrefix = "proposal "

// wanting are the proposals in which somebody is to be replaced, as matches to fill.
func (r *queueRun) wanting() (open []formation.OpenMatch) {
	for name, p := range r.seeking {
		m := formation.OpenMatch{ID: name, Open: p.open(), Region: p.region}
		pl := r.placementOf(p)
		for _, w := range pl {
			m.Planned = append(m.Planned, formation.Planned{Ticket: w.forFormation(), Team: w.team})
		}
		m.Key, m.Skill = pl[0].key, pl.skill()
		m.Apart = r.keptFrom(p.users())
		open = append(open, m)
	}
	return open
}

// replace plans tickets for a proposal, if the match to fill is one.
func (r *queueRun) replace(match string, pl placement) (plan planned, is bool) {
	p, is := r.seeking[match]
	delete(r.seeking, match)
	return planned{tickets: pl, proposal: p.id, others: p.users()}, is
}

// ask proposes a match to the players of a plan, or asks those who are to replace somebody.
func (p *pass) ask(ctx context.Context, plan *planned) {
	by := p.Now().Add(plan.rules.Accept.Within)
	parts := plan.tickets.parts()
	for i, w := range plan.tickets {
		parts[i].asked, parts[i].by = w.people(), by
	}
	var stayed []*part
	if plan.proposal == 0 {
		teams := slices.Repeat([]int{plan.teamSize}, plan.rules.Teams)
		p.proposals.begin(proposal{queue: plan.queue, teams: teams, region: plan.region, parts: parts})
	} else {
		var goesOn bool
		if stayed, goesOn = p.proposals.join(plan.proposal, parts); !goesOn {
			return
		}
	}
	p.Metrics.MetricsCounterAdd(MetricProposed, map[string]string{"queue": plan.queue}, int64(len(parts)))
	p.tellAll(ctx, parts, Found, by)
	p.tellAll(ctx, stayed, Replaced, by)
}

// parts are the tickets as a proposal has them. Nobody is asked yet.
func (pl placement) parts() (parts []*part) {
	for _, w := range pl {
		parts = append(parts, &part{ticket: w.id, team: w.team, seats: w.need(), users: slices.Clone(w.users), accepted: map[string]bool{}})
	}
	return parts
}

func (p *pass) tellAll(ctx context.Context, parts []*part, name EventName, by time.Time) {
	for _, part := range parts {
		if t, live := p.book.Get(part.ticket); live {
			p.announce(ctx, t, Event{Event: name, Queue: t.Queue, Ticket: t.ID, AcceptBy: by.Unix()})
		}
	}
}

// everybody are those whom the ticket was last seen to seat; before that, who is on it.
func (w *waiting) everybody() []string {
	if w.users != nil {
		return w.users
	}
	return w.people()
}

// people are the different users on a ticket itself.
func (w *waiting) people() []string {
	ids := make([]string, 0, len(w.entries))
	for _, e := range w.entries {
		if id := e.GetPresence().GetUserId(); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}
