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
	"partyline/party/rules"
)

// placement is tickets that go into one match together.
type placement []*waiting

// take looks at the tickets of a match about to be made. It returns those that cannot be placed
// after all, and whether any needs another number of seats than it was taken for.
func (r *queueRun) take(ctx context.Context, placements []formation.Placement) (pl placement, out []*waiting, resized bool) {
	here := map[string]bool{}
	for _, p := range placements {
		w := r.pool[p.Ticket]
		outcome := r.look(ctx, w)
		if outcome == changed {
			resized = true
			continue
		}
		// One user on two tickets would play against themselves.
		if outcome == away || slices.ContainsFunc(w.users, func(u string) bool { return here[u] || r.placed[u] }) {
			out = append(out, w)
			continue
		}
		for _, u := range w.users {
			here[u] = true
		}
		w.team = p.Team
		pl = append(pl, w)
	}
	return pl, out, resized
}

func (pl placement) users() (all []string) {
	for _, w := range pl {
		all = append(all, w.users...)
	}
	return all
}

// claims are one for each ticket, in the same order.
func (pl placement) claims() (all []seats.Claim) {
	for _, w := range pl {
		all = append(all, seats.Claim{PartyID: w.party, Team: w.team, UserIDs: w.users, Spares: w.spares})
	}
	return all
}

// entries are what the host is handed: every entry of every ticket.
func (pl placement) entries() (all []runtime.MatchmakerEntry) {
	for _, w := range pl {
		all = append(all, w.entries...)
	}
	return all
}

// skill is the mean of those placed, by seats.
func (pl placement) skill() float64 {
	sum, n := 0.0, 0
	for _, w := range pl {
		sum, n = sum+w.skill*float64(w.need()), n+w.need()
	}
	return sum / float64(n)
}

// planned is a placement that has yet to be checked and made.
type planned struct {
	tickets placement
	queue   string
	rules   rules.Queue
	turn    int      // which of its queue it is
	match   string   // the running match whose seats are reserved for it; "" for a new one
	others  []string // who else has a seat there

	teamSize int    // of a new match
	region   string // it is played in
	proposal int    // whose players accepted, or which the tickets are to join; 0 for none
	complete bool   // everybody has accepted
	served   bool   // the match has its game server, or the slots on it
	fill     bool   // the match is a running one

	// Once it is made:
	claims    []seats.Claim      // what is reserved in the match
	launched  matchmaking.Launch // what made it; the zero Launch for a running match
	running   bool               // the match runs already
	withdrawn bool               // guarded by the service's mutex
}

// fill reserves seats in a running match, once in a pass for tickets that may join it. It returns
// false where that failed, where the match will not seat one of them, or where blocks keep all of them out.
func (r *queueRun) fill(ctx context.Context, match string, pl placement) (planned, bool) {
	r.done[match] = true
	others, misfits, err := r.Launcher.Reserve(ctx, match, pl.claims())
	if err != nil {
		r.Logger.Info("match not filled queue=%s match=%s error=%v", r.name, match, err)
		return planned{}, false
	}
	if len(misfits) > 0 { // its seats are for others, as below
		known, _ := r.misfits.Kept(match)
		until := map[string]time.Time{}
		for ticket, end := range known {
			if r.began.Before(end) {
				until[ticket] = end
			}
		}
		for _, i := range misfits {
			until[pl[i].id] = r.began.Add(misfitFor)
		}
		r.misfits.Put(match, until)
		r.done[match] = false
		return planned{}, false
	}
	mine := pl.users()
	others = slices.DeleteFunc(others, func(user string) bool { return slices.Contains(mine, user) })
	plan := planned{tickets: pl, match: match, others: others}
	var out []*waiting
	for _, w := range pl {
		if r.q.Blocks == rules.BlocksAvoid && w.blocksAny(others) {
			out = append(out, w)
		}
	}
	r.leaveOut(ctx, &plan, out)
	if len(plan.tickets) == 0 { // its seats are for others, who would wait behind these in every pass
		r.there[match], r.done[match] = others, false
		return planned{}, false
	}
	return plan, true
}

