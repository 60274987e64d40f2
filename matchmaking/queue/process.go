package queue

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/internal/cache"
	"partyline/matchmaking/formation"
	"partyline/party/rules"
)

const (
	// maxRounds bounds how often a queue is formed again within one pass, because a party
	// turned out to be of another size than it was taken for.
	maxRounds = 4
	// looksPerPass is how many waiting parties of a queue are looked at again in each pass,
	// in turn. Those about to be placed are always looked at.
	looksPerPass = 512
	// maxFailures ends the making of a queue's matches: a host that cannot make one now will
	// not be able to make the next either.
	maxFailures = 3
	// restFor is how long tickets are not planned again whose match could not be made: the host, or the
	// game's handler, will hardly make the same one a second later.
	restFor = 30 * time.Second
)

// processor is the host's matchmaker. What it keeps between passes has no lock: the host runs one at a time.
type processor struct {
	*liveness
	blocks *blocking
	board  *board

	passes  int // so far
	edition int // of the queues: how often they were not those of the pass before
	queues  map[string]rules.Queue
	pace    pace
	resting *pauses                                    // queues, and running matches, whose fleet is not asked
	misfits *cache.Cache[string, map[string]time.Time] // by running match: tickets that it will not seat, until when
}

// misfitFor is how long a ticket is kept from a match that would not seat it: why that was may end, as the
// seat does that is kept for a player whose connection is lost.
const (
	misfitFor  = 15 * time.Second
	maxMisfits = 10_000 // matches
)

// pass is one run over the host's pool.
type pass struct {
	*processor
	cfg      rules.Config
	began    time.Time
	deadline time.Time
	placed   map[string]bool       // users who are to get a match in this pass
	left     map[string][]*waiting // by queue: who waits on
	out      []*waiting            // who may not be placed any more: planned, asked about a match, or gone
	plans    []planned
	groups   [][]runtime.MatchmakerEntry
}

// Process is the host's matchmaker: it is given every entry of every ticket, in any order, and returns
// the groups that have a match now. It never takes a ticket apart, and stops forming when the rules'
// pass_budget is used up. A failure costs the queue it happens in this pass, and no ticket.
func (pr *processor) Process(ctx context.Context, entries []runtime.MatchmakerEntry) [][]runtime.MatchmakerEntry {
	p := &pass{processor: pr, cfg: pr.Policy(), began: pr.Now(), placed: map[string]bool{}, left: map[string][]*waiting{}}
	_ = protected(pr.Logger, "pass", "", func() { p.process(ctx, entries) })
	pr.passes++
	return p.groups
}

func (p *pass) process(ctx context.Context, entries []runtime.MatchmakerEntry) {
	if slices.ContainsFunc(slices.Collect(maps.Values(p.cfg.Queues)), func(q rules.Queue) bool { return q.Accept != nil }) {
		if interval, tooSlow := p.pace.begin(p.began); tooSlow {
			p.Logger.Warn("the server looks for matches too rarely for queues that ask their players; set matchmaker.interval_sec to 1 to 3 interval=%v", interval)
		}
	}
	p.deadline = p.began.Add(p.cfg.Matchmaking.PassBudget)
	until := p.began.Add(p.cfg.Matchmaking.PassBudget * 3 / 4) // the rest is for making what was planned
	for _, asked := range p.proposals.list("") {
		for _, user := range asked.users() {
			p.placed[user] = true
		}
	}
	p.prepared.withdrawUncollected(ctx)
	byQueue := p.sort(ctx, entries)
	names := slices.Sorted(maps.Keys(byQueue))
	for i := range names {
		// In turn, and each with its share of what is left: no queue uses up the others' time.
		name := names[(i+p.passes)%len(names)]
		share := until.Sub(p.Now()) / time.Duration(len(names)-i)
		_ = protected(p.Logger, "pass", name, func() { p.run(ctx, name, p.cfg.Queues[name], byQueue[name], p.Now().Add(share)) })
	}
	p.makePlanned(ctx)
	p.remember()
	p.measure()
}

