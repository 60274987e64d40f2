package sampled_test

import (
	"slices"
	"sync"
	"testing"

	"partyline/internal/sampled"
)

func TestCalls(t *testing.T) {
	c := sampled.Calls{First: 2, Each: 3}
	var got []int64
	for range 9 {
		got = append(got, c.Next())
	}
	if want := []int64{1, 1, 0, 0, 3, 0, 0, 3, 0}; !slices.Equal(got, want) {
		t.Errorf("calls are noted for %v; want %v", got, want)
	}
}

// The recorded numbers add up to all calls, also if many goroutines call at once.
func TestCalls_AtOnce(t *testing.T) {
	c := sampled.Calls{First: 10, Each: 5}
	var mu sync.Mutex
	var sum int64
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			for range 50 {
				n := c.Next()
				mu.Lock()
				sum += n
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if sum != 1000 {
		t.Errorf("%d of 1000 calls are noted", sum)
	}
}
