package fault

import (
	"sync"
	"time"
)

// Clock is a time that stands still between looks, but for a microsecond that every
// look takes, so that no two moments are the same. Only [Clock.Jump] moves it otherwise.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock makes a clock that shows start.
func NewClock(start time.Time) *Clock { return &Clock{now: start} }

// Now is the time; it is what Options.Now of an engine and of a module take.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Microsecond)
	return c.now
}

// Jump moves the clock by d, back if d is negative.
func (c *Clock) Jump(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
