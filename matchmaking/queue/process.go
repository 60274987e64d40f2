package queue

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/matchmaking/formation"
	"partyline/party"
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

// pass is one run over the host's pool.
type pass struct {
	*Service
	number   int
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
func (s *Service) Process(ctx context.Context, entries []runtime.MatchmakerEntry) [][]runtime.MatchmakerEntry {
	p := &pass{Service: s, cfg: s.Policy(), began: s.Now(), placed: map[string]bool{}, left: map[string][]*waiting{}}
	_ = s.protected("pass", "", func() { p.process(ctx, entries) })
	return p.groups
}

func (p *pass) process(ctx context.Context, entries []runtime.MatchmakerEntry) {
	s := p.Service
	s.mu.Lock()
	p.number = s.passes
	s.passes++
	interval, tooSlow := time.Duration(0), false
	if asks(p.cfg) {
		interval, tooSlow = s.pace.begin(p.began)
	}
	s.mu.Unlock()
	if tooSlow {
		s.Logger.Warn("the server looks for matches too rarely for queues that ask their players; set matchmaker.interval_sec to 1 to 3 interval=%v", interval)
	}
	p.deadline = p.began.Add(p.cfg.Matchmaking.PassBudget)
	planned := p.began.Add(p.cfg.Matchmaking.PassBudget * 3 / 4) // the rest is for making what was planned
	for _, asked := range s.proposals.list("") {
		for _, user := range asked.users() {
			p.placed[user] = true
		}
	}
	s.withdrawUncollected(ctx)
	byQueue := p.sort(ctx, entries)
	names := slices.Sorted(maps.Keys(byQueue))
	for i := range names {
		// In turn, and each with its share of what is left: no queue uses up the others' time.
		name := names[(i+p.number)%len(names)]
		share := planned.Sub(s.Now()) / time.Duration(len(names)-i)
		_ = p.protected("pass", name, func() { p.run(ctx, name, p.cfg.Queues[name], byQueue[name], s.Now().Add(share)) })
	}
	p.make(ctx)
	p.remember()
	p.measure()
}

// asks reports whether a queue asks its players before a match is made.
func asks(c rules.Config) bool {
	for _, q := range c.Queues {
		if q.Accept != nil {
			return true
		}
	}
	return false
}

// sort compares the pool with the book, drops the tickets that can wait no longer, and
// answers the others by queue.
func (p *pass) sort(ctx context.Context, entries []runtime.MatchmakerEntry) map[string][]*waiting {
	pool, gone := p.book.meet(entries, p.edition(p.cfg.Queues), func(w *waiting) {
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

// edition grows whenever the queues are not what they were at the last pass.
func (s *Service) edition(queues map[string]rules.Queue) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.editions == 0 || !reflect.DeepEqual(queues, s.queues) {
		s.editions++
		s.queues = maps.Clone(queues)
	}
	return s.editions
}

// run places as many of a queue's tickets as it can until the deadline.
func (p *pass) run(ctx context.Context, name string, q rules.Queue, pool []*waiting, deadline time.Time) {
	ctx, cancel := context.WithDeadline(ctx, time.Now().Add(max(0, deadline.Sub(p.Now()))+launchGrace))
	defer cancel()
	r := &queueRun{pass: p, name: name, q: q, pool: pool, deadline: deadline, seeking: map[string]proposal{}, done: map[string]bool{}, there: map[string][]string{}}
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
	pool     []*waiting          // tickets that may be placed
	tickets  map[string]*waiting // every ticket of the queue, by ID; nil where there are no proposals
	seeking  map[string]proposal // in which somebody is to be replaced, by the name each has among running matches
	deadline time.Time
	done     map[string]bool     // running matches that take nobody more in this pass
	there    map[string][]string // who plays in those that blocks kept tickets out of
	turns    int                 // matches planned
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
		start = r.number * looksPerPass % n
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
		if r.look(ctx, w) == away {
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
		plan.queue, plan.rules, plan.turn = r.name, r.q, r.turns
		r.turns++
		r.plans = append(r.plans, plan)
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
		return r.done[m.ID] || len(m.Open) != r.q.Teams || r.paused(m.ID)
	})
	for i, m := range matches {
		misfits, _ := r.misfits.Kept(m.ID)
		matches[i].Apart = append(r.keptFrom(r.there[m.ID]), r.indexes(misfits)...)
	}
	return append(wanting, matches...)
}

// indexes are where those of the tickets are in the pool that are kept out until later.
func (r *queueRun) indexes(until map[string]time.Time) (at []int) {
	if len(until) == 0 {
		return nil
	}
	for i, w := range r.pool {
		if r.began.Before(until[w.id]) {
			at = append(at, i)
		}
	}
	return at
}

func (r *queueRun) without(tickets []*waiting) {
	out := make(map[*waiting]bool, len(tickets))
	for _, w := range tickets {
		out[w] = true
	}
	r.pool = slices.DeleteFunc(r.pool, func(w *waiting) bool { return out[w] })
	r.out = append(r.out, tickets...)
}

// outcome of looking at a ticket.
type outcome int

const (
	asKnown outcome = iota // it needs the seats it was taken to need
	changed                // it needs another number
	away                   // it cannot be placed in this pass, or not at all
)

// look finds out whom a ticket seats at this moment: everybody in the party, on the ticket
// or not, and those it holds seats for.
func (r *queueRun) look(ctx context.Context, w *waiting) outcome {
	if _, live := r.book.Get(w.id); !live {
		return away
	}
	if w.party == "" {
		w.users = []string{w.entries[0].GetPresence().GetUserId()}
		return asKnown
	}
	id, err := party.ParseID(w.party)
	if err != nil {
		r.Logger.Error("ticket of a malformed party ticket=%s party=%q", w.id, w.party)
		r.drop(ctx, w.id, DropInvalid)
		return away
	}
	v, err := r.Glance(ctx, id)
	if err != nil {
		if party.ReasonOf(err) != party.PartyNotFound {
			r.Logger.Warn("party not read, its ticket waits ticket=%s error=%v", w.id, err)
		}
		return away
	}
	for _, e := range w.entries {
		if _, member := v.Session(e.GetPresence().GetSessionId()); !member && !v.IsLost(e.GetPresence().GetSessionId()) {
			r.bar(w.id, e.GetPresence().GetUserId())
			r.drop(ctx, w.id, DropMembership) // the host is about to remove it
			return away
		}
	}
	before := w.need()
	w.users = users(sessions(v.View))
	w.spares = spares(r.q, len(w.users), r.Footprint(v))
	if kept := r.proposals.seats(w.id); kept > 0 { // a friend's news must not undo what was found
		w.spares = max(0, kept-len(w.users))
	}
	w.seats = len(w.users) + w.spares
	r.book.Seats(w.id, w.seats)
	if len(v.Members) > len(w.entries) { // somebody came in without ending the ticket
		for _, user := range w.users {
			r.dropSolo(ctx, user)
		}
	}
	switch {
	case w.seats > r.q.Largest():
		r.drop(ctx, w.id, DropTooLarge)
		return away
	case w.seats != before:
		return changed
	}
	return asKnown
}
