// Package bounded is contexts that end after a time, and cost a timer only if somebody waits
// for that: most of what the module does for a message never does.
package bounded

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// Context returns parent's values with an end of its own: after a time, by cancel, which has
// to be called, or with parent.
func Context(parent context.Context, within time.Duration) (ctx context.Context, cancel context.CancelFunc) {
	c := &bounded{Context: parent, at: time.Now().Add(within)}
	return c, c.end
}

// Whole returns parent's values and an end of its own: after a time, or at parent's deadline, but not with
// parent. What is asked of a database ends as a whole: a query that is cancelled in its midst costs the
// pool a connection, and may fail the next query that gets that one.
func Whole(parent context.Context, within time.Duration) (ctx context.Context, cancel context.CancelFunc) {
	at := time.Now().Add(within)
	if sooner, ok := parent.Deadline(); ok && sooner.Before(at) {
		at = sooner
	}
	return context.WithDeadline(context.WithoutCancel(parent), at)
}

type bounded struct {
	context.Context // the parent
	at              time.Time

	once   sync.Once
	timed  atomic.Pointer[context.Context] // nil until somebody waits
	cancel context.CancelFunc
}

// ended is what is left of a context that nobody has waited for.
var ended = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

func (c *bounded) wait() context.Context {
	c.once.Do(func() {
		var timed context.Context
		timed, c.cancel = context.WithDeadline(c.Context, c.at)
		c.timed.Store(&timed)
	})
	return *c.timed.Load()
}

func (c *bounded) end() {
	c.once.Do(func() { c.timed.Store(&ended) })
	if c.cancel != nil {
		c.cancel()
	}
}

func (c *bounded) Deadline() (time.Time, bool) {
	if at, ok := c.Context.Deadline(); ok && at.Before(c.at) {
		return at, true
	}
	return c.at, true
}

func (c *bounded) Done() <-chan struct{} { return c.wait().Done() }

func (c *bounded) Err() error { return c.wait().Err() }

// Value asks the context with the timer first: by that, package context finds out that a
// child can end with it without a goroutine.
func (c *bounded) Value(key any) any {
	if timed := c.timed.Load(); timed != nil && *timed != ended {
		return (*timed).Value(key)
	}
	return c.Context.Value(key)
}

// Pause waits for a while, and fails with ctx's error if that ends before.
func Pause(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
