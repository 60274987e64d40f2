package queue

import (
	"strconv"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"
)

// The metrics of matchmaking by queues.
const (
	// MetricPass times the passes of the matchmaker.
	MetricPass = "partyline_queue_pass"
	// MetricTickets counts the tickets that wait after a pass, by queue.
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

// Metrics is the part of runtime.NakamaModule that takes measurements.
type Metrics interface {
	MetricsCounterAdd(name string, tags map[string]string, delta int64)
	MetricsGaugeSet(name string, tags map[string]string, value float64)
	MetricsTimerRecord(name string, tags map[string]string, value time.Duration)
}

var _ Metrics = runtime.NakamaModule(nil)

// measure reports what a pass leaves behind. Queues that nobody waits in are reported too:
// a gauge that is not set stays where it was.
func (p *pass) measure() {
	waiting := 0
	for name := range p.cfg.Queues {
		waiting += len(p.left[name])
		tags := map[string]string{"queue": name}
		left := p.left[name]
		oldest := time.Duration(0)
		for _, w := range left {
			oldest = max(oldest, p.began.Sub(w.since))
		}
		p.Metrics.MetricsGaugeSet(MetricTickets, tags, float64(len(left)))
		p.Metrics.MetricsGaugeSet(MetricOldest, tags, oldest.Seconds())
		p.Metrics.MetricsGaugeSet(MetricProposals, tags, float64(len(p.proposals.list(name))))
	}
	p.Metrics.MetricsTimerRecord(MetricPass, nil, p.Now().Sub(p.began))
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pace.before = p.began; waiting == 0 {
		p.pace.before = time.Time{}
	}
}

// waited reports the waits of tickets that have found a match.
func (s *Service) waited(pool []*waiting, g *group) {
	match := "new"
	if g.running {
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
