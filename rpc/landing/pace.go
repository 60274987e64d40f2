package landing

import (
	"runtime"
	"time"

	"golang.org/x/time/rate"
)

const (
	pollEvery   = 2500 * time.Millisecond // how often a page asks unless it is told otherwise
	pollSlowest = time.Minute
	pollsEach   = 100 // requests a second for each processor: some five hundredths of its time
)

// pace is how often all open pages together ask for their state. While they are few, each asks
// when it wants to. From then on each answer says when its page has its turn again.
type pace struct{ turns *rate.Limiter }

func newPace() pace {
	most := float64(pollsEach * runtime.GOMAXPROCS(0))
	return pace{rate.NewLimiter(rate.Limit(most), int(most*pollEvery.Seconds()))}
}

// next is how long a page waits for its turn; 0 means that it may ask when it wants to.
func (p pace) next(now time.Time) time.Duration {
	turn := p.turns.ReserveN(now, 1)
	wait := turn.DelayFrom(now)
	switch {
	case wait <= pollEvery:
		return 0
	case wait > pollSlowest:
		turn.CancelAt(now)
		return pollSlowest
	}
	return wait
}
