package fault

import (
	"sync"
	"time"
)

// Clock stands still between calls. Each call of Now moves it by one microsecond, so that no two times are equal.
// Apart from that, only [Clock.Jump] moves it.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock makes a clock that shows start.
func NewClock(start time.Time) *Clock { return &Clock{now: start} }

// Now returns the time. Pass it as Options.Now to an engine or a module.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Microsecond)
	return c.now
}

// Jump moves the clock by d; a negative d moves it back.
func (c *Clock) Jump(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
