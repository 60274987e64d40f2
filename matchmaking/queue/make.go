package queue

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/matchmaking"
	"partyline/matchmaking/formation"
	"partyline/matchmaking/seats"
	"partyline/party"
	"partyline/party/rules"
)

// Launcher makes and fills matches; *[matchmaking.Matches] is one. Its calls are part of a
// matchmaker pass, or of the host's hook behind it, and must be quick.
type Launcher interface {
	Launch(ctx context.Context, l matchmaking.Launch) (matchID string, err error)
	Open(ctx context.Context, queue string) ([]formation.OpenMatch, error)
	Reserve(ctx context.Context, matchID string, claims []seats.Claim) (users []string, misfits []int, err error)
	Commit(ctx context.Context, matchID string, claims []seats.Claim) error
	Withdraw(ctx context.Context, matchID string, claims []seats.Claim) error
	Release(ctx context.Context, id party.ID, userID string) error
}

// Servers asks the operator's fleet for game servers; *[matchmaking.Matches] does. Its calls
// return at once.
type Servers interface {
	OrderServer(ctx context.Context, l matchmaking.Launch, fleet rules.Fleet, users []string, latencies []runtime.FleetUserLatencies) (matchID string, o *matchmaking.Order, err error)
	OrderSlots(matchID string, users []string) *matchmaking.Order
	OrderSeat(matchID string, id party.ID, userID string)
}

// maker makes the matches that a pass has planned. Where a queue says so, it asks their players first, and
// the fleet.
type maker struct {
	*tickets
	launcher Launcher
	servers  Servers
	blocking *blocking
	resting  *pauses // queues whose fleet is not asked
}

// make makes what was planned, the queues in turn, as far as no block stands against it, and hands it to
// the host, which looks once more whether every ticket is there. What needs no blocks comes before they are
// read. How long that takes is not the pass's time: else a slow database would end every pass.
func (mk maker) make(ctx context.Context, plans []planned, deadline time.Time, hand func(*planned)) {
	slices.SortStableFunc(plans, func(a, b planned) int { return a.turn - b.turn })
	var free, checked []*planned
	for i := range plans {
		if plans[i].rules.Blocks == rules.BlocksAvoid {
			checked = append(checked, &plans[i])
		} else {
			free = append(free, &plans[i])
		}
	}
	mk.each(ctx, free, nil, true, deadline, hand)
	began := mk.now()
	apart, known := mk.blocking.apart(ctx, checked)
	mk.each(ctx, checked, apart, known, deadline.Add(mk.now().Sub(began)), hand)
}

// each makes plans in their order, as far as blocks allow: apart are the tickets of each that they keep out, all of
// them where that is not known. After the deadline it makes what all have accepted, and the first match of
// each queue: nobody waits for ever.
func (mk maker) each(ctx context.Context, plans []*planned, apart map[*planned][]*waiting, known bool, deadline time.Time, hand func(*planned)) {
	ctx, cancel := context.WithTimeout(ctx, max(0, deadline.Sub(mk.now()))+launchGrace)
	defer cancel()
	failures, late := map[string]int{}, 0
	for _, plan := range plans {
		out := apart[plan]
		if len(out) > 0 {
			mk.logger.Info("block between players queue=%s match=%s tickets=%d out=%d", plan.queue, plan.match, len(plan.tickets), len(out))
		}
		plan.running = plan.match != "" && (plan.fill || !plan.served)
		joins := plan.proposal != 0 && !plan.complete
		if plan.running || joins {
			mk.prepared.leaveOut(ctx, plan, out)
		}
		if plan.complete && known {
			for _, w := range out {
				mk.sendBack(ctx, w.id, plan.queue)
			}
		}
		if len(plan.tickets) == 0 || !plan.running && !joins && len(out) > 0 {
			continue
		}
		_, fleet := plan.rules.Server()
		if fleet && !joins && !plan.running && !plan.served && mk.resting.left(plan.queue) > 0 {
			continue // there is no server to be had, so nobody is asked about a match either
		}
		if joins || !plan.running && !plan.complete && plan.rules.Accept != nil {
			mk.ask(ctx, plan)
			continue
		}
		if fleet && !plan.served {
			_ = protected(mk.logger, "ask for a game server", plan.queue, func() { mk.order(ctx, plan) })
			continue
		}
		plan.claims = plan.tickets.claims()
		if !plan.running && !plan.served {
			if failures[plan.queue] == maxFailures {
				continue
			}
			if ctx.Err() != nil || plan.turn > 0 && !mk.now().Before(deadline) {
				late++
				continue
			}
			_ = protected(mk.logger, "make a match", plan.queue, func() { plan.match = mk.launch(ctx, plan) })
			if plan.match == "" {
				if !plan.complete {
					failures[plan.queue]++
				}
				mk.unmade(ctx, plan)
				continue
			}
		}
		mk.prepared.add(plan)
		hand(plan)
	}
	if late > 0 {
		mk.logger.Warn("no time is left in the pass, its last matches wait for the next matches=%d", late)
	}
}

