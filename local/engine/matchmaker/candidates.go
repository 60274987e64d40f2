package matchmaker

import (
	"context"
	"slices"
)

// MaxCombinations bounds how many sets of tickets are tried for an override in one
// interval. The real server tries all of them, which takes it minutes with 25 tickets;
// a processor is the way for more.
const MaxCombinations = 1 << 17

// candidates returns every match that an active ticket could make of the tickets it finds.
func (p *pass) candidates(ctx context.Context) []combo {
	var all []combo
	for _, t := range p.active {
		p.age(t)
	}
	budget := MaxCombinations
	for _, t := range p.active {
		var hits combo
		for hit, err := range p.hits(ctx, t) {
			if err != nil {
				p.fail("matchmaker: ticket %s: %v", t.id, err)
				hits = nil
				break
			}
			if !t.meets(hit) {
				hits = append(hits, hit)
			}
		}
		combine(hits, t, &budget, func(c combo) { all = append(all, c) })
	}
	if budget <= 0 {
		p.fail("matchmaker: the override is offered only what %d combinations gave", MaxCombinations)
	}
	return all
}

// combine yields t with each set of hits that it makes a match with, t last. It ends
// when the budget of sets to try is used up.
func combine(hits combo, t *ticket, budget *int, yield func(combo)) {
	// Counting up in binary with the first hit as the lowest digit gives the real server's
	// order; taking the highest digit first lets whole branches be left out.
	var visit func(upTo int, c combo, n int)
	visit = func(upTo int, c combo, n int) {
		if *budget <= 0 {
			return
		}
		if upTo < 0 {
			*budget--
			if len(c) > 0 && possible(c, t, n) {
				found := slices.Clone(c)
				slices.Reverse(found)
				yield(append(found, t))
			}
			return
		}
		visit(upTo-1, c, n)
		if hit := hits[upTo]; n+hit.size() <= t.max && !slices.ContainsFunc(c, hit.meets) {
			visit(upTo-1, append(c, hit), n+hit.size())
		}
	}
	visit(len(hits)-1, nil, t.size())
}

// possible reports whether a match of n players suits t and, to the full, all of c: an
// override gets no match that is smaller than one of the found tickets would like best.
func possible(c combo, t *ticket, n int) bool {
	return t.fits(n) && !slices.ContainsFunc(c, func(hit *ticket) bool { return !hit.fits(n) || n != hit.max })
}
