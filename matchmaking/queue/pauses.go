package queue

import (
	"maps"
	"sync"
	"time"

	"partyline/party"
)

// pauses keeps names (users, queues, matches) that have to wait until a time. Safe for concurrent use.
type pauses struct {
	now party.Clock

	mu    sync.Mutex
	until map[string]time.Time
}

func newPauses(now party.Clock) *pauses { return &pauses{now: now, until: map[string]time.Time{}} }

// begin lets a name wait from now on. It never shortens a wait.
func (p *pauses) begin(name string, wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	maps.DeleteFunc(p.until, func(_ string, end time.Time) bool { return !now.Before(end) })
	if end := now.Add(wait); end.After(p.until[name]) {
		p.until[name] = end
	}
}

// remaining returns the longest remaining wait of these names; 0 if none has to wait.
func (p *pauses) remaining(names ...string) (wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, name := range names {
		wait = max(wait, p.until[name].Sub(p.now()))
	}
	return wait
}
