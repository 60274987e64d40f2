package queue

import (
	"slices"

	"partyline/party"
)

// The metrics of matchmaking by queues.
const (
	MetricPass      = "partyline_queue_pass"      // times the passes of the matchmaker
	MetricTickets   = "partyline_queue_tickets"   // how many wait, by queue
	MetricOldest    = "partyline_queue_oldest"    // for how long the longest wait of a queue has been going on, in seconds
	MetricWait      = "partyline_queue_wait"      // times the waits of tickets that were placed, by queue, by players, and by match: "new" or "running"
	MetricDropped   = "partyline_queue_dropped"   // counts tickets, by queue and reason
	MetricProposals = "partyline_queue_proposals" // how many matches the players of a queue are asked about
	MetricProposed  = "partyline_queue_proposed"  // counts tickets whose players were asked to accept a match, by queue
)

// Measure sets the gauges of every queue, and of those that the rules file had before: a gauge that is not set
// stays where it was, and the host runs no pass while nobody waits.
func (b *board) Measure() { b.setGauges(b.Report()) }

func (b *board) setGauges(reports []party.QueueReport) {
	b.mu.Lock()
	for name := range b.measured {
		if !slices.ContainsFunc(reports, func(r party.QueueReport) bool { return r.Queue == name }) {
			reports = append(reports, party.QueueReport{Queue: name})
		}
	}
	for _, r := range reports {
		b.measured[r.Queue] = true
	}
	b.mu.Unlock()
	for _, r := range reports {
		tags := map[string]string{"queue": r.Queue}
		b.Metrics.MetricsGaugeSet(MetricTickets, tags, float64(r.Tickets))
		b.Metrics.MetricsGaugeSet(MetricOldest, tags, float64(r.OldestSec))
		b.Metrics.MetricsGaugeSet(MetricProposals, tags, float64(r.Proposals))
	}
}
