package queue

import (
	"testing"
	"time"

	"partyline/local/simulation"
	"partyline/matchmaking/formation"
)

// On an evening of the simulation, about half of the tickets wait no longer than they were
// told half of them would, and nine of ten no longer than nine of ten would.
func TestHistory_Calibration(t *testing.T) {
	r := simulation.Run(formation.Queue{Teams: 2, TeamSize: 5, Window: 100, WidenPerSec: 25, MaxWindow: 600}, simulation.Load{
		PerSecond: 3, Duration: 20 * time.Minute, Interval: 3 * time.Second, Seed: 1, Friends: 0.5, Mean: true,
		Sizes: []simulation.Share{{Size: 1, Weight: 50}, {Size: 2, Weight: 25}, {Size: 3, Weight: 12}, {Size: 4, Weight: 8}, {Size: 5, Weight: 5}},
		Skill: simulation.Spread{Mean: 1500, Deviation: 300},
	})
	h := newHistory()
	told, half, most := 0, 0, 0
	for _, ticket := range r.Tickets {
		if p50, p90, ok := h.expect("q", ticket.Size, 0); ok {
			told++
			if ticket.Wait <= p50 {
				half++
			}
			if ticket.Wait <= p90 {
				most++
			}
		}
		h.add("q", ticket.Size, ticket.Wait)
	}
	p50, p90 := float64(half)/float64(told), float64(most)/float64(told)
	t.Logf("%d tickets: %.0f %% within p50, %.0f %% within p90", told, 100*p50, 100*p90)
	if told < 2000 || p50 < 0.42 || p50 > 0.58 || p90 < 0.84 || p90 > 0.96 {
		t.Errorf("%d tickets: %.2f within p50, %.2f within p90", told, p50, p90)
	}
}

func TestHistory_SaysNothingOfTooFew(t *testing.T) {
	h := newHistory()
	for i := range enoughWaits {
		if _, _, ok := h.expect("q", 1, 0); ok {
			t.Fatalf("an estimate of %d waits", i)
		}
		h.add("q", 2, time.Duration(i)*time.Second)
	}
	if p50, p90, ok := h.expect("q", 1, 0); !ok || p50 != 9*time.Second || p90 != 17*time.Second {
		t.Errorf("expect = %v, %v, %v; want that of all sizes, 9 s and 17 s", p50, p90, ok)
	}
	if _, _, ok := h.expect("q", 1, 5*time.Second); ok {
		t.Error("an estimate for one who has waited longer than most")
	}
	if _, _, ok := h.expect("other", 1, 0); ok {
		t.Error("an estimate of another queue's waits")
	}
}