// leaveOut takes tickets out of a plan that is as good without them: for a running match, or to
// replace somebody.
func (p *pass) leaveOut(ctx context.Context, plan *planned, out placement) {
	plan.tickets = slices.DeleteFunc(slices.Clone(plan.tickets), func(w *waiting) bool { return slices.Contains(out, w) })
	if plan.match == "" || plan.complete && !plan.fill {
		return // of a proposal nothing is reserved
	}
	p.withdraw(ctx, &planned{match: plan.match, claims: out.claims()})
}

// launch is the new match that the placement asks for.
func (p *planned) launch(grace time.Duration) matchmaking.Launch {
	size := p.teamSize
	if p.rules.Backfill {
		size = p.rules.TeamSize.Max // the seats of a smaller match are filled later
	}
	handler := p.rules.Match
	if _, fleet := p.rules.Server(); fleet {
		handler = matchmaking.SeatMatch
	}
	return matchmaking.Launch{
		Handler: handler, Queue: p.queue, Teams: p.rules.Teams, TeamSize: size, MaxParty: p.rules.MaxParty,
		Claims: p.tickets.claims(), SeatHold: p.rules.SeatHold, SeatHoldMax: p.rules.SeatHoldMax, Grace: max(p.rules.SeatHold, grace),
		Backfill: p.rules.Backfill, Tick: p.rules.Tick, Key: p.tickets[0].key, Skill: p.tickets.skill(), Region: p.region, AvoidBlocks: p.rules.Blocks == rules.BlocksAvoid,
	}
}

// make makes what was planned, the queues in turn, as far as no block stands against it and there is
// time, and hands it to the host, which looks once more whether every ticket is there.
func (p *pass) make(ctx context.Context) {
	if len(p.plans) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, max(0, p.deadline.Sub(p.Now()))+launchGrace)
	defer cancel()
	slices.SortStableFunc(p.plans, func(a, b planned) int { return a.turn - b.turn })
	apart, known := p.apart(ctx)
	failures := map[string]int{}
	for i := range p.plans {
		plan := &p.plans[i]
		out := apart[plan]
		if len(out) > 0 {
			p.Logger.Info("block between players queue=%s match=%s tickets=%d out=%d", plan.queue, plan.match, len(plan.tickets), len(out))
		}
		plan.running = plan.match != "" && (plan.fill || !plan.served)
		joins := plan.proposal != 0 && !plan.complete
		if plan.running || joins {
			p.leaveOut(ctx, plan, out)
		}
		if plan.complete && known {
			for _, w := range out {
				p.sendBack(ctx, w.id, plan.queue)
			}
		}
		if len(plan.tickets) == 0 || !plan.running && !joins && len(out) > 0 {
			continue
		}
		if joins || !plan.running && !plan.complete && plan.rules.Accept != nil {
			p.ask(ctx, plan)
			continue
		}
		if _, fleet := plan.rules.Server(); fleet && !plan.served {
			_ = p.protected("ask for a game server", plan.queue, func() { p.order(ctx, plan) })
			continue
		}
		plan.claims = plan.tickets.claims()
		if !plan.running && !plan.served {
			if failures[plan.queue] == maxFailures || !p.Now().Before(p.deadline) {
				continue
			}
			_ = p.protected("make a match", plan.queue, func() { plan.match = p.launch(ctx, plan) })
			if plan.match == "" {
				if !plan.complete {
					failures[plan.queue]++
				}
				p.unmade(ctx, plan)
				continue
			}
		}
		p.prepare(plan)
		p.groups = append(p.groups, plan.tickets.entries())
	}
}

// launch makes a new match that nobody is told of; "" where that failed.
func (p *pass) launch(ctx context.Context, plan *planned) string {
	plan.launched = plan.launch(p.cfg.Parties.ReconnectGrace)
	quiet := plan.launched
	quiet.Unannounced = true
	match, err := p.Launcher.Launch(ctx, quiet)
	if err == nil && match == "" {
		err = errors.New("a match without an ID")
	}
	if err != nil {
		p.Logger.Error("match not made queue=%s tickets=%d error=%v", plan.queue, len(plan.tickets), err)
		return ""
	}
	return match
}
