package queue

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/matchmaking"
	"partyline/matchmaking/formation"
	"partyline/matchmaking/seats"
	"partyline/party"
	"partyline/party/rules"
)

// Launcher makes and fills matches; *[matchmaking.Matches] is one. Its calls must be quick: they are part of a
// matchmaker pass, or of the host's hook after it.
type Launcher interface {
	Launch(ctx context.Context, l matchmaking.Launch) (matchID string, err error)
	Open(ctx context.Context, queue string) ([]formation.OpenMatch, error)
	Reserve(ctx context.Context, matchID string, claims []seats.Claim) (users []string, misfits []int, err error)
	Commit(ctx context.Context, matchID string, claims []seats.Claim) error
	Withdraw(ctx context.Context, matchID string, claims []seats.Claim) error
	Release(ctx context.Context, id party.ID, userID string) error
}

// Servers asks the operator's fleet for game servers; *[matchmaking.Matches] is one. Its calls return at once.
type Servers interface {
	OrderServer(ctx context.Context, l matchmaking.Launch, fleet rules.Fleet, users []string, latencies []runtime.FleetUserLatencies) (matchID string, o *matchmaking.Order, err error)
	OrderSlots(matchID string, users []string) *matchmaking.Order
}

// SeatOrderer orders seats for friends who came in while their match was made; *[matchmaking.Retrier] is one. Its
// call returns at once.
type SeatOrderer interface {
	OrderSeat(matchID string, id party.ID, userID string)
}

// makePlanned makes the planned matches that no block forbids, the queues in turn, and hands them to the host. The host
// then checks again that every ticket is there. The time in which blocks are read does not count for the pass:
// otherwise a slow database would end every pass. After the deadline makePlanned still makes the matches that all
// players accepted, and the first match of each queue, so that nobody waits forever.
func (p *pass) makePlanned(ctx context.Context) {
	slices.SortStableFunc(p.plans, func(a, b *planned) int { return a.turn - b.turn })
	began := p.Now()
	plans := p.blocks.check(ctx, p.plans)
	deadline := p.deadline.Add(p.Now().Sub(began))
	ctx, cancel := context.WithTimeout(ctx, max(0, deadline.Sub(p.Now()))+launchGrace)
	defer cancel()
	late := 0
	for _, plan := range plans {
		_, fleet := plan.rules.FleetConfig()
		isNew := !plan.fill && !plan.hasServer && !plan.joins()
		switch {
		case !p.leaveOut(ctx, plan):
		case isNew && fleet && p.paused.remaining(plan.queue) > 0: // no server, so nobody is asked about a match either
		case plan.joins(), isNew && !plan.complete && plan.rules.Accept != nil:
			p.propose(ctx, plan)
		case fleet && !plan.hasServer:
			_ = protected(p.Logger, "ask for a game server", plan.queue, func() { p.orderServer(ctx, plan) })
		case isNew && (ctx.Err() != nil || plan.turn > 0 && !p.Now().Before(deadline)):
			late++
		case isNew && !p.launch(ctx, plan):
		default:
			plan.claims = plan.tickets.claims()
			p.prepared.add(plan)
			p.groups = append(p.groups, plan.tickets.entries())
		}
	}
	// A ticket may have been dropped since it was planned. The next pass gives back what is prepared for the others.
	p.groups = slices.DeleteFunc(p.groups, func(group []runtime.MatchmakerEntry) bool {
		return slices.ContainsFunc(group, func(e runtime.MatchmakerEntry) bool { _, live := p.book.Get(e.GetTicket()); return !live })
	})
	if late > 0 {
		p.Logger.Warn("pass ran out of time, its last matches wait for the next one matches=%d", late)
	}
}

// leaveOut removes the tickets that are kept out of a plan. It returns false if the plan cannot be made without them.
func (p *pass) leaveOut(ctx context.Context, plan *planned) bool {
	if len(plan.out) == 0 {
		return true
	}
	p.Logger.Info("players kept apart queue=%s match=%s tickets=%d out=%d", plan.queue, plan.match, len(plan.tickets), len(plan.out))
	if plan.complete {
		for _, w := range plan.out {
			p.sendBack(ctx, w.id)
		}
	}
	if !plan.fill && !plan.joins() {
		return false
	}
	p.prepared.leaveOut(ctx, plan, plan.out)
	return len(plan.tickets) > 0
}

