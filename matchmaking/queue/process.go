package queue

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/matchmaking/formation"
	"partyline/party/rules"
)

const (
	// maxRounds is how often one pass forms a queue at most. It forms again if a party turns out to have another size.
	maxRounds = 4
	// looksPerPass is of how many waiting tickets of a queue each pass reads the party again, in turn. It always reads
	// the parties that it is about to place.
	looksPerPass = 512
	// restFor is how long a ticket is not planned again after its match could not be made. The host, or the game's
	// handler, will hardly make the same match a second later.
	restFor = 30 * time.Second
)

// processor is the host's matchmaker. Its state has no lock, because the host runs one pass at a time.
type processor struct {
	*liveness
	blocks *blockChecker
	board  *board

	passes        int // so far
	queuesVersion int // number of the current queues; rises when a pass finds other queues than the pass before
	queues        map[string]rules.Queue
	lastPass      time.Time // when the last pass began; zero if it left nobody waiting, as the host may rest then
	slowPasses    int       // passes in a row that came late
	paused        *pauses   // queues and running matches that are not asked for now
}

// pass is one run over the host's pool.
type pass struct {
	*processor
	cfg      rules.Config
	began    time.Time
	deadline time.Time
	waiting  map[string][]*poolTicket // by queue: tickets that waited when the pass began
	placed   map[string]bool          // users who get a match in this pass
	plans    []*planned
	groups   [][]runtime.MatchmakerEntry
}

// Process is the host's matchmaker. The host passes every entry of every ticket, in any order. Process returns the
// groups that have a match now. It never splits a ticket, and stops forming when the rules' pass_budget is used up. A
// failure costs only its queue this pass, and no ticket.
func (pr *processor) Process(ctx context.Context, entries []runtime.MatchmakerEntry) [][]runtime.MatchmakerEntry {
	p := &pass{processor: pr, cfg: pr.Policy(), began: pr.Now(), placed: map[string]bool{}}
	_ = protected(pr.Logger, "pass", "", func() { p.process(ctx, entries) })
	pr.passes++
	return p.groups
}

func (p *pass) process(ctx context.Context, entries []runtime.MatchmakerEntry) {
	p.checkInterval()
	p.deadline = p.began.Add(p.cfg.Matchmaking.PassBudget)
	until := p.began.Add(p.cfg.Matchmaking.PassBudget * 3 / 4) // the rest is for making the planned matches
	for _, asked := range p.proposals.list("") {
		for _, user := range asked.users() {
			p.placed[user] = true
		}
	}
	p.prepared.withdrawUncollected(ctx)
	p.waiting = p.groupByQueue(ctx, entries)
	names := slices.Sorted(maps.Keys(p.waiting))
	for i := range names {
		// The queues take turns, and each gets its share of the remaining time.
		name := names[(i+p.passes)%len(names)]
		share := until.Sub(p.Now()) / time.Duration(len(names)-i)
		_ = protected(p.Logger, "pass", name, func() { p.runQueue(ctx, name, p.cfg.Queues[name], p.Now().Add(share)) })
	}
	p.makePlanned(ctx)
	p.storeSnapshots()
	p.board.Measure()
	p.Metrics.MetricsTimerRecord(MetricPass, nil, p.Now().Sub(p.began))
}

const (
	// slowInterval is the time between two passes above which accepting matches is tedious: each replacement costs a
	// pass.
	slowInterval = 5 * time.Second
	// slowInARow is how many such times in a row are reported: a single one is a busy moment.
	slowInARow = 3
)

// checkInterval warns if passes are too rare for queues with accept. The runtime does not show matchmaker.interval_sec.
func (p *pass) checkInterval() {
	asks := func(q rules.Queue) bool { return q.Accept != nil }
	interval := p.began.Sub(p.lastPass)
	if p.lastPass.IsZero() || interval <= slowInterval || !slices.ContainsFunc(slices.Collect(maps.Values(p.cfg.Queues)), asks) {
		if p.slowPasses < slowInARow { // it is reported once
			p.slowPasses = 0
		}
		return
	}
	if p.slowPasses++; p.slowPasses == slowInARow {
		p.Logger.Warn("passes are too rare for queues with accept; set matchmaker.interval_sec to 1 to 3 interval=%v", interval)
	}
}

