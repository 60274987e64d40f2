package queue_test

import (
	"maps"
	"testing"
	"time"
)

func TestMetrics(t *testing.T) {
	w := newWorld(t, configWithQueues())
	id, players := w.party(2)
	w.queueParty(id, players[0], text("queue", "duo"))
	w.clock.Advance(20 * time.Second)
	w.process()
	want := map[string]float64{
		"partyline_queue_tickets duo": 1, "partyline_queue_oldest duo": 20, "partyline_queue_tickets ranked": 0, "partyline_queue_oldest ranked": 0,
		"partyline_queue_pass": 0, "partyline_queue_proposals duo": 0, "partyline_queue_proposals ranked": 0,
	}
	if !maps.Equal(w.metrics.sum, want) {
		t.Errorf("while one waits: %v; want %v", w.metrics.sum, want)
	}

	other, others := w.party(2)
	w.queueParty(other, others[0], text("queue", "duo"))
	w.clock.Advance(10 * time.Second)
	w.process()
	gone, left := w.party(2)
	w.queueParty(gone, left[0], rankedEU)
	w.leave(gone, left[1])
	want["partyline_queue_tickets duo"], want["partyline_queue_oldest duo"] = 0, 0
	want["partyline_queue_wait new duo 2"] = 40
	want["partyline_queue_dropped ranked membership"] = 1
	if !maps.Equal(w.metrics.sum, want) {
		t.Errorf("in the end: %v; want %v", w.metrics.sum, want)
	}
}

// The host runs no pass while nobody waits. Gauges and report show that nobody does.
func TestMeasure_WithoutAPass(t *testing.T) {
	w := newWorld(t, configWithQueues())
	id, players := w.party(2)
	w.queueParty(id, players[0], text("queue", "duo"))
	w.clock.Advance(20 * time.Second)
	w.process()
	if got := w.metrics.sum["partyline_queue_tickets duo"]; got != 1 {
		t.Fatalf("%v tickets wait; want 1", got)
	}
	w.leave(id, players[1])
	w.Measure()
	if sum := w.metrics.sum; sum["partyline_queue_tickets duo"] != 0 || sum["partyline_queue_oldest duo"] != 0 {
		t.Errorf("after the ticket's end: %v", sum)
	}
	for _, r := range w.Report() {
		if r.Tickets != 0 || r.Players != 0 || r.OldestSec != 0 || len(r.Sizes) != 0 {
			t.Errorf("after the ticket's end: %+v", r)
		}
	}
}
