// Package soak_test plays a steady mix of all actions for a given time. It checks whether anything has
// grown: memory, goroutines, presences, parties, matches, or the module's data. It takes a few seconds
// by default; for longer:
//
//	go test ./local/e2e/soak -run Soak -v -minutes 30 -timeout 40m
//	go test ./local/e2e/soak -run Soak -v -minutes 30 -timeout 40m -server 127.0.0.1:7350 -pid 1234
//
// The second command uses a real server, which must run with the rules in testdata/rules.yml. It
// measures the memory of that process.
package soak_test

import (
	"context"
	"errors"
	"flag"
	"testing"
	"time"

	"partyline/local/e2e/client"
)

var (
	minutes = flag.Float64("minutes", 0, "how long to play; 0 is a few rounds")
	rate    = flag.Float64("rate", 2, "rounds per second, all crews together, if there are minutes")
	address = flag.String("server", "", "host:port of a real server with testdata/rules.yml; empty for an embedded engine")
	pid     = flag.Int("pid", 0, "process of the real server")
)

const (
	crews     = 3
	shortLaps = 4               // of one round per crew, without -minutes
	lapTime   = 2 * time.Minute // an empty match needs half a minute to end
)

// After every lap all players are gone for a moment. The test then compares the server with its state
// after the first lap, which has filled the caches.
func TestSoak(t *testing.T) {
	h := newHost(t)
	api := client.New(h.addr())
	var all []*crew
	for i := range crews {
		c, err := newCrew(t.Context(), api, uint64(i))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	began := time.Now()
	lap := func(pace <-chan time.Time, until time.Time) gauge {
		t.Helper()
		if err := play(t.Context(), all, pace, until); err != nil {
			t.Fatal(err)
		}
		g := h.measureIdle(t)
		rounds := 0
		for _, c := range all {
			rounds += c.rounds
		}
		t.Logf("%5.1f min  %5d rounds  %s", time.Since(began).Minutes(), rounds, g)
		return g
	}

	first := lap(nil, time.Time{})
	last := first
	if *minutes == 0 {
		for range shortLaps {
			last = lap(nil, time.Time{})
		}
	} else {
		ticker := time.NewTicker(time.Duration(float64(time.Second) / *rate))
		defer ticker.Stop()
		end := began.Add(time.Duration(*minutes * float64(time.Minute)))
		for now := began; now.Before(end); now = time.Now() {
			last = lap(ticker.C, minTime(now.Add(lapTime), end))
			if *address != "" && time.Since(began) < end.Sub(began)/3 {
				first = last // resident memory grows until the collector is in a steady state
			}
		}
	}
	if err := last.grownSince(first); err != nil {
		t.Error(err)
	}
}

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// play makes every crew play one round, or, with pace, rounds at that pace until that time.
func play(ctx context.Context, all []*crew, pace <-chan time.Time, until time.Time) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	results := make(chan error)
	for _, c := range all {
		go func() { results <- c.play(ctx, pace, until) }()
	}
	var problems []error
	for range all {
		if err := <-results; err != nil {
			problems = append(problems, err)
			cancel()
		}
	}
	return errors.Join(problems...)
}

// roundTime is longer than any round takes.
const roundTime = 2 * time.Minute

func (c *crew) play(ctx context.Context, pace <-chan time.Time, until time.Time) error {
	for {
		if pace != nil {
			select {
			case <-pace:
			case <-ctx.Done():
				return nil
			}
		}
		limited, cancel := context.WithTimeout(ctx, roundTime)
		err := c.round(limited)
		cancel()
		if err != nil || !time.Now().Before(until) {
			return err
		}
	}
}
