// Package sampled thins out what is noted of many calls alike, where noting one costs more
// than most of them do.
package sampled

import "sync/atomic"

// Calls counts calls alike. The first are noted one by one, so that few of them are counted
// exactly; after them one in Each is, for as many. Safe for concurrent use.
type Calls struct {
	First, Each int64 // Each is more than 0

	made atomic.Int64
}

// Next counts a call, and returns for how many calls it is to be noted; 0 is not at all.
func (c *Calls) Next() int64 {
	switch n := c.made.Add(1) - c.First; {
	case n <= 0:
		return 1
	case n%c.Each == 0:
		return c.Each
	}
	return 0
}
