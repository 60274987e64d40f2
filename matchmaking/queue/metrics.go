package queue

import (
	"slices"
	"strconv"
	"time"

	"partyline/matchmaking/formation"
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

// Measure sets the gauges of every queue, and of those that the rules file had before: a gauge that is not set
// stays where it was, and the host runs no pass while nobody waits.
func (s *Service) Measure() { s.gauge(s.Report()) }

func (s *Service) gauge(reports []party.QueueReport) {
	s.mu.Lock()
	for name := range s.measured {
		if !slices.ContainsFunc(reports, func(r party.QueueReport) bool { return r.Queue == name }) {
			reports = append(reports, party.QueueReport{Queue: name})
		}
	}
	for _, r := range reports {
		s.measured[r.Queue] = true
	}
	s.mu.Unlock()
	for _, r := range reports {
		tags := map[string]string{"queue": r.Queue}
		s.Metrics.MetricsGaugeSet(MetricTickets, tags, float64(r.Tickets))
		s.Metrics.MetricsGaugeSet(MetricOldest, tags, float64(r.OldestSec))
		s.Metrics.MetricsGaugeSet(MetricProposals, tags, float64(r.Proposals))
	}
}

// measure reports what a pass leaves behind. To ask the book about each ticket once more would take a
// tenth of the pass.
func (p *pass) measure() {
	p.gauge(p.report(func(of []formation.Ticket, f func(i int)) {
		for i := range of {
			f(i)
		}
	}))
	p.Metrics.MetricsTimerRecord(MetricPass, nil, p.Now().Sub(p.began))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pace.before = time.Time{}
	for _, left := range p.left {
		if len(left) > 0 {
			p.pace.before = p.began
		}
	}
}

// waited reports the waits of tickets that have found a match.
func (s *Service) waited(pool []*waiting, plan *planned) {
	match := "new"
	if plan.running {
		match = "running"
	}
	now := s.Now()
	for _, w := range pool {
		since := w.created
		if t, live := s.book.Get(w.id); live {
			since = t.Since
			s.history.add(w.queue, len(t.Members), now.Sub(since))
		}
		s.Metrics.MetricsTimerRecord(MetricWait, map[string]string{"queue": w.queue, "match": match, "size": strconv.Itoa(len(w.people()))}, max(0, now.Sub(since)))
	}
}