// sort compares the pool with the book, drops the tickets that can wait no longer, and
// answers the others by queue.
func (p *pass) sort(ctx context.Context, entries []runtime.MatchmakerEntry) map[string][]*waiting {
	if !reflect.DeepEqual(p.cfg.Queues, p.queues) {
		p.edition++
		p.queues = maps.Clone(p.cfg.Queues)
	}
	pool, gone := p.book.meet(entries, p.edition, func(w *waiting) {
		if q, ok := p.cfg.Queues[w.queue]; ok {
			w.key, w.standing, w.unfit = read(q, w.entries[0].GetProperties())
		}
	})
	for _, t := range gone {
		p.drop(ctx, t.ID, DropMembership)
	}
	byQueue := map[string][]*waiting{}
	for _, w := range pool {
		if w.ended {
			continue
		}
		q, ok := p.cfg.Queues[w.queue]
		switch {
		case !ok:
			p.drop(ctx, w.id, DropUnknown)
		case w.unfit != nil:
			p.Logger.Warn("ticket dropped ticket=%s queue=%s error=%v", w.id, w.queue, w.unfit)
			p.drop(ctx, w.id, DropInvalid)
		case p.began.Sub(w.created) > q.MaxWait && p.proposals.seats(w.id) == 0:
			p.drop(ctx, w.id, DropExpired)
		case p.began.Before(w.rests):
			p.out = append(p.out, w)
		default:
			byQueue[w.queue] = append(byQueue[w.queue], w)
		}
	}
	return byQueue
}

// run places as many of a queue's tickets as it can until the deadline.
func (p *pass) run(ctx context.Context, name string, q rules.Queue, pool []*waiting, deadline time.Time) {
	ctx, cancel := context.WithDeadline(ctx, time.Now().Add(max(0, deadline.Sub(p.Now()))+launchGrace))
	defer cancel()
	r := &queueRun{pass: p, name: name, q: q, pool: pool, deadline: deadline, done: map[string]bool{}, there: map[string][]string{}, seeking: map[string]proposal{}}
	r.advance(ctx)
	defer func() { p.left[name] = r.pool }()
	r.refresh(ctx)
	for range maxRounds {
		if !r.round(ctx) {
			return
		}
	}
}

// launchGrace is how much longer than the pass a match may take to be made: giving up on
// one half-way would leave its seats held for nobody.
const launchGrace = 2 * time.Second

// queueRun is the part of a pass that is about one queue.
type queueRun struct {
	*pass
	name     string
	q        rules.Queue
	pool     []*waiting // tickets that may be placed
	deadline time.Time
	done     map[string]bool     // running matches that take nobody more in this pass
	there    map[string][]string // who plays in those that blocks kept tickets out of
	turns    int                 // matches planned

	byID    map[string]*waiting // every ticket of the queue; nil where there are no proposals
	seeking map[string]proposal // in which somebody is to be replaced, by the name each has among running matches
}

func (r *queueRun) proceed() bool { return r.Now().Before(r.deadline) }

// share reports whether a part of the time that the queue has left now is not over. Whatever
// takes long, the steps after it have time for those it found first, the oldest.
func (r *queueRun) share(of time.Duration) (proceed func() bool) {
	until := r.Now().Add(r.deadline.Sub(r.Now()) / of)
	return func() bool { return r.Now().Before(until) }
}

// refresh looks at some of the waiting parties, so that one that has grown is told, and
// found a larger place, before its turn.
func (r *queueRun) refresh(ctx context.Context) {
	start, looks, proceed := 0, 0, r.share(4)
	if n := len(r.pool); n > looksPerPass {
		start = r.passes * looksPerPass % n
	}
	var out []*waiting
	for i := range r.pool {
		w := r.pool[(start+i)%len(r.pool)]
		if w.party == "" {
			continue
		}
		if looks++; looks > looksPerPass || !proceed() {
			break
		}
		if !r.look(ctx, w) {
			out = append(out, w)
		}
	}
	r.without(out)
}

