package queue

import (
	"maps"
	"sync"
	"time"

	"partyline/party"
)

// pauses are who or what has to wait for a while, by name. Safe for concurrent use.
type pauses struct {
	now party.Clock

	mu    sync.Mutex
	until map[string]time.Time
}

func newPauses(now party.Clock) *pauses { return &pauses{now: now, until: map[string]time.Time{}} }

// begin has one wait from now on, and no shorter than they have to already.
func (p *pauses) begin(name string, wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	maps.DeleteFunc(p.until, func(_ string, end time.Time) bool { return !now.Before(end) })
	if end := now.Add(wait); end.After(p.until[name]) {
		p.until[name] = end
	}
}

// left is how long they have to wait still, the longest of them; 0 if none has to.
func (p *pauses) left(names ...string) (wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, name := range names {
		wait = max(wait, p.until[name].Sub(p.now()))
	}
	return wait
}
