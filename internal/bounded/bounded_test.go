package bounded_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"partyline/internal/bounded"
)

type key struct{}

func TestContext_Ends(t *testing.T) {
	for name, end := range map[string]func(cancel, parent context.CancelFunc){
		"by time":     func(_, _ context.CancelFunc) { time.Sleep(time.Second) },
		"by cancel":   func(cancel, _ context.CancelFunc) { cancel() },
		"with parent": func(_, parent context.CancelFunc) { parent() },
	} {
		for _, waits := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				parent, stop := context.WithCancel(context.WithValue(t.Context(), key{}, "value"))
				defer stop()
				ctx, cancel := bounded.Context(parent, time.Second)
				defer cancel()
				if at, ok := ctx.Deadline(); !ok || !at.Equal(time.Now().Add(time.Second)) {
					t.Errorf("Deadline = %v, %v; want in a second", at, ok)
				}
				if waits && (ctx.Err() != nil || ctx.Value(key{}) != "value") {
					t.Errorf("Err = %v, Value = %v; want none and the parent's", ctx.Err(), ctx.Value(key{}))
				}
				end(cancel, stop)
				select {
				case <-ctx.Done():
				case <-time.After(time.Minute):
					t.Fatalf("%s, waits %v: it does not end", name, waits)
				}
				want := context.Canceled
				if name == "by time" {
					want = context.DeadlineExceeded
				}
				if !errors.Is(ctx.Err(), want) || ctx.Value(key{}) != "value" {
					t.Errorf("%s, waits %v: Err = %v, Value = %v; want %v and the parent's", name, waits, ctx.Err(), ctx.Value(key{}), want)
				}
			})
		}
	}
}

func TestContext_DeadlineOfTheParent(t *testing.T) {
	parent, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	want, _ := parent.Deadline()
	ctx, cancel := bounded.Context(parent, time.Hour)
	defer cancel()
	if at, ok := ctx.Deadline(); !ok || !at.Equal(want) {
		t.Errorf("Deadline = %v, %v; want the parent's %v", at, ok, want)
	}
}

// A child context ends with its bounded parent and needs no goroutine.
func TestContext_Children(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := bounded.Context(t.Context(), time.Hour)
		before := runtime.NumGoroutine()
		child, stop := context.WithTimeout(ctx, 2*time.Hour)
		defer stop()
		if n := runtime.NumGoroutine(); n != before {
			t.Errorf("a child costs %d goroutines", n-before)
		}
		cancel()
		synctest.Wait()
		if !errors.Is(child.Err(), context.Canceled) {
			t.Errorf("the child's Err = %v; want it cancelled", child.Err())
		}
	})
}

// Nobody waits, so only the context itself is allocated.
func TestContext_CostsNoTimer(t *testing.T) {
	parent := t.Context()
	if n := testing.AllocsPerRun(100, func() {
		ctx, cancel := bounded.Context(parent, time.Hour)
		_ = ctx.Value(key{})
		cancel()
	}); n > 2 {
		t.Errorf("%v allocations; want the context and its cancel alone", n)
	}
}