// groupByQueue compares the pool with the book and drops tickets that may not wait longer. It returns the others.
func (p *pass) groupByQueue(ctx context.Context, entries []runtime.MatchmakerEntry) map[string][]*poolTicket {
	if !reflect.DeepEqual(p.cfg.Queues, p.queues) {
		p.queuesVersion++
		p.queues = maps.Clone(p.cfg.Queues)
	}
	pool, gone := p.book.reconcile(entries, p.queuesVersion, func(w *poolTicket) {
		if q, ok := p.cfg.Queues[w.queue]; ok {
			w.key, w.ticketValues, w.invalid = parseProperties(q, w.entries[0].GetProperties())
		}
	})
	for _, t := range gone {
		p.drop(ctx, t.ID, DropMembership)
	}
	byQueue := map[string][]*poolTicket{}
	for _, w := range pool {
		if w.ended {
			continue
		}
		q, ok := p.cfg.Queues[w.queue]
		switch {
		case !ok:
			p.drop(ctx, w.id, DropUnknownQueue)
		case w.invalid != nil:
			p.Logger.Warn("ticket dropped ticket=%s queue=%s error=%v", w.id, w.queue, w.invalid)
			p.drop(ctx, w.id, DropInvalid)
		case p.began.Sub(w.created) > q.MaxWait && p.proposals.seatsOf(w.id) == 0:
			p.drop(ctx, w.id, DropExpired)
		default:
			w.out = p.began.Before(w.restsUntil)
			byQueue[w.queue] = append(byQueue[w.queue], w)
		}
	}
	return byQueue
}

// runQueue places as many of a queue's tickets as it can until the deadline.
func (p *pass) runQueue(ctx context.Context, name string, q rules.Queue, deadline time.Time) {
	ctx, cancel := context.WithDeadline(ctx, time.Now().Add(max(0, deadline.Sub(p.Now()))+launchGrace))
	defer cancel()
	r := &queueRun{pass: p, name: name, q: q, pool: slices.Clone(p.waiting[name]), deadline: deadline, closed: map[string]bool{}, incomplete: map[string]proposal{}}
	r.advance(ctx)
	r.refreshSome(ctx)
	for range maxRounds {
		if !r.round(ctx) {
			return
		}
	}
}

// launchGrace is how long a match may take to be made after the end of the pass. A match given up half-way would hold
// seats for nobody.
const launchGrace = 2 * time.Second

// queueRun is the part of a pass that handles one queue.
type queueRun struct {
	*pass
	name         string
	q            rules.Queue
	pool         []*poolTicket // tickets that may be placed
	deadline     time.Time
	closed       map[string]bool // running matches that take no more players in this pass
	plannedCount int             // matches planned

	byID       map[string]*poolTicket // every ticket of the queue; nil without proposals
	incomplete map[string]proposal    // proposals that need a replacement, by their names among the running matches
}

func (r *queueRun) proceed() bool { return r.Now().Before(r.deadline) }

// share gives a step the given fraction of the queue's remaining time: proceed reports whether that time is not over.
// So a slow step leaves time for the next steps to place the oldest tickets.
func (r *queueRun) share(of time.Duration) (proceed func() bool) {
	until := r.Now().Add(r.deadline.Sub(r.Now()) / of)
	return func() bool { return r.Now().Before(until) }
}

// refreshSome reads some waiting parties again. So a party that has grown is told early, and gets a larger place.
func (r *queueRun) refreshSome(ctx context.Context) {
	proceed, n := r.share(4), len(r.pool)
	for i := range min(n, looksPerPass) {
		w := r.pool[(r.passes*looksPerPass+i)%n]
		if !w.party.IsZero() && !w.out && proceed() {
			w.out = !r.refreshTicket(ctx, w)
		}
	}
}

