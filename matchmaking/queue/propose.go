package queue

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"time"

	"partyline/matchmaking"
	"partyline/matchmaking/formation"
)

// advance continues the queue's proposals. It takes off players who did not answer, plans the complete proposals and
// dissolves those that have failed. The tickets of the others leave the pool.
func (r *queueRun) advance(ctx context.Context) {
	all := r.proposals.list(r.name)
	if len(all) == 0 {
		return
	}
	r.byID = make(map[string]*poolTicket, len(r.pool))
	for _, w := range r.pool {
		r.byID[w.id] = w
	}
	unread := map[int]bool{}
	for _, p := range all {
		unread[p.id] = !r.settle(ctx, p)
	}
	for _, p := range r.proposals.list(r.name) {
		failed := NoReason
		switch served := r.orderState(ctx, p); {
		case served == matchmaking.OrderFailed:
			failed = NoCapacity
		case !reflect.DeepEqual(p.rules, r.q), !p.full() && (p.fill || r.q.Accept == nil || r.began.After(p.missingSince.Add(r.q.Accept.Replace))):
			failed = QueuedAgain
		case unread[p.id]:
		case p.complete() && served == matchmaking.OrderReady:
			failed = r.planComplete(ctx, p)
		case !p.full():
			r.incomplete[proposalPrefix+strconv.Itoa(p.id)] = p
		}
		if failed != NoReason {
			r.dissolve(ctx, p, failed)
			continue
		}
		for _, part := range p.parts {
			r.byID[part.ticket].out = true
		}
	}
}

// planComplete plans the match of a proposal. If a running match does not take all of its tickets any more, it says why
// the proposal has failed.
func (r *queueRun) planComplete(ctx context.Context, p proposal) (failed DropReason) {
	plan := planned{
		tickets: r.placementOf(p), proposal: p.id, complete: true, teamSize: slices.Max(p.teams), region: p.region,
		match: p.match, hasServer: p.order != nil, fill: p.fill,
	}
	if p.fill {
		filled, ok := r.fill(ctx, p.match, plan.tickets)
		if !ok || len(filled.tickets) < len(plan.tickets) {
			return QueuedAgain
		}
		plan.others = filled.others
	}
	r.addPlan(plan, -1)
	return NoReason
}

// settle takes tickets off a proposal: those that ended, need another number of seats, seat a user who plays elsewhere,
// or were not accepted in time. It returns false if a party could not be read: then its ticket is not settled.
func (r *queueRun) settle(ctx context.Context, p proposal) (known bool) {
	known = true
	for _, part := range p.parts {
		switch w := r.byID[part.ticket]; {
		case w == nil:
			if t, live := r.book.Get(part.ticket); live { // the host reports a broken connection two seconds later
				r.membersPresent(ctx, t)
			}
			r.proposals.remove(part.ticket, r.began)
		case !r.refreshTicket(ctx, w):
			_, live := r.book.Get(w.id)
			known = known && !live
		case w.seatsNeeded() != part.seats || !r.seatFriends(part, w.users):
			r.sendBack(ctx, part.ticket)
		case !part.allAccepted() && !r.began.Before(part.deadline):
			silent := slices.DeleteFunc(slices.Clone(part.asked), func(user string) bool { return slices.Contains(part.accepted, user) })
			r.drop(ctx, part.ticket, DropNoAnswer, silent...)
		}
	}
	return known
}

// seatFriends notes the friends who came in on the seats that a part holds. It returns false if one of them has a
// match, or is asked about one, with another ticket.
func (r *queueRun) seatFriends(part part, users []string) bool {
	fresh := slices.DeleteFunc(slices.Clone(users), func(user string) bool { return slices.Contains(part.users, user) })
	if slices.ContainsFunc(fresh, func(user string) bool { return r.placed[user] }) {
		return false
	}
	for _, user := range fresh {
		r.placed[user] = true
	}
	r.proposals.setUsers(part.ticket, users)
	return true
}

func (r *queueRun) placementOf(p proposal) (pl placement) {
	for _, part := range p.parts {
		w := r.byID[part.ticket]
		w.team = part.team
		if p.order != nil {
			w.late = slices.DeleteFunc(slices.Clone(w.users), func(user string) bool { return slices.Contains(p.expected, user) })
		}
		pl = append(pl, w)
	}
	return pl
}

