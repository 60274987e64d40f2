package queue

import "time"

const (
	// slowPace is the time between two passes above which accepting matches is tedious: each replacement costs a pass.
	slowPace = 5 * time.Second
	// slowInARow is how many such times in a row count: a single one is a busy moment.
	slowInARow = 3
)

// pace measures how often the host runs a pass while somebody waits. The runtime does not show matchmaker.interval_sec.
type pace struct {
	lastPass  time.Time // when the last pass began; zero if it left nobody waiting, as the host may rest then
	slowCount int       // times above slowPace in a row
	reported  bool      // slowness was reported; it is reported once
}

// begin notes the begin of a pass. Once, after several slow passes in a row, it returns the time since the last pass.
func (p *pace) begin(now time.Time) (interval time.Duration, tooSlow bool) {
	if p.lastPass.IsZero() || now.Sub(p.lastPass) <= slowPace {
		p.slowCount = 0
		return 0, false
	}
	p.slowCount++
	if p.reported || p.slowCount < slowInARow {
		return 0, false
	}
	p.reported = true
	return now.Sub(p.lastPass), true
}
