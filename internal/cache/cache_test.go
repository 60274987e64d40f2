package cache_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"partyline/internal/cache"
)

func TestCache_KeepsTheMostRecentForATime(t *testing.T) {
	now := time.Unix(1000, 0)
	c := cache.New[string, int](func() time.Time { return now }, 2, time.Minute)
	c.Put("a", 1)
	c.Put("b", 2)
	c.Peek("a")
	c.Put("c", 3)
	if _, ok := c.Peek("b"); ok || c.Len() != 2 {
		t.Errorf("the least recently used is kept; %d in all", c.Len())
	}
	now = now.Add(59 * time.Second)
	if v, ok := c.Peek("a"); !ok || v != 1 {
		t.Errorf("Kept = %v, %v; want 1", v, ok)
	}
	now = now.Add(time.Second)
	if _, ok := c.Peek("a"); ok || c.Len() != 1 {
		t.Errorf("kept beyond its time; %d in all", c.Len())
	}
}

// What nobody asks for again does not stay for ever.
func TestCache_ForgetsWhatHasExpired(t *testing.T) {
	now := time.Unix(1000, 0)
	c := cache.New[int, int](func() time.Time { return now }, 100, time.Minute)
	for key := range 50 {
		c.Put(key, key)
	}
	now = now.Add(time.Minute - 1)
	if c.Put(50, 50); c.Len() != 51 {
		t.Errorf("%d values; want all 51", c.Len())
	}
	now = now.Add(1)
	if c.Put(51, 51); c.Len() != 2 {
		t.Errorf("%d values; want the two that have not expired", c.Len())
	}
}

func TestCache_OneLoadForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := cache.New[string, int](time.Now, 8, time.Minute)
		loads, gate := 0, make(chan struct{})
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				v, err := c.Get(t.Context(), "a", func(context.Context) (int, error) { loads++; <-gate; return 7, nil })
				if v != 7 || err != nil {
					t.Errorf("Get = %v, %v", v, err)
				}
			})
		}
		synctest.Wait()
		close(gate)
		all.Wait()
		if loads != 1 {
			t.Errorf("loaded %d times", loads)
		}
	})
}

func TestCache_ErrorsAreNotKept(t *testing.T) {
	c := cache.New[string, int](time.Now, 8, time.Minute)
	failure := errors.New("down")
	if _, err := c.Get(t.Context(), "a", func(context.Context) (int, error) { return 0, failure }); !errors.Is(err, failure) {
		t.Errorf("Get = %v; want the load's error", err)
	}
	if v, err := c.Get(t.Context(), "a", func(context.Context) (int, error) { return 1, nil }); v != 1 || err != nil {
		t.Errorf("Get = %v, %v after a failure", v, err)
	}
}

// A value that was dropped during its load must not come back.
func TestCache_InvalidateDuringALoad(t *testing.T) {
	c := cache.New[string, int](time.Now, 8, time.Minute)
	v, err := c.Get(t.Context(), "a", func(context.Context) (int, error) { c.Invalidate("a"); return 1, nil })
	if v != 1 || err != nil {
		t.Errorf("Get = %v, %v", v, err)
	}
	if v, ok := c.Peek("a"); ok {
		t.Errorf("%v is kept although it was dropped while it was read", v)
	}
}

// A value from a load that began before a write must not replace the written value.
func TestCache_PutDuringALoad(t *testing.T) {
	c := cache.New[string, int](time.Now, 8, time.Minute)
	v, err := c.Get(t.Context(), "a", func(context.Context) (int, error) { c.Put("a", 2); return 1, nil })
	if v != 1 || err != nil {
		t.Errorf("Get = %v, %v", v, err)
	}
	if v, ok := c.Peek("a"); v != 2 || !ok {
		t.Errorf("Kept = %v, %v; want what was put", v, ok)
	}
}

func TestCache_WhoGivesUpHarmsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := cache.New[string, int](time.Now, 8, time.Minute)
		gone, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() {
			_, _ = c.Get(gone, "a", func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, ctx.Err() })
		})
		synctest.Wait()
		all.Go(func() {
			if v, err := c.Get(t.Context(), "a", func(context.Context) (int, error) { return 1, nil }); v != 1 || err != nil {
				t.Errorf("Get = %v, %v for one that waited", v, err)
			}
		})
		synctest.Wait()
		cancel()
		all.Wait()
	})
}

func TestCache_APanicLeavesNobodyWaiting(t *testing.T) {
	c := cache.New[string, int](time.Now, 8, time.Minute)
	func() {
		defer func() { _ = recover() }()
		_, _ = c.Get(t.Context(), "a", func(context.Context) (int, error) { panic("as asked") })
	}()
	if v, err := c.Get(t.Context(), "a", func(context.Context) (int, error) { return 1, nil }); v != 1 || err != nil {
		t.Errorf("Get = %v, %v after a panic", v, err)
	}
}
