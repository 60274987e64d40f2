package queue

import "time"

const (
	// slowPace is the time between two passes above which being asked to accept a match is
	// tedious: each replacement costs one.
	slowPace = 5 * time.Second
	// slowInARow is how many such times in a row count: a single one is a busy moment.
	slowInARow = 3
)

// pace is how often the host runs a pass while somebody waits. The runtime does not show
// the setting (matchmaker.interval_sec), so it is measured.
type pace struct {
	before  time.Time // when the pass before began; zero if it left nobody waiting, as the host may rest then
	slow    int       // so many times in a row longer than slowPace
	isKnown bool      // that it is slow; said once
}

// begin notes that a pass begins and reports the time since the one before, once, when it
// has been too long several times.
func (p *pace) begin(now time.Time) (interval time.Duration, tooSlow bool) {
	if p.before.IsZero() || now.Sub(p.before) <= slowPace {
		p.slow = 0
		return 0, false
	}
	p.slow++
	if p.isKnown || p.slow < slowInARow {
		return 0, false
	}
	p.isKnown = true
	return now.Sub(p.before), true
}
