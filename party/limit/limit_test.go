package limit_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"partyline/local/partytest"
	"partyline/party/limit"
	"partyline/party/rules"
)

var perMinute = rules.Rate{N: 5, Per: time.Minute}

func TestKeyed_Take(t *testing.T) {
	clock := partytest.NewTime()
	k := limit.New(clock.Now, 10)
	for i := range 5 {
		if wait := k.Take("a", perMinute); wait != 0 {
			t.Fatalf("Take %d waits %v; want none", i, wait)
		}
	}
	if wait := k.Take("a", perMinute); wait != 12*time.Second {
		t.Errorf("Take of an empty bucket waits %v; want 12s", wait)
	}
	if wait := k.Take("b", perMinute); wait != 0 {
		t.Errorf("Take of another key waits %v; want none", wait)
	}
	clock.Advance(12 * time.Second)
	if wait := k.Take("a", perMinute); wait != 0 {
		t.Errorf("Take after the wait waits %v; want none", wait)
	}
	if wait := k.Take("a", perMinute); wait == 0 {
		t.Error("Take spends a token that was not there")
	}
}

func TestKeyed_RateChangesLive(t *testing.T) {
	clock := partytest.NewTime()
	k := limit.New(clock.Now, 10)
	for range 5 {
		k.Take("a", perMinute)
	}
	if wait := k.Take("a", rules.Rate{N: 60, Per: time.Minute}); wait != time.Second {
		t.Errorf("Take at the new rate waits %v; want 1s", wait)
	}
}

func TestKeyed_Unlimited(t *testing.T) {
	k := limit.New(partytest.NewTime().Now, 10)
	for range 1000 {
		if wait := k.Take("a", rules.Rate{}); wait != 0 {
			t.Fatalf("Take without a limit waits %v", wait)
		}
	}
	if k.Len() != 0 {
		t.Errorf("%d buckets kept for no limit; want 0", k.Len())
	}
}

func TestKeyed_AttemptCostsOnlyIfItFails(t *testing.T) {
	k := limit.New(partytest.NewTime().Now, 10)
	for range 100 {
		a, wait := k.Begin("a", perMinute, 1)
		if wait != 0 {
			t.Fatalf("Begin waits %v; want none", wait)
		}
		a.Done(false)
	}
	for i := range 5 {
		a, wait := k.Begin("a", perMinute, 1)
		if wait != 0 {
			t.Fatalf("Begin %d waits %v; want none", i, wait)
		}
		a.Done(true)
		if a, wait := k.Begin("a", perMinute, 1); i < 4 && wait != 0 {
			t.Fatalf("Begin after failure %d waits %v", i, wait)
		} else {
			a.Done(false) // a success gives nothing back
		}
	}
	if _, wait := k.Begin("a", perMinute, 1); wait == 0 {
		t.Error("a sixth attempt after five failures is let through")
	}
}

func TestKeyed_AttemptsAtOnceCannotOutrunTheLimit(t *testing.T) {
	k := limit.New(partytest.NewTime().Now, 10)
	var wg sync.WaitGroup
	begun := make(chan limit.Attempt, 100)
	for range 100 {
		wg.Go(func() {
			if a, wait := k.Begin("a", perMinute, 1); wait == 0 {
				begun <- a
			}
		})
	}
	wg.Wait()
	close(begun)
	if len(begun) != 5 {
		t.Errorf("%d attempts under way at once; want 5", len(begun))
	}
	for a := range begun {
		a.Done(true)
	}
}

func TestKeyed_ChargeIsOnCredit(t *testing.T) {
	clock := partytest.NewTime()
	k := limit.New(clock.Now, 10)
	for range 8 { // all of them checked before any was charged
		if wait := k.Wait("a", perMinute); wait != 0 {
			t.Fatalf("Wait of a full bucket is %v", wait)
		}
	}
	k.Charge("a", perMinute, 2)
	k.Charge("a", perMinute, 6)
	if wait := k.Wait("a", perMinute); wait != 4*12*time.Second {
		t.Errorf("Wait after 8 charges of 5 is %v; want 48s, the debt and one token", wait)
	}
	clock.Advance(48 * time.Second)
	if wait := k.Wait("a", perMinute); wait != 0 {
		t.Errorf("Wait after the debt is paid is %v", wait)
	}
	k.Charge("b", rules.Rate{}, 1)
	if wait := k.Wait("b", rules.Rate{}); wait != 0 || k.Len() != 1 {
		t.Errorf("without a limit: wait %v, %d buckets", wait, k.Len())
	}
}

func TestKeyed_MemoryIsBounded(t *testing.T) {
	k := limit.New(partytest.NewTime().Now, 10)
	for range 5 {
		k.Take("kept", perMinute)
	}
	for i := range 1000 {
		k.Take(fmt.Sprint(i), perMinute)
		if wait := k.Take("kept", perMinute); wait == 0 {
			t.Fatal("a bucket in use was forgotten")
		}
	}
	if k.Len() != 10 {
		t.Errorf("%d buckets kept; want 10", k.Len())
	}
}
