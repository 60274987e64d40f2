// Package sampled records only some of many similar calls, because recording one costs more than most of them do.
package sampled

import "sync/atomic"

// Calls counts similar calls. The first First calls are recorded one by one, so few calls are counted exactly.
// After them one in Each is recorded, for Each calls. Safe for concurrent use.
type Calls struct {
	First, Each int64 // Each is more than 0

	count atomic.Int64
}

// Next counts a call. It returns for how many calls this one is recorded; 0 means not at all.
func (c *Calls) Next() int64 {
	switch n := c.count.Add(1) - c.First; {
	case n <= 0:
		return 1
	case n%c.Each == 0:
		return c.Each
	}
	return 0
}
