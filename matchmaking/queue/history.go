package queue

import (
	"math"
	"slices"
	"sync"
	"time"

	"partyline/party"
)

const (
	historyLength = 512 // waits remembered for each queue and size
	minWaits      = 20  // fewer waits give no estimate
)

// history has the last waits of tickets that found a match, by queue and size. Safe for concurrent use.
type history struct {
	mu    sync.Mutex
	waits map[historyKey][]time.Duration // the newest last
}

// historyKey is a queue and a number of seats; 0 seats for all sizes together.
type historyKey struct {
	queue string
	seats int
}

func newHistory() *history { return &history{waits: map[historyKey][]time.Duration{}} }

func (h *history) add(queue string, seats int, waited time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, key := range []historyKey{{queue, seats}, {queue, 0}} {
		of := append(h.waits[key], waited)
		h.waits[key] = of[max(0, len(of)-historyLength):]
	}
}

// estimate returns how much longer a ticket waits that has already waited so long: at the median and at the 90th
// percentile. It uses past waits of the same size, or of any size; nil if there are too few.
func (h *history) estimate(queue string, seats int, waited time.Duration) *party.QueueETA {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, key := range []historyKey{{queue, seats}, {queue, 0}} {
		longer := slices.DeleteFunc(slices.Clone(h.waits[key]), func(w time.Duration) bool { return w < waited })
		if len(longer) < minWaits {
			continue
		}
		slices.Sort(longer)
		at := func(part float64) int64 {
			more := longer[int(math.Ceil(part*float64(len(longer))))-1] - waited
			return int64(math.Ceil(more.Seconds()))
		}
		return &party.QueueETA{P50: at(0.5), P90: at(0.9)}
	}
	return nil
}
