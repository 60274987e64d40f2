package bounded_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"partyline/internal/bounded"
)

func TestUncancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		parent, stop := context.WithTimeout(t.Context(), time.Minute)
		ctx, cancel := bounded.Uncancelled(parent, time.Hour)
		defer cancel()
		stop()
		time.Sleep(59 * time.Second)
		if err := ctx.Err(); err != nil {
			t.Errorf("it ends with its parent: %v", err)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if err := ctx.Err(); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Err = %v after the parent's deadline", err)
		}
		short, cancel := bounded.Uncancelled(t.Context(), time.Second)
		defer cancel()
		time.Sleep(time.Second)
		synctest.Wait()
		if err := short.Err(); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Err = %v after the time", err)
		}
	})
}
