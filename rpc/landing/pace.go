package landing

import (
	"sync/atomic"
	"time"
)

const (
	pollEvery         = 2500 * time.Millisecond // how often a page asks by default
	pollSlowest       = time.Minute
	pollsPerProcessor = 100 // requests a second for each processor: about 5 % of its time
	refusalTurns      = 4   // turns that a refusal takes, because the server refuses only when processors are short
)

// pace limits how often all open pages together ask for their state: with many, each answer says when the page's next
// turn is. It has no lock: when processors are short, requests that wait for one slow each other.
type pace struct {
	apart time.Duration // time between two turns
	last  atomic.Int64  // the latest turn that was given, in Unix nanoseconds
}

// next takes turns and returns how long the page has to wait for them; 0 means that it may ask when it wants to.
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
