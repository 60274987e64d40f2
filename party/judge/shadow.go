package judge

import (
	"cmp"
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"partyline/party"
	"partyline/party/rules"
)

// Bounds of a shadow: what comes faster than it is asked is dropped and counted.
const (
	shadowQueue    = 1024
	shadowTimeout  = 2 * time.Second
	shadowOutcomes = 1000 // different pairs of outcomes that are counted
	shadowExamples = 32
)

// MetricShadow counts what the next rules would have answered, with the tags action, rule
// (the next file's that decides, "" for none) and change: same, stricter, looser or other.
const MetricShadow = "partyline_rules_shadow"

// Shadow asks rules that are not in force yet what they would answer, beside the judge and
// never in its place. It works behind the answers, in the goroutine of [Shadow.Run], with
// the question as the judge had it and the facts of that moment. Safe for concurrent use.
type Shadow struct {
	next    func() *rules.Set // nil until a file was loaded
	metrics party.Metrics
	logger  party.Logger
	queue   chan shadowed
	dropped atomic.Uint64

	mu       sync.Mutex
	counts   map[ShadowCount]uint64 // with Times 0
	other    uint64                 // of pairs that are not counted one by one
	examples []Difference           // the oldest first
}

// shadowed is a question that has been answered.
type shadowed struct {
	at       time.Time
	question party.Question
	outcome  string
	judge    *Judge
}

// NewShadow makes a shadow of the rules that next answers with; nil until there are any.
func NewShadow(next func() *rules.Set, metrics party.Metrics, logger party.Logger) *Shadow {
	return &Shadow{next: next, metrics: metrics, logger: logger, queue: make(chan shadowed, shadowQueue), counts: map[ShadowCount]uint64{}}
}

// ShadowCount is how often two outcomes met, in the words of cases.
type ShadowCount struct {
	Action rules.Action `json:"action"`
	Now    string       `json:"now"`  // the answer that was given
	Next   string       `json:"next"` // the answer that would have been
	Times  uint64       `json:"times"`
}

// Difference is one question that the next rules answer otherwise; it explains their answer.
type Difference struct {
	Asked
	Now, Next string
}

// ShadowReport is what a shadow has seen.
type ShadowReport struct {
	Counts   []ShadowCount // by action, most often first
	Other    uint64        // beyond the pairs that are counted
	Dropped  uint64        // came faster than they could be asked, or lacked a fact
	Examples []Difference  // the newest first
}

// wants reports whether the next file has anything to say about the question: of a new party it sets the size.
func (s *Shadow) wants(a rules.Action) bool {
	return s.loaded() && (s.next().Has(a) || a == rules.ActionCreate)
}

func (s *Shadow) loaded() bool { return s != nil && s.next() != nil }

// answered notes a question that the judge has answered, unless no rule decided it and the next rules have none about it.
func (s *Shadow) answered(j *Judge, q party.Question, at time.Time, outcome string) {
	if !s.loaded() || outcome == "allowed" && !s.wants(q.Action) {
		return
	}
	select {
	case s.queue <- shadowed{at: at, question: q, outcome: outcome, judge: j}:
	default:
		s.dropped.Add(1)
	}
}

// Run asks until ctx ends.
func (s *Shadow) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case q := <-s.queue:
			s.ask(ctx, q)
		}
	}
}

// ask asks the next rules one question. Its failures and panics are its own.
func (s *Shadow) ask(ctx context.Context, q shadowed) {
	defer func() {
		if p := recover(); p != nil {
			s.logger.Error("shadow rules failed: panic: %v\n%s", p, debug.Stack())
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, shadowTimeout)
	defer cancel()
	set := s.next()
	d, on := rules.Decision{Allowed: true}, rules.Facts{}
	var broken error
	request, fits := set.Config().Parties.Shape(q.question.Action, q.question.Request)
	q.question.Request = request
	if fits && set.Asks(q.question.Action, q.question.Invited) {
		facts, err := q.judge.facts(ctx, set, q.question)
		if err != nil {
			s.dropped.Add(1)
			return
		}
		facts.Now = q.at
		d, on, broken = set.Ask(ctx, facts, q.judge.Load, false)
	}
	a, outcome := q.question.Action, d.Words(broken)
	if !fits {
		outcome = rules.SizeRefused
	}
	s.metrics.MetricsCounterAdd(MetricShadow, map[string]string{"action": string(a), "rule": d.Rule, "change": change(q.outcome, outcome)}, 1)
	s.mu.Lock()
	defer s.mu.Unlock()
	key := ShadowCount{Action: a, Now: q.outcome, Next: outcome}
	if _, known := s.counts[key]; known || len(s.counts) < shadowOutcomes {
		s.counts[key]++
	} else {
		s.other++
	}
	if q.outcome == outcome {
		return
	}
	s.examples = appendBounded(s.examples, Difference{newAsked(q.at, q.question, set, on), q.outcome, outcome}, shadowExamples)
}

func change(now, next string) string {
	was, is := strings.HasPrefix(now, "allowed"), strings.HasPrefix(next, "allowed")
	switch {
	case now == next:
		return "same"
	case was && !is:
		return "stricter"
	case is && !was:
		return "looser"
	}
	return "other"
}

// Report says what was seen since the process began or [Shadow.Reset].
func (s *Shadow) Report() ShadowReport {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := ShadowReport{Counts: []ShadowCount{}, Other: s.other, Dropped: s.dropped.Load(), Examples: newestFirst(s.examples)}
	for key, times := range s.counts {
		key.Times = times
		r.Counts = append(r.Counts, key)
	}
	slices.SortFunc(r.Counts, func(a, b ShadowCount) int {
		return cmp.Or(cmp.Compare(a.Action, b.Action), cmp.Compare(b.Times, a.Times), cmp.Compare(fmt.Sprint(a), fmt.Sprint(b)))
	})
	return r
}

// Reset forgets everything, for another version of either file.
func (s *Shadow) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts, s.other, s.examples = map[ShadowCount]uint64{}, 0, nil
	s.dropped.Store(0)
}
