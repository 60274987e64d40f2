package landing

import (
	"sync/atomic"
	"time"
)

const (
	pollEvery   = 2500 * time.Millisecond // how often a page asks unless it is told otherwise
	pollSlowest = time.Minute
	pollsEach   = 100 // requests a second for each processor: about 5 % of its time
	busyTurns   = 4   // that a refusal takes: where there are refusals, processors are short
)

// pace is how often all open pages together ask for their state. While they are few, each asks
// when it wants to. From then on each answer says when its page has its turn again. It has no
// lock: where processors are short, a crowd that waits for one stands still.
type pace struct {
	apart time.Duration // one turn from the next
	last  atomic.Int64  // the last turn that was given, in Unix nanoseconds
}

// next gives some turns and is how long a page waits for them; 0 means that it may ask when
// it wants to.
func (p *pace) next(now time.Time, turns int) time.Duration {
	for {
		last := p.last.Load()
		turn := max(last, now.UnixNano()) + int64(turns)*int64(p.apart)
		wait := time.Duration(turn - now.UnixNano())
		switch {
		case wait > pollSlowest:
			return pollSlowest
		case !p.last.CompareAndSwap(last, turn):
			continue
		case wait <= pollEvery:
			return 0
		}
		return wait
	}
}
