package queue

import (
	"slices"
	"sync"

	"partyline/party"
)

// The metrics of matchmaking by queues.
const (
	// MetricPass times the passes of the matchmaker.
	MetricPass = "partyline_queue_pass"
	// MetricTickets counts the tickets that wait, by queue.
	MetricTickets = "partyline_queue_tickets"
	// MetricOldest is for how long the longest wait of a queue has been going on, in seconds.
	MetricOldest = "partyline_queue_oldest"
	// MetricWait times the waits of tickets that were placed, by queue, by players on the ticket,
	// and by match: "new" or "running".
	MetricWait = "partyline_queue_wait"
	// MetricDropped counts tickets that were dropped, by queue and reason.
	MetricDropped = "partyline_queue_dropped"
	// MetricProposals is how many matches the players of a queue are asked about.
	MetricProposals = "partyline_queue_proposals"
	// MetricProposed counts tickets whose players were asked to accept a match, by queue.
	MetricProposed = "partyline_queue_proposed"
)

// gauges are those of the queues. Safe for concurrent use.
type gauges struct {
	board    *board
	mu       sync.Mutex
	measured map[string]bool // queues whose gauges were set
}

// Measure sets the gauges of every queue, and of those that the rules file had before: a gauge that is not set
// stays where it was, and the host runs no pass while nobody waits.
func (g *gauges) Measure() { g.set(g.board.Report()) }

func (g *gauges) set(reports []party.QueueReport) {
	g.mu.Lock()
	for name := range g.measured {
		if !slices.ContainsFunc(reports, func(r party.QueueReport) bool { return r.Queue == name }) {
			reports = append(reports, party.QueueReport{Queue: name})
		}
	}
	for _, r := range reports {
		g.measured[r.Queue] = true
	}
	g.mu.Unlock()
	for _, r := range reports {
		tags := map[string]string{"queue": r.Queue}
		g.board.metrics.MetricsGaugeSet(MetricTickets, tags, float64(r.Tickets))
		g.board.metrics.MetricsGaugeSet(MetricOldest, tags, float64(r.OldestSec))
		g.board.metrics.MetricsGaugeSet(MetricProposals, tags, float64(r.Proposals))
	}
}