// launch makes a new match and tells nobody. If that fails, its tickets wait on, without a proposal. If their players
// were asked, or the second time, they rest: otherwise every pass would ask the players again, and would try first a
// match that the game's handler refuses.
func (p *pass) launch(ctx context.Context, plan *planned) (made bool) {
	plan.launched = plan.launchSpec()
	quiet := plan.launched
	quiet.Unannounced = true
	var err error
	panicked := protected(p.Logger, "make a match", plan.queue, func() { plan.match, err = p.Launcher.Launch(ctx, quiet) })
	if err = cmp.Or(panicked, err); err == nil && plan.match != "" {
		return true
	}
	p.Logger.Error("match not made queue=%s tickets=%d error=%v", plan.queue, len(plan.tickets), err)
	for _, w := range plan.tickets {
		if plan.complete || w.failedBefore {
			w.restsUntil = p.Now().Add(restFor)
		}
		w.failedBefore = true
		p.sendBack(ctx, w.id)
	}
	return false
}

// propose asks the players of a plan about a match. The plan may be a new match or the replacement in a proposal.
func (p *pass) propose(ctx context.Context, plan *planned) {
	by := p.Now().Add(plan.rules.Accept.Within)
	parts := plan.tickets.parts()
	for i, w := range plan.tickets {
		parts[i].asked, parts[i].deadline = w.ownUsers(), by
	}
	var stayed []part
	if plan.joins() {
		var goesOn bool
		if stayed, goesOn = p.proposals.join(plan.proposal, parts); !goesOn {
			return
		}
	} else {
		p.proposals.begin(plan.asProposal(parts))
	}
	p.Metrics.MetricsCounterAdd(MetricProposed, map[string]string{"queue": plan.queue}, int64(len(parts)))
	p.tellAll(ctx, parts, Found, by)
	p.tellAll(ctx, stayed, Replaced, by)
}

func (p *pass) tellAll(ctx context.Context, parts []part, name EventName, by time.Time) {
	for _, part := range parts {
		if t, live := p.book.Get(part.ticket); live {
			p.announce(ctx, t, Event{Event: name, Queue: t.Queue, Ticket: t.ID, AcceptBy: by.Unix()})
		}
	}
}

// orderServer orders the game server of a plan, or slots on the server of a running match. The tickets are in a
// proposal until the answer comes.
func (p *pass) orderServer(ctx context.Context, plan *planned) {
	fleet, _ := plan.rules.FleetConfig()
	id := plan.proposal
	if id == 0 {
		id = p.proposals.begin(plan.asProposal(plan.tickets.parts()))
	}
	if plan.fill {
		p.proposals.setOrder(id, plan.match, p.Servers.OrderSlots(plan.match, plan.tickets.users()), p.Now())
		return
	}
	match, order, err := p.Servers.OrderServer(ctx, plan.launchSpec(), fleet, plan.tickets.users(), plan.latencies())
	if err != nil {
		p.Logger.Error("no game server ordered queue=%s error=%v", plan.queue, err)
		order = matchmaking.FailedOrder(err)
	}
	p.proposals.setOrder(id, match, order, p.Now())
}

// parts returns the tickets as parts of a proposal. Nobody is asked yet.
func (pl placement) parts() (parts []part) {
	for _, w := range pl {
		parts = append(parts, part{ticket: w.id, team: w.team, seats: w.seatsNeeded(), users: slices.Clone(w.users)})
	}
	return parts
}

func (p *planned) asProposal(parts []part) proposal {
	teams := slices.Repeat([]int{p.teamSize}, p.rules.Teams) // 0 seats for a fill
	for _, part := range parts {
		if p.fill {
			teams[part.team] += part.seats
		}
	}
	return proposal{queue: p.queue, rules: p.rules, teams: teams, region: p.region, parts: parts, fill: p.fill}
}

// latencies returns the players' latencies to the queue's regions, as the tickets have them.
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
