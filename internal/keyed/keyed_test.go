package keyed_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"partyline/internal/keyed"
)

func TestMap_OneAtATime(t *testing.T) {
	m := keyed.New(func(string) int { return 0 }, func(n *int) bool { return *n < 300 })
	var wg sync.WaitGroup
	for range 300 {
		wg.Go(func() {
			n, unlock, err := m.Lock(t.Context(), "a")
			if err != nil {
				t.Error(err)
				return
			}
			defer unlock()
			*n++
		})
	}
	wg.Wait()
	if m.Has("a") || len(m.Keys()) != 0 {
		t.Error("a value is kept that is not worth it: either forgotten too early or not at all")
	}
}

func TestMap_KeepsWhatIsWorthIt(t *testing.T) {
	m := keyed.New(func(k string) string { return k }, func(v *string) bool { return *v == "kept" })
	for _, key := range []string{"a", "b"} {
		v, unlock, err := m.Lock(t.Context(), key)
		if err != nil || *v != key {
			t.Fatal(v, err)
		}
		if key == "b" {
			*v = "kept"
		}
		unlock()
	}
	if m.Has("a") || !m.Has("b") {
		t.Errorf("keys = %q; want b alone", m.Keys())
	}
}

// A caller that stops waiting gets no lock and leaves no entry.
func TestMap_GivesUpWithItsContext(t *testing.T) {
	m := keyed.New(func(string) int { return 0 }, func(*int) bool { return false })
	_, unlock, err := m.Lock(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	waits := make(chan error)
	go func() {
		_, _, err := m.Lock(ctx, "a")
		waits <- err
	}()
	cancel()
	if err := <-waits; !errors.Is(err, context.Canceled) {
		t.Errorf("Lock = %v; want the context's end", err)
	}
	unlock()
	if m.Has("a") {
		t.Error("the value stayed")
	}
	if _, unlock, err = m.Lock(ctx, "a"); err != nil { // the lock is free, so there is no wait
		t.Errorf("Lock of a free key = %v", err)
	} else {
		unlock()
	}
}

func TestLocks(t *testing.T) {
	locks := keyed.NewLocks[int]()
	n := 0
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			unlock, err := locks.Lock(t.Context(), 7)
			if err != nil {
				t.Error(err)
				return
			}
			defer unlock()
			n++
		})
	}
	wg.Wait()
	if n != 100 {
		t.Errorf("n = %d; want 100", n)
	}
}
