package queue

// The metrics of matchmaking by queues.
const (
	MetricPass      = "partyline_queue_pass"      // durations of the matchmaker's passes
	MetricTickets   = "partyline_queue_tickets"   // how many tickets wait, by queue
	MetricOldest    = "partyline_queue_oldest"    // the longest wait in a queue so far, in seconds
	MetricWait      = "partyline_queue_wait"      // waits of placed tickets, by queue, size and match: new or running
	MetricDropped   = "partyline_queue_dropped"   // dropped tickets, by queue and reason
	MetricProposals = "partyline_queue_proposals" // how many matches the players of a queue are asked about
	MetricProposed  = "partyline_queue_proposed"  // tickets whose players were asked to accept a match, by queue
)

// Measure sets the gauges of all queues. Passes alone do not keep them right: the host runs none while nobody waits.
func (b *board) Measure() {
	for _, r := range b.Report() {
		tags := map[string]string{"queue": r.Queue}
		b.Metrics.MetricsGaugeSet(MetricTickets, tags, float64(r.Tickets))
		b.Metrics.MetricsGaugeSet(MetricOldest, tags, float64(r.OldestSec))
		b.Metrics.MetricsGaugeSet(MetricProposals, tags, float64(r.Proposals))
	}
}
