package matchmaker

import (
	"context"
	"math"
	"slices"
)

// combination is a list of tickets that may become a match together.
type combination []*ticket

func (c combination) size() (n int) {
	for _, t := range c {
		n += t.size()
	}
	return n
}

// match is Nakama's default matching. Every active ticket, oldest first, searches the pool for other tickets and
// forms the first valid match.
func (p *pass) match(ctx context.Context) []match {
	var found []match
	taken := map[*ticket]bool{}
	for _, t := range p.active {
		if ctx.Err() != nil {
			break
		}
		if taken[t] {
			continue
		}
		last := p.countPass(t)
		if c := p.search(ctx, t, taken, last); c != nil {
			found = append(found, newMatch(c))
			for _, member := range c {
				taken[member] = true
			}
		}
	}
	return found
}

// countPass counts a pass of an active ticket. It returns true for the ticket's last pass: after maxIntervals, or if
// the ticket accepts only one size. Such a ticket need not search again, because other tickets can find it.
func (p *pass) countPass(t *ticket) (last bool) {
	t.intervals++
	last = t.intervals >= p.maxIntervals || t.min == t.max
	if last {
		p.expired = append(p.expired, t)
	}
	return last
}

// search puts the tickets that t finds into combinations, each ticket into the first one with room. It returns the
// first combination that makes a match with t, or nil. A match of maximum size is returned at once. A smaller one is
// returned only in t's last active pass and after the last hit, because then it cannot grow.
func (p *pass) search(ctx context.Context, t *ticket, taken map[*ticket]bool, last bool) combination {
	var combos []combination
	consider := func(hit *ticket, lastHit bool) combination {
		if t.sharesSession(hit) || t.size()+hit.size() > t.max {
			return nil
		}
		i := slices.IndexFunc(combos, func(c combination) bool {
			return c.size()+hit.size()+t.size() <= t.max && !slices.ContainsFunc(c, hit.sharesSession)
		})
		if i < 0 {
			i, combos = len(combos), append(combos, nil)
		}
		combos[i] = append(combos[i], hit)
		n := combos[i].size() + t.size()
		if n == t.max || last && lastHit && n >= t.min {
			return completeMatch(combos[i], t)
		}
		return nil
	}

	// A hit is considered when the next one is known, because the last hit has its own rule.
	var hit *ticket
	for next, err := range p.hits(ctx, t) {
		if err != nil {
			p.logError("matchmaker: ticket %s: %v", t.id, err)
			return nil
		}
		if taken[next] {
			continue
		}
		if hit != nil {
			if c := consider(hit, false); c != nil {
				return c
			}
		}
		hit = next
	}
	if hit == nil {
		return nil
	}
	return consider(hit, true)
}

// completeMatch makes a match of c and t. It returns nil if the match does not meet the conditions of all tickets. It
// does not change c.
func completeMatch(c combination, t *ticket) combination {
	n := c.size() + t.size()
	if surplus := n % t.multiple; surplus != 0 {
		out := pickSurplus(c, surplus)
		if out == nil {
			return nil
		}
		c = slices.DeleteFunc(slices.Clone(c), func(member *ticket) bool { return slices.Contains(out, member) })
		n -= surplus
	}
	if slices.ContainsFunc(c, func(member *ticket) bool { return !member.fits(n) }) {
		return nil
	}
	return append(slices.Clone(c), t)
}

// maxSubsets limits how many subsets are examined for one surplus. Their number doubles with every ticket, but more of
// them hardly improve the result.
const maxSubsets = 1 << 14

// pickSurplus chooses tickets with n players in total that must be left out. It returns nil if no tickets add up to n.
// As on the real server, it chooses the tickets with the lowest average creation time.
func pickSurplus(c combination, n int) combination {
	var best combination
	bestAge := math.Inf(1)
	budget := maxSubsets
	var pick func(rest, chosen combination, missing int, sum float64)
	pick = func(rest, chosen combination, missing int, sum float64) {
		if budget--; budget < 0 {
			return
		}
		if missing == 0 {
			if age := sum / float64(len(chosen)); age < bestAge {
				best, bestAge = slices.Clone(chosen), age
			}
			return
		}
		for i, t := range rest {
			if t.size() <= missing {
				pick(rest[i+1:], append(chosen, t), missing-t.size(), sum+float64(t.created))
			}
		}
	}
	pick(c, nil, n, 0)
	return best
}
