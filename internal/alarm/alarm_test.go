package alarm_test

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"partyline/internal/alarm"
	"partyline/local/partytest"
)

func TestAlarms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var rung []string
		log := &partytest.Log{}
		began := time.Now()
		a := alarm.New(time.Now, log, "not rung of=", func(key string) {
			mu.Lock()
			rung = append(rung, key+" "+time.Since(began).String())
			mu.Unlock()
			if key == "panics" {
				panic(key)
			}
		})
		in := func(d time.Duration) time.Time { return began.Add(d) }
		a.Set("once", in(2*time.Second))
		a.Set("moved", in(time.Second))
		a.Set("moved", in(4*time.Second))
		a.Set("stopped", in(time.Second))
		a.Stop("stopped")
		a.Set("panics", in(3*time.Second))
		a.Set("past", in(-time.Hour))
		time.Sleep(5 * time.Second)
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		if want := []string{"past 0s", "once 2s", "panics 3s", "moved 4s"}; !slices.Equal(rung, want) {
			t.Errorf("rung %q; want %q", rung, want)
		}
		if lines := log.Lines(); len(lines) != 1 || !strings.Contains(lines[0], "not rung of=panics: panic: panics\n") || !strings.Contains(lines[0], "alarm_test.go") {
			t.Errorf("log %q", lines)
		}
		a.Set("closed", in(6*time.Second))
		a.Close()
		a.Set("late", in(0))
		time.Sleep(time.Minute)
		if len(rung) != 4 {
			t.Errorf("rang after Close: %q", rung)
		}
	})
}

// If the clock is set back, nothing rings early.
func TestAlarms_clock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var back atomic.Int64
		now := func() time.Time { return time.Now().Add(-time.Duration(back.Load())) }
		rung := make(chan time.Time, 1)
		a := alarm.New(now, &partytest.Log{}, "", func(string) { rung <- now() })
		at := now().Add(time.Second)
		a.Set("x", at)
		back.Store(int64(time.Minute))
		if got := <-rung; got.Before(at) {
			t.Errorf("rang at %v; want %v", got, at)
		}
	})
}

// If many callers set a key, it rings at the earliest time.
func TestAlarms_Sooner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := alarm.New(time.Now, &partytest.Log{}, "", func(int) {})
		defer a.Close()
		began := time.Now()
		for key := range 5_000 {
			var all sync.WaitGroup
			for _, hours := range []int{8, 1, 7, 2, 6, 3, 5, 4} {
				all.Go(func() { a.Sooner(key, began.Add(time.Duration(hours)*time.Hour)) })
			}
			all.Wait()
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if n := a.Len(); n > 0 {
			t.Errorf("%d alarms ring later", n)
		}
	})
}
