package formation

import (
	"math"
	"time"

	"partyline/party/rules"
)

// What a queue allows a ticket depends on how long it has waited.

// widened returns a limit that grows with every second, up to most; most = 0 means no maximum.
func widened(start, perSecond, most float64, waited time.Duration) float64 {
	bound := start + perSecond*max(0, waited.Seconds())
	if most > 0 {
		bound = min(bound, most)
	}
	return bound
}

// windowAfter returns a ticket's skill window.
func (q *Queue) windowAfter(waited time.Duration) float64 {
	if q.NoSkill {
		return math.Inf(1)
	}
	return widened(q.Window, q.WidenPerSec, q.MaxWindow, waited)
}

// grown reports whether a ticket has waited the given number of times as long as its window grows.
func (q *Queue) grown(waited time.Duration, times float64) bool {
	return q.windowAfter(time.Duration(float64(waited)/times)) >= q.MaxWindow
}

// settledAfter is how many times as long as its window grows a ticket waits until it has settled.
const settledAfter = 2

// settled reports whether a ticket's window has had its full width for long.
func (q *Queue) settled(waited time.Duration) bool {
	return q.WidenPerSec <= 0 || q.MaxWindow > 0 && q.grown(waited, settledAfter)
}

// latencyAfter returns a ticket's latency limit in milliseconds.
func (q *Queue) latencyAfter(waited time.Duration) float64 {
	if len(q.Latency.Regions) == 0 {
		return math.Inf(1)
	}
	return widened(q.Latency.Start, q.Latency.Widen.PerSecond(), q.Latency.Max, waited)
}

// regionsWithin returns the regions that a ticket accepts, as bits. Regions beyond MaxRegions have no bit.
func (q *Queue) regionsWithin(t *Ticket, waited time.Duration) (bits uint64) {
	bound := q.latencyAfter(waited)
	for r, ms := range t.Latency[:min(len(t.Latency), len(q.Latency.Regions))] {
		if ms >= 0 && ms <= bound {
			bits |= 1 << r
		}
	}
	return bits
}

// smallestTeam returns the smallest team size around a ticket.
func (q *Queue) smallestTeam(waited time.Duration) int {
	if q.MinTeamSize > 0 && waited >= q.ShrinkAfter {
		return min(q.MinTeamSize, q.TeamSize)
	}
	return q.TeamSize
}

// parityLimits returns how far apart the sizes of the teams' largest tickets may be. first is tried before last.
func (q *Queue) parityLimits(waited time.Duration) (first, last int) {
	first, last = max(q.Parity.Diff, 0), math.MaxInt
	switch parity := q.Parity; {
	case parity.Mode == rules.ParityRequire || parity.Mode == rules.ParityPrefer && waited < parity.Relax:
		return first, first
	case parity.Mode == rules.ParityPrefer:
		return first, last
	}
	return last, last
}