// proposalPrefix starts the names of proposals among the running matches to fill. No match has such a name.
const proposalPrefix = "proposal "

// proposalsToFill returns the proposals that need a replacement, as matches to fill.
func (r *queueRun) proposalsToFill() (open []formation.OpenMatch) {
	for name, p := range r.incomplete {
		m := formation.OpenMatch{ID: name, Open: p.freeSeats(), Region: p.region}
		pl := r.placementOf(p)
		for _, w := range pl {
			m.Planned = append(m.Planned, formation.Planned{Ticket: w.forFormation(), Team: w.team})
		}
		m.Key, m.Skill = pl[0].key, pl.skill()
		users, expected := pl.users(), pl.expected()
		for i, w := range r.pool {
			if w.mayNotMeet(&r.q, users, expected) {
				m.Apart = append(m.Apart, i)
			}
		}
		open = append(open, m)
	}
	return open
}

// planReplacement plans tickets for a proposal, if the match to fill is one.
func (r *queueRun) planReplacement(match string, pl placement) (plan planned, is bool) {
	p, is := r.incomplete[match]
	delete(r.incomplete, match)
	return planned{tickets: pl, proposal: p.id, others: p.users(), awaited: r.placementOf(p).expected()}, is
}

var errTooLong = errors.New("the game server was not ready in time")

// orderState returns the state of a proposal's order for a game server or slots; ready if it needs none. It cancels an
// order that takes too long, or whose new match no longer takes these players.
func (r *queueRun) orderState(ctx context.Context, p proposal) matchmaking.OrderState {
	if p.order == nil {
		return matchmaking.OrderReady
	}
	fleet, _ := r.q.FleetConfig()
	if state, _ := p.order.State(); state == matchmaking.OrderPending && r.began.After(p.orderedAt.Add(fleet.ReadyWithin)) {
		p.order.Cancel(errTooLong)
	} else if state == matchmaking.OrderReady && !p.fill {
		// A server may end its match while nobody plays. After the commit a failure would cost the tickets, so the
		// seats are asked for now.
		if _, misfits, err := r.reserve(ctx, p.match, r.placementOf(p).claims()); len(misfits) > 0 || err != nil && !errors.Is(err, errBusy) {
			p.order.Cancel(fmt.Errorf("could not reserve the seats on the game server: error=%v misfits=%v", err, misfits))
		}
	}
	state, err := p.order.State()
	if state == matchmaking.OrderFailed {
		r.Logger.Warn("no game server queue=%s match=%s error=%v", r.name, p.match, err)
	}
	return state
}

// dissolve ends a proposal, and its tickets wait on. It tells why to players who were asked or waited for a new server.
func (r *queueRun) dissolve(ctx context.Context, p proposal, why DropReason) {
	for _, user := range p.users() {
		delete(r.placed, user)
	}
	if why == NoCapacity {
		r.pause(p)
	}
	if p.order != nil {
		p.order.Cancel(errIncomplete)
	}
	asked := slices.ContainsFunc(p.parts, func(part part) bool { return len(part.asked) > 0 })
	for _, ticket := range r.proposals.end(p.id) {
		if t, live := r.book.Get(ticket); live && !p.fill && (why == NoCapacity || asked) {
			r.announce(ctx, t, Event{Event: Queued, Queue: t.Queue, Ticket: t.ID, Reason: why})
		}
	}
}

// noSlotsPause is how long a match takes nobody after its server had no slots. It is half of the minute for which
// fleets keep a slot that may become free.
const noSlotsPause = 30 * time.Second

// pause stops the queue from ordering a game server again at once: a fleet that has none now will hardly have one in
// the next pass. With the default of ready_within it is 10 s. If a running match had no slots, only that match pauses.
func (r *queueRun) pause(p proposal) {
	if p.fill {
		r.paused.begin(p.match, noSlotsPause)
		return
	}
	fleet, _ := r.q.FleetConfig()
	r.paused.begin(r.name, fleet.ReadyWithin/6)
}
