package formation

import (
	"math"
	"time"

	"partyline/party/rules"
)

// What a queue allows a ticket depends on how long it has waited.

// widened is a bound that grows with every second; most = 0 is without end.
func widened(start, perSecond, most float64, waited time.Duration) float64 {
	bound := start + perSecond*max(0, waited.Seconds())
	if most > 0 {
		bound = min(bound, most)
	}
	return bound
}

// windowAfter is the reach of a ticket in skill.
func (q *Queue) windowAfter(waited time.Duration) float64 {
	if q.NoSkill {
		return math.Inf(1)
	}
	return widened(q.Window, q.WidenPerSec, q.MaxWindow, waited)
}

// grown reports whether a ticket has waited for so many times as long as its window grows.
func (q *Queue) grown(waited time.Duration, times float64) bool {
	return q.windowAfter(time.Duration(float64(waited)/times)) >= q.MaxWindow
}

// settledAfter is how much longer a ticket waits than its window grows until it has settled.
const settledAfter = 2

// settled reports whether a ticket's window has reached its full width for long.
func (q *Queue) settled(waited time.Duration) bool {
	return q.WidenPerSec <= 0 || q.MaxWindow > 0 && q.grown(waited, settledAfter)
}

// latencyAfter is the bound of a ticket in milliseconds.
func (q *Queue) latencyAfter(waited time.Duration) float64 {
	if len(q.Latency.Regions) == 0 {
		return math.Inf(1)
	}
	return widened(q.Latency.Start, q.Latency.Widen.PerSecond(), q.Latency.Max, waited)
}

// regionsWithin are the regions that a ticket accepts, as bits; those beyond MaxRegions have none.
func (q *Queue) regionsWithin(t *Ticket, waited time.Duration) (bits uint64) {
	bound := q.latencyAfter(waited)
	for r, ms := range t.Latency[:min(len(t.Latency), len(q.Latency.Regions))] {
		if ms >= 0 && ms <= bound {
			bits |= 1 << r
		}
	}
	return bits
}

// smallestTeam is the smallest team around a ticket.
func (q *Queue) smallestTeam(waited time.Duration) int {
	if q.MinTeamSize > 0 && waited >= q.ShrinkAfter {
		return min(q.MinTeamSize, q.TeamSize)
	}
	return q.TeamSize
}

// differences are the bounds on how far apart the teams' largest tickets may be around a ticket: the
// first is tried before the last.
func (q *Queue) differences(waited time.Duration) (first, last int) {
	first, last = max(q.Parity.Diff, 0), math.MaxInt
	switch parity := q.Parity; {
	case parity.Mode == rules.ParityRequire || parity.Mode == rules.ParityPrefer && waited < parity.Relax:
		return first, first
	case parity.Mode == rules.ParityPrefer:
		return first, last
	}
	return last, last
}
