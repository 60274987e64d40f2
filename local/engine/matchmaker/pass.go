package matchmaker

import (
	"context"
	"iter"
	"maps"
	"slices"
	"sync"

	"partyline/local/engine/matchmaker/query"
)

// match is the tickets of one match.
type match struct {
	tickets []*ticket
	entries []*Entry // of all tickets, in the order in which players are listed
}

func newMatch(tickets []*ticket) match {
	m := match{tickets: tickets}
	for _, t := range tickets {
		m.entries = append(m.entries, t.entries...)
	}
	return m
}

// pass has the tickets at the start of one interval. A ticket may be withdrawn during the pass; commit then drops its
// match.
type pass struct {
	tickets      map[string]*ticket
	active       []*ticket // oldest first
	index        *query.Index
	maxIntervals int
	expired      []*ticket // active tickets that become passive after this pass
	logError     func(format string, v ...any)
}

// Process makes one pass over the tickets. It returns when all matched players have got their message. Passes never
// overlap.
func (m *Matchmaker) Process(ctx context.Context) {
	m.passLock.Lock()
	defer m.passLock.Unlock()
	defer m.setStats(m.countTickets())
	p, ok := m.begin()
	if !ok {
		return
	}
	matches := m.commit(p, m.findMatches(ctx, p))
	var told sync.WaitGroup
	for _, found := range matches {
		told.Go(func() { m.notifyPlayers(ctx, found.entries) })
	}
	told.Wait()
}

// begin takes the snapshot for a pass. It returns false if no ticket searches.
func (m *Matchmaker) begin() (*pass, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed || len(m.pool.active) == 0 {
		return nil, false
	}
	if m.index != nil {
		if err := m.index.Change(m.put, m.removed); err != nil {
			m.opts.Logger.Error("matchmaker: %v", err)
		}
		m.put, m.removed = nil, nil
	}
	return &pass{
		tickets:      maps.Clone(m.pool.tickets),
		active:       slices.SortedFunc(maps.Values(m.pool.active), byAge),
		index:        m.index,
		maxIntervals: m.opts.MaxIntervals,
		logError:     m.opts.Logger.Error,
	}, true
}

// findMatches finds the matches of a pass with the module's processor or with the default search.
func (m *Matchmaker) findMatches(ctx context.Context, p *pass) []match {
	if m.hooks.Processor != nil {
		return m.runProcessor(ctx, p)
	}
	return p.match(ctx)
}

// commit removes the matches' tickets from the pool and returns the valid matches. A match is valid if all its
// tickets still wait, so an earlier match cannot have taken one.
func (m *Matchmaker) commit(p *pass, found []match) []match {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, t := range p.expired {
		delete(m.pool.active, t.id)
	}
	var stand []match
	for _, f := range found {
		if !m.pool.allWaiting(f.tickets) {
			continue
		}
		for _, t := range f.tickets {
			m.drop(t)
		}
		stand = append(stand, f)
	}
	return stand
}

// hits yields the other tickets that t searches for, best match first, then oldest first.
func (p *pass) hits(ctx context.Context, t *ticket) iter.Seq2[*ticket, error] {
	return func(yield func(*ticket, error) bool) {
		for id, err := range p.index.Search(ctx, t.searchQuery(), len(p.tickets), "_score", fieldCreated) {
			if err != nil {
				yield(nil, err)
				return
			}
			if hit := p.tickets[id]; hit != t && !yield(hit, nil) {
				return
			}
		}
	}
}
