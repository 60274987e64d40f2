// Package bounded bounds requests to the database and waits.
package bounded

import (
	"context"
	"time"
)

// Uncancelled returns a context with parent's values that ends after a time or at parent's deadline, but not when
// parent is cancelled: a cancelled query costs the pool a connection, and may fail the next query that gets it.
func Uncancelled(parent context.Context, within time.Duration) (ctx context.Context, cancel context.CancelFunc) {
	at := time.Now().Add(within)
	if sooner, ok := parent.Deadline(); ok && sooner.Before(at) {
		at = sooner
	}
	return context.WithDeadline(context.WithoutCancel(parent), at)
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
