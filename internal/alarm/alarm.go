// Package alarm calls a function for a key at a time, with one timer for each key.
package alarm

import (
	"runtime/debug"
	"sync"
	"time"
)

// Alarms are alarms by key. Safe for concurrent use; the ring function of one key may set any keys.
type Alarms[K comparable] struct {
	now       func() time.Time
	ring      func(K)
	logger    Logger
	logPrefix string // log text before the key if ring panics

	mu        sync.Mutex   // nothing else is locked while it is held
	pending   map[K]*alarm // nil once closed
	ringCount int          // how many ring now
	ringing   sync.WaitGroup
}

type alarm struct {
	at    time.Time
	timer *time.Timer
}

// Logger logs panics.
type Logger interface {
	Error(format string, v ...any)
}

// New makes alarms. Each rings in its own goroutine. If ring panics, the log entry is failed and then the key.
func New[K comparable](now func() time.Time, logger Logger, failed string, ring func(K)) *Alarms[K] {
	return &Alarms[K]{now: now, logger: logger, logPrefix: failed, ring: ring, pending: map[K]*alarm{}}
}

// Set sets a key to ring at a time, or at once if that is past, in place of an earlier alarm; after Close it does not.
func (a *Alarms[K]) Set(key K, at time.Time) {
	a.setUnless(key, at, func(old time.Time) bool { return old.Equal(at) })
}

func (a *Alarms[K]) setUnless(key K, at time.Time, stays func(old time.Time) bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.pending == nil {
		return
	}
	if old := a.pending[key]; old != nil {
		if stays(old.at) {
			return
		}
		old.timer.Stop()
	}
	next := &alarm{at: at}
	next.timer = time.AfterFunc(max(0, at.Sub(a.now())), func() { a.fire(key, next) })
	a.pending[key] = next
}

// Sooner sets a key to ring at a time, unless it rings before that anyway.
func (a *Alarms[K]) Sooner(key K, at time.Time) {
	a.setUnless(key, at, func(old time.Time) bool { return !at.Before(old) })
}

// Stop removes the key's alarm. A ring function that already runs continues.
func (a *Alarms[K]) Stop(key K) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if old := a.pending[key]; old != nil {
		old.timer.Stop()
		delete(a.pending, key)
	}
}

// Len returns how many alarms are set or ring now.
func (a *Alarms[K]) Len() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.pending) + a.ringCount
}

// Close removes all alarms and waits for ring functions that run.
func (a *Alarms[K]) Close() {
	a.mu.Lock()
	for _, set := range a.pending {
		set.timer.Stop()
	}
	a.pending = nil
	a.mu.Unlock()
	a.ringing.Wait()
}

func (a *Alarms[K]) fire(key K, set *alarm) {
	a.mu.Lock()
	if a.pending[key] != set { // removed or set again before it got the lock
		a.mu.Unlock()
		return
	}
	if early := set.at.Sub(a.now()); early > 0 { // the clock was set back
		set.timer.Reset(early)
		a.mu.Unlock()
		return
	}
	delete(a.pending, key)
	a.ringCount++
	a.ringing.Add(1)
	a.mu.Unlock()
	defer func() {
		if value := recover(); value != nil { // a panic would end the process
			a.logger.Error("%s%v: panic: %v\n%s", a.logPrefix, key, value, debug.Stack())
		}
		a.mu.Lock()
		a.ringCount--
		a.mu.Unlock()
		a.ringing.Done()
	}()
	a.ring(key)
}