// launch makes a new match that nobody is told of; "" where that failed.
func (mk maker) launch(ctx context.Context, plan *planned) string {
	plan.launched = plan.launch()
	quiet := plan.launched
	quiet.Unannounced = true
	match, err := mk.launcher.Launch(ctx, quiet)
	if err == nil && match == "" {
		err = errors.New("a match without an ID")
	}
	if err != nil {
		mk.logger.Error("match not made queue=%s tickets=%d error=%v", plan.queue, len(plan.tickets), err)
		return ""
	}
	return match
}

// unmade has the tickets of a match that could not be made wait on, without a proposal. After their players
// were asked, or the second time, they are planned again after a while only: their players would be asked in
// every pass, and a match that the game's handler refuses would be tried before all others each time.
func (mk maker) unmade(ctx context.Context, plan *planned) {
	for _, w := range plan.tickets {
		if plan.complete || w.unmade {
			w.rests = mk.now().Add(restFor)
		}
		w.unmade = true
		mk.sendBack(ctx, w.id, plan.queue)
	}
}

// ask proposes a match to the players of a plan, or asks those who are to replace somebody.
func (mk maker) ask(ctx context.Context, plan *planned) {
	by := mk.now().Add(plan.rules.Accept.Within)
	parts := plan.tickets.parts()
	for i, w := range plan.tickets {
		parts[i].asked, parts[i].by = w.people(), by
	}
	var stayed []*part
	if plan.proposal == 0 {
		teams := slices.Repeat([]int{plan.teamSize}, plan.rules.Teams)
		mk.proposals.begin(proposal{queue: plan.queue, teams: teams, region: plan.region, parts: parts})
	} else {
		var goesOn bool
		if stayed, goesOn = mk.proposals.join(plan.proposal, parts); !goesOn {
			return
		}
	}
	mk.metrics.MetricsCounterAdd(MetricProposed, map[string]string{"queue": plan.queue}, int64(len(parts)))
	mk.tellAll(ctx, parts, Found, by)
	mk.tellAll(ctx, stayed, Replaced, by)
}

func (mk maker) tellAll(ctx context.Context, parts []*part, name EventName, by time.Time) {
	for _, part := range parts {
		if t, live := mk.book.Get(part.ticket); live {
			mk.announce(ctx, t, Event{Event: name, Queue: t.Queue, Ticket: t.ID, AcceptBy: by.Unix()})
		}
	}
}

// order asks the fleet for the game server of a plan, or for slots on the one of a running
// match. Its tickets are in a proposal until there is an answer.
func (mk maker) order(ctx context.Context, plan *planned) {
	fleet, _ := plan.rules.Server()
	fill := plan.match != ""
	id := plan.proposal
	if id == 0 {
		teams := slices.Repeat([]int{plan.teamSize}, plan.rules.Teams) // 0 seats for a fill
		for _, w := range plan.tickets {
			if fill {
				teams[w.team] += w.need()
			}
		}
		id = mk.proposals.begin(proposal{queue: plan.queue, teams: teams, region: plan.region, parts: plan.tickets.parts(), fill: fill})
	}
	if fill {
		mk.proposals.await(id, plan.match, mk.servers.OrderSlots(plan.match, plan.tickets.users()), mk.now())
		return
	}
	match, order, err := mk.servers.OrderServer(ctx, plan.launch(), fleet, plan.tickets.users(), plan.latencies())
	if err != nil {
		mk.logger.Error("no game server asked for queue=%s error=%v", plan.queue, err)
		order = matchmaking.NoOrder(err)
	}
	mk.proposals.await(id, match, order, mk.now())
}

// parts are the tickets as a proposal has them. Nobody is asked yet.
func (pl placement) parts() (parts []*part) {
	for _, w := range pl {
		parts = append(parts, &part{ticket: w.id, team: w.team, seats: w.need(), users: slices.Clone(w.users), accepted: map[string]bool{}})
	}
	return parts
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
