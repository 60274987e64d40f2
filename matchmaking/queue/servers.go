package queue

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/matchmaking"
)

var (
	errTooLong = errors.New("the game server was not ready in time")
	errEnded   = errors.New("the match ended before its players came")
)

// proposes reports whether matches of the queue wait for somebody before they are made.
func (r *queueRun) proposes() bool {
	_, fleet := r.q.Server()
	return fleet || r.q.Accept != nil
}

// served is what has become of a proposal's game server.
func (r *queueRun) served(ctx context.Context, p proposal) matchmaking.OrderState {
	if p.order == nil {
		return matchmaking.OrderPending
	}
	fleet, is := r.q.Server()
	if state, _ := p.order.State(); state == matchmaking.OrderPending && (!is || r.began.After(p.ordered.Add(fleet.ReadyWithin))) {
		p.order.Cancel(errTooLong)
	} else if state == matchmaking.OrderReady && !p.fill {
		// A server may end its match while nobody plays: after the commit that would cost the tickets.
		if _, _, err := r.Launcher.Reserve(ctx, p.match, nil); errors.Is(err, matchmaking.ErrGone) {
			p.order.Cancel(errEnded)
		}
	}
	state, err := p.order.State()
	if state == matchmaking.OrderFailed {
		r.Logger.Warn("no game server queue=%s match=%s error=%v", r.name, p.match, err)
	}
	return state
}

// dissolve ends a proposal; its tickets wait on. A player who was asked, or waited for a
// server, is told why.
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
	asked := slices.ContainsFunc(p.parts, func(part *part) bool { return len(part.asked) > 0 })
	for _, ticket := range r.proposals.end(p.id) {
		if t, live := r.book.Get(ticket); live && !p.fill && (why == NoCapacity || asked) {
			r.announce(ctx, t, Event{Event: Queued, Queue: t.Queue, Ticket: t.ID, Reason: why})
		}
	}
}

// slotsAgain is how long a match takes nobody whose server had no slots: half of the minute for which fleets
// keep a slot that may come free.
const slotsAgain = 30 * time.Second

// pause keeps the queue from asking for a game server again at once: the fleet that has none
// now will hardly have one in the next pass. With the default of ready_within it is 10 s. Where a running
// match had no slots, it pauses that match alone.
func (r *queueRun) pause(p proposal) {
	fleet, _ := r.q.Server()
	what, until := r.name, r.Now().Add(fleet.ReadyWithin/6)
	if p.fill {
		what, until = p.match, r.Now().Add(slotsAgain)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	maps.DeleteFunc(r.failures, func(_ string, end time.Time) bool { return !r.began.Before(end) })
	r.failures[what] = until
}

// paused reports whether the fleet is not asked for a queue, or for a running match.
func (s *Service) paused(what string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Now().Before(s.failures[what])
}

// order asks the fleet for the game server of a plan, or for slots on the one of a running
// match. Its tickets are in a proposal until there is an answer.
func (p *pass) order(ctx context.Context, plan *planned) {
	fleet, _ := plan.rules.Server()
	fill := plan.match != ""
	if !fill && p.paused(plan.queue) {
		return
	}
	id := plan.proposal
	if id == 0 {
		teams := slices.Repeat([]int{plan.teamSize}, plan.rules.Teams) // 0 seats for a fill
		for _, w := range plan.tickets {
			if fill {
				teams[w.team] += w.need()
			}
		}
		id = p.proposals.begin(proposal{queue: plan.queue, teams: teams, region: plan.region, parts: plan.tickets.parts(), fill: fill})
	}
	if fill {
		p.proposals.await(id, plan.match, p.Servers.OrderSlots(plan.match, plan.tickets.users()), p.Now())
		return
	}
	match, order, err := p.Servers.OrderServer(ctx, plan.launch(p.cfg.Parties.ReconnectGrace), fleet, plan.tickets.users(), plan.latencies())
	if err != nil {
		p.Logger.Error("no game server asked for queue=%s error=%v", plan.queue, err)
		order = matchmaking.NoOrder(err)
	}
	p.proposals.await(id, match, order, p.Now())
}

// latencies are what the players say of the queue's regions.
func (p *planned) latencies() (all []runtime.FleetUserLatencies) {
	if p.rules.Latency == nil {
		return nil
	}
	for _, e := range p.tickets.entries() {
		for _, region := range p.rules.Latency.Regions {
			if ms, ok := e.GetProperties()[PropertyLatency+region].(float64); ok {
				all = append(all, runtime.FleetUserLatencies{UserId: e.GetPresence().GetUserId(), RegionIdentifier: region, LatencyInMilliseconds: float32(ms)})
			}
		}
	}
	return all
}
