package formation

import (
	"cmp"
	"math"
	"slices"
	"time"

	"partyline/party/rules"
)

// latencyAt is the bound in milliseconds of a ticket that has waited for so long.
func latencyAt(l rules.Latency, waited time.Duration) float64 {
	if len(l.Regions) == 0 {
		return math.Inf(1)
	}
	bound := l.Start + l.Widen.PerSecond()*max(0, waited.Seconds())
	if l.Max > 0 {
		bound = min(bound, l.Max)
	}
	return bound
}

// within are the regions that a ticket accepts, as bits.
func within(l rules.Latency, t *Ticket, waited time.Duration) (bits uint64) {
	bound := latencyAt(l, waited)
	for r, ms := range t.Latency[:min(len(t.Latency), len(l.Regions), MaxRegions)] {
		if ms >= 0 && ms <= bound {
			bits |= 1 << r
		}
	}
	return bits
}

func (f *pass) findRegions() {
	if len(f.q.Latency.Regions) == 0 {
		return
	}
	f.near = make([]uint64, len(f.items))
	for at := range f.items {
		f.near[at] = within(f.q.Latency, f.ticket(at), f.waited(at))
	}
}

// regions are those that the ticket at a position accepts, its nearest first.
func (f *pass) regions(at int) []int {
	f.order = f.order[:0]
	for r := range min(len(f.q.Latency.Regions), MaxRegions) {
		if f.near[at]&(1<<r) != 0 {
			f.order = append(f.order, r)
		}
	}
	ms := f.ticket(at).Latency
	slices.SortStableFunc(f.order, func(a, b int) int { return cmp.Compare(ms[a], ms[b]) })
	return f.order
}

// bestRegion is, of the regions that all of those picked accept, the one where the worst
// of their latencies is lowest.
func (f *pass) bestRegion() string {
	all := ^uint64(0)
	for _, p := range f.pick {
		all &= f.near[p.at]
	}
	best, least := -1, math.Inf(1)
	for r := range min(len(f.q.Latency.Regions), MaxRegions) {
		if all&(1<<r) == 0 {
			continue
		}
		worst := 0.0
		for _, p := range f.pick {
			worst = max(worst, f.ticket(p.at).Latency[r])
		}
		if worst < least {
			best, least = r, worst
		}
	}
	return f.q.Latency.Regions[best]
}
