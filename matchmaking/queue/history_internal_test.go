package queue

import (
	"testing"
	"time"

	"partyline/local/simulation"
	"partyline/matchmaking/formation"
	"partyline/party"
)

// On an evening of the simulation the estimates hold: half of the tickets wait no longer than P50, and nine of ten no
// longer than P90.
func TestHistory_Calibration(t *testing.T) {
	r := simulation.Run(formation.Queue{Teams: 2, TeamSize: 5, Window: 100, WidenPerSec: 25, MaxWindow: 600}, simulation.Load{
		PerSecond: 3, Duration: 20 * time.Minute, Interval: 3 * time.Second, Seed: 1, Friends: 0.5, Mean: true,
		Sizes: []simulation.Share{{Size: 1, Weight: 50}, {Size: 2, Weight: 25}, {Size: 3, Weight: 12}, {Size: 4, Weight: 8}, {Size: 5, Weight: 5}},
		Skill: simulation.Spread{Mean: 1500, Deviation: 300},
	})
	h := newHistory()
	told, half, most := 0, 0, 0
	for _, ticket := range r.Tickets {
		if eta := h.estimate("q", ticket.Size, 0); eta != nil {
			told++
			if ticket.Wait <= time.Duration(eta.P50)*time.Second {
				half++
			}
			if ticket.Wait <= time.Duration(eta.P90)*time.Second {
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
	for i := range minWaits {
		if h.estimate("q", 1, 0) != nil {
			t.Fatalf("an estimate of %d waits", i)
		}
		h.add("q", 2, time.Duration(i)*time.Second)
	}
	if eta := h.estimate("q", 1, 0); eta == nil || *eta != (party.QueueETA{P50: 9, P90: 17}) {
		t.Errorf("expect = %v; want that of all sizes, 9 s and 17 s", eta)
	}
	if h.estimate("q", 1, 5*time.Second) != nil {
		t.Error("an estimate for one who has waited longer than most")
	}
	if h.estimate("other", 1, 0) != nil {
		t.Error("an estimate of another queue's waits")
	}
}