// round forms matches once and plans the result. It reports whether another round is useful, because something about
// the tickets was not as assumed.
func (r *queueRun) round(ctx context.Context) (again bool) {
	r.pool = slices.DeleteFunc(r.pool, func(w *poolTicket) bool { return w.out })
	if len(r.pool) == 0 || !r.proceed() {
		return false
	}
	res := formation.Form(r.began, formation.FromRules(r.q), formation.Pool{Tickets: forFormation(r.pool), Open: r.openMatches(ctx), Apart: apartPairs(r.q, r.pool)}, r.share(2))
	try := func(placements []formation.Placement, place func(placement) (planned, bool)) {
		var plan planned
		pl, ok := r.recheck(ctx, placements)
		if ok {
			plan, ok = place(pl)
		}
		again = again || !ok || len(plan.tickets) < len(pl)
		if !ok {
			return
		}
		for _, w := range plan.tickets {
			w.out = true
			for _, user := range w.users {
				r.placed[user] = true
			}
		}
		r.addPlan(plan, r.plannedCount)
		r.plannedCount++
	}
	for _, b := range res.Backfills {
		if !r.proceed() {
			break
		}
		try(b.Placements, func(pl placement) (planned, bool) {
			if plan, is := r.planReplacement(b.MatchID, pl); is {
				return plan, true
			}
			return r.fill(ctx, b.MatchID, pl)
		})
	}
	for _, m := range res.Matches {
		if !r.proceed() {
			break
		}
		try(m.Placements, func(pl placement) (planned, bool) {
			return planned{tickets: pl, teamSize: m.TeamSize, region: m.Region}, true
		})
	}
	return again
}

// addPlan adds a match to be made. turn is its place among the matches of the queue.
func (r *queueRun) addPlan(of planned, turn int) {
	of.queue, of.rules, of.grace, of.turn = r.name, r.q, r.cfg.Parties.ReconnectGrace, turn
	r.plans = append(r.plans, &of)
}

// openMatches lists the running matches to fill and the proposals that need a replacement. If the matches cannot be
// listed, the pass makes new ones only.
func (r *queueRun) openMatches(ctx context.Context) []formation.OpenMatch {
	wanting := r.proposalsToFill()
	if !r.q.Backfill {
		return wanting
	}
	matches, err := r.Launcher.Open(ctx, r.name)
	if err != nil {
		r.Logger.Warn("open matches not listed queue=%s error=%v", r.name, err)
		return wanting
	}
	matches = slices.DeleteFunc(matches, func(m formation.OpenMatch) bool {
		return r.closed[m.ID] || len(m.Open) != r.q.Teams || r.paused.remaining(m.ID) > 0
	})
	misfits := map[string][]int{} // by match
	for i, w := range r.pool {
		for match := range w.misfits {
			if w.isMisfit(match, r.began) {
				misfits[match] = append(misfits[match], i)
			}
		}
	}
	for i, m := range matches {
		matches[i].Apart = misfits[m.ID]
	}
	return append(wanting, matches...)
}

// storeSnapshots stores what the pass left waiting, for players and operators who ask.
func (p *pass) storeSnapshots() {
	p.lastPass = time.Time{}
	snapshots := map[string]snapshot{}
	for name, tickets := range p.waiting {
		q, left := p.cfg.Queues[name], slices.DeleteFunc(tickets, func(w *poolTicket) bool { return w.ended })
		if len(left) > 0 {
			p.lastPass = p.began
		}
		snapshots[name] = snapshot{formation.FromRules(q), formation.Pool{Tickets: forFormation(left), Apart: apartPairs(q, left)}, &sync.Map{}}
	}
	p.board.snapshots.Store(&snapshots)
}
