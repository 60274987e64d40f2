// Package alarm does something for a key at a moment: one timer for each key that waits.
package alarm

import (
	"runtime/debug"
	"sync"
	"time"
)

// Alarms are the moments that are waited for. Make them with [New]. Safe for concurrent
// use; a ring of one key may set others, and its own again.
type Alarms[K comparable] struct {
	now    func() time.Time
	ring   func(K)
	logger Logger
	failed string // what the log says before the key of one that panics

	mu      sync.Mutex   // a leaf: nothing else is locked while it is held
	set     map[K]*alarm // nil once closed
	rung    int          // that ring now
	ringing sync.WaitGroup
}

type alarm struct {
	at    time.Time
	timer *time.Timer
}

// Logger is what a panic is written to.
type Logger interface {
	Error(format string, v ...any)
}

// New makes alarms that ring each in a goroutine of its own. Where ring panics, the log says what
// has failed, followed by the key: "seat not ended party=" and the party.
func New[K comparable](now func() time.Time, logger Logger, failed string, ring func(K)) *Alarms[K] {
	return &Alarms[K]{now: now, logger: logger, failed: failed, ring: ring, set: map[K]*alarm{}}
}

// Set has the key ring at a moment, at once if that is past, and not when it was set to
// before. After Close it does nothing.
func (a *Alarms[K]) Set(key K, at time.Time) {
	a.setUnless(key, at, func(old time.Time) bool { return old.Equal(at) })
}

func (a *Alarms[K]) setUnless(key K, at time.Time, stays func(old time.Time) bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.set == nil {
		return
	}
	if old := a.set[key]; old != nil {
		if stays(old.at) {
			return
		}
		old.timer.Stop()
	}
	next := &alarm{at: at}
	next.timer = time.AfterFunc(max(0, at.Sub(a.now())), func() { a.rings(key, next) })
	a.set[key] = next
}

// Sooner has the key ring at a moment unless it rings before that anyway.
func (a *Alarms[K]) Sooner(key K, at time.Time) {
	a.setUnless(key, at, func(old time.Time) bool { return !at.Before(old) })
}

// Stop has the key not ring. One that rings already goes on.
func (a *Alarms[K]) Stop(key K) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if old := a.set[key]; old != nil {
		old.timer.Stop()
		delete(a.set, key)
	}
}

// Len is how many alarms are set or ring.
func (a *Alarms[K]) Len() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.set) + a.rung
}

// Close stops all and waits for those that ring.
func (a *Alarms[K]) Close() {
	a.mu.Lock()
	for _, set := range a.set {
		set.timer.Stop()
	}
	a.set = nil
	a.mu.Unlock()
	a.ringing.Wait()
}

func (a *Alarms[K]) rings(key K, set *alarm) {
	a.mu.Lock()
	if a.set[key] != set { // stopped, or set again, while it went off
		a.mu.Unlock()
		return
	}
	if early := set.at.Sub(a.now()); early > 0 { // the clock was set back
		set.timer.Reset(early)
		a.mu.Unlock()
		return
	}
	delete(a.set, key)
	a.rung++
	a.ringing.Add(1)
	a.mu.Unlock()
	defer func() {
		if value := recover(); value != nil { // it would end the process
			a.logger.Error("%s%v: panic: %v\n%s", a.failed, key, value, debug.Stack())
		}
		a.mu.Lock()
		a.rung--
		a.mu.Unlock()
		a.ringing.Done()
	}()
	a.ring(key)
}