// round forms once and places what comes of it. It answers whether another round is
// worth while, because something about the tickets has turned out to be different.
func (r *queueRun) round(ctx context.Context) (again bool) {
	var done []*waiting // placed, or not to be placed in this pass
	res := formation.Form(r.began, formation.Of(r.q), formation.Pool{Tickets: forFormation(r.pool), Open: r.open(ctx), Apart: blockPairs(r.q, r.pool)}, r.share(2))
	try := func(placements []formation.Placement, place func(placement) (planned, bool)) {
		pl, out, changed := r.take(ctx, placements)
		done, again = append(done, out...), again || changed || len(out) > 0
		if changed || len(out) > 0 {
			return
		}
		plan, ok := place(pl)
		if !ok {
			again = true
			return
		}
		again = again || len(plan.tickets) < len(pl)
		done = append(done, plan.tickets...)
		for _, user := range plan.tickets.users() {
			r.placed[user] = true
		}
		r.plan(plan, r.turns)
		r.turns++
	}
	for _, b := range res.Backfills {
		if !r.proceed() {
			break
		}
		try(b.Placements, func(pl placement) (planned, bool) {
			if plan, is := r.replace(b.MatchID, pl); is {
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
	r.without(done)
	return again && r.proceed() && len(r.pool) > 0
}

// plan has a match made, in its turn among those of the queue.
func (r *queueRun) plan(of planned, turn int) {
	of.queue, of.rules, of.grace, of.turn = r.name, r.q, r.cfg.Parties.ReconnectGrace, turn
	r.plans = append(r.plans, of)
}

// open lists the running matches to fill up, and the proposals to complete. Failing to list
// matches, new ones are made.
func (r *queueRun) open(ctx context.Context) []formation.OpenMatch {
	wanting := r.wanting()
	if !r.q.Backfill {
		return wanting
	}
	matches, err := r.Launcher.Open(ctx, r.name)
	if err != nil {
		r.Logger.Warn("open matches not listed queue=%s error=%v", r.name, err)
		return wanting
	}
	matches = slices.DeleteFunc(matches, func(m formation.OpenMatch) bool {
		return r.done[m.ID] || len(m.Open) != r.q.Teams || r.resting.left(m.ID) > 0
	})
	for i, m := range matches {
		misfits, _ := r.misfits.Kept(m.ID)
		matches[i].Apart = r.keptFrom(r.there[m.ID], misfits)
	}
	return append(wanting, matches...)
}

func (r *queueRun) without(tickets []*waiting) {
	out := make(map[*waiting]bool, len(tickets))
	for _, w := range tickets {
		out[w] = true
	}
	r.pool = slices.DeleteFunc(r.pool, func(w *waiting) bool { return out[w] })
	r.out = append(r.out, tickets...)
}

// remember keeps what the pass left waiting, for those who ask.
func (p *pass) remember() {
	for _, w := range p.out {
		if _, live := p.book.Get(w.id); live && !w.ended {
			p.left[w.queue] = append(p.left[w.queue], w)
		}
	}
	scenes := map[string]scene{}
	for name, left := range p.left {
		q := p.cfg.Queues[name]
		scenes[name] = scene{formation.Of(q), formation.Pool{Tickets: forFormation(left), Apart: blockPairs(q, left)}, &sync.Map{}}
	}
	p.board.scenes.Store(&scenes)
}

// measure reports what a pass leaves behind. To ask the book about each ticket once more would take a
// tenth of the pass.
func (p *pass) measure() {
	p.board.setGauges(p.board.report(func(of []formation.Ticket, f func(i int)) {
		for i := range of {
			f(i)
		}
	}))
	p.Metrics.MetricsTimerRecord(MetricPass, nil, p.Now().Sub(p.began))
	p.pace.before = time.Time{}
	for _, left := range p.left {
		if len(left) > 0 {
			p.pace.before = p.began
		}
	}
}
