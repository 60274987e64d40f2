// Package bounded makes contexts with a time limit that need no timer until somebody waits for them. Most work for
// a message never waits.
package bounded

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// Context returns a context with parent's values. It ends after a time, with parent, or by cancel, which must be
// called.
func Context(parent context.Context, within time.Duration) (ctx context.Context, cancel context.CancelFunc) {
	c := &bounded{Context: parent, deadline: time.Now().Add(within)}
	return c, c.end
}

// Uncancelled returns a context with parent's values that ends after a time or at parent's deadline, but not when
// parent is cancelled: a cancelled query costs the pool a connection, and may fail the next query that gets it.
func Uncancelled(parent context.Context, within time.Duration) (ctx context.Context, cancel context.CancelFunc) {
	at := time.Now().Add(within)
	if sooner, ok := parent.Deadline(); ok && sooner.Before(at) {
		at = sooner
	}
	return context.WithDeadline(context.WithoutCancel(parent), at)
}

type bounded struct {
	context.Context // the parent
	deadline        time.Time

	once   sync.Once
	timed  atomic.Pointer[context.Context] // nil until somebody waits
	cancel context.CancelFunc
}

// canceled is the state of a context that was cancelled before anybody waited.
var canceled = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

func (c *bounded) withTimer() context.Context {
	c.once.Do(func() {
		var timed context.Context
		timed, c.cancel = context.WithDeadline(c.Context, c.deadline)
		c.timed.Store(&timed)
	})
	return *c.timed.Load()
}

func (c *bounded) end() {
	c.once.Do(func() { c.timed.Store(&canceled) })
	if c.cancel != nil {
		c.cancel()
	}
}

func (c *bounded) Deadline() (time.Time, bool) {
	if at, ok := c.Context.Deadline(); ok && at.Before(c.deadline) {
		return at, true
	}
	return c.deadline, true
}

func (c *bounded) Done() <-chan struct{} { return c.withTimer().Done() }

func (c *bounded) Err() error { return c.withTimer().Err() }

// Value asks the context with the timer first. This way package context finds out that a child can end with it
// without a goroutine.
func (c *bounded) Value(key any) any {
	if timed := c.timed.Load(); timed != nil && *timed != canceled {
		return (*timed).Value(key)
	}
	return c.Context.Value(key)
}

// Sleep waits. It returns ctx's error if ctx ends before.
func Sleep(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
