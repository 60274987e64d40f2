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

// Bounds of a shadow. Questions that come faster than it asks them are dropped and counted.
const (
	shadowQueueSize   = 1024
	shadowTimeout     = 2 * time.Second
	maxShadowOutcomes = 1000 // different pairs of outcomes with a counter of their own
	maxShadowExamples = 32
)

// MetricShadow counts the answers of the next rules file. Its tags are action, rule (the next file's rule that
// decides, "" for none) and change: same, stricter, looser or other.
const MetricShadow = "partyline_rules_shadow"

// Shadow asks the next rules file what it would answer. It never decides. [Shadow.Run] asks after the judge
// answered. It uses the question and the time of the judge, and gathers the facts itself. Shadow is safe for
// concurrent use.
type Shadow struct {
	next    func() *rules.Set // returns nil until a file is loaded
	metrics party.Metrics
	logger  party.Logger
	queue   chan shadowQuestion
	dropped atomic.Uint64

	mu        sync.Mutex
	counts    map[ShadowCount]uint64 // the keys have Times 0
	uncounted uint64                 // of pairs without a counter of their own
	examples  []Difference           // the oldest first
}

// shadowQuestion is an answered question.
type shadowQuestion struct {
	at       time.Time
	question party.Question
	outcome  string
	judge    *Judge
}

// NewShadow makes a shadow of the rules that next returns. next returns nil while there are none.
func NewShadow(next func() *rules.Set, metrics party.Metrics, logger party.Logger) *Shadow {
	return &Shadow{next: next, metrics: metrics, logger: logger, queue: make(chan shadowQuestion, shadowQueueSize), counts: map[ShadowCount]uint64{}}
}

// ShadowCount counts how often a pair of outcomes occurred, in the notation of case files.
type ShadowCount struct {
	Action rules.Action `json:"action"`
	Now    string       `json:"now"`  // the answer that was given
	Next   string       `json:"next"` // the answer that would have been
	Times  uint64       `json:"times"`
}

// Difference is a question that the next rules answer differently. It explains their answer.
type Difference struct {
	AnsweredQuestion
	Now  string `json:"now"`
	Next string `json:"next"`
}

// ShadowReport is the result of a shadow so far.
type ShadowReport struct {
	Counts   []ShadowCount // sorted by action, then the most frequent first
	Other    uint64        // answers to pairs without a counter of their own
	Dropped  uint64        // questions that came too fast or lacked a fact
	Examples []Difference  // the newest first
}

// wants reports whether the next file can change the answer: it has a rule about the action, or the action is
// create, because the file sets the size of a new party.
func (s *Shadow) wants(a rules.Action) bool {
	return s.loaded() && (s.next().Has(a) || a == rules.ActionCreate)
}

func (s *Shadow) loaded() bool { return s != nil && s.next() != nil }

// enqueue queues a question that the judge answered. It skips a question that no rule decided and that the next
// file cannot answer differently.
func (s *Shadow) enqueue(j *Judge, q party.Question, at time.Time, outcome string) {
	if !s.loaded() || outcome == "allowed" && !s.wants(q.Action) {
		return
	}
	select {
	case s.queue <- shadowQuestion{at: at, question: q, outcome: outcome, judge: j}:
	default:
		s.dropped.Add(1)
	}
}

// Run asks the queued questions until ctx ends.
func (s *Shadow) Run(ctx context.Context) {
	drain(ctx, s.queue, func(q shadowQuestion) { s.ask(ctx, q) })
}

// ask asks the next rules one question. It logs its panics, and they affect nothing else.
func (s *Shadow) ask(ctx context.Context, q shadowQuestion) {
	defer func() {
		if p := recover(); p != nil {
			s.logger.Error("shadow rules failed: panic: %v\n%s", p, debug.Stack())
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, shadowTimeout)
	defer cancel()
	set := s.next()
	d, used := rules.Decision{Allowed: true}, rules.Facts{}
	var broken error
	request, fits := set.Config().Parties.ResolveRequest(q.question.Action, q.question.Request)
	q.question.Request = request
	if fits && set.Asks(q.question.Action, q.question.Invited) {
		facts, err := q.judge.facts(ctx, set, q.question)
		if err != nil {
			s.dropped.Add(1)
			return
		}
		facts.Now = q.at
		d, used, broken = set.Decide(ctx, facts, q.judge.Load, false)
	}
	a, outcome := q.question.Action, d.Outcome(broken)
	if !fits {
		outcome = rules.SizeRefused
	}
	s.metrics.MetricsCounterAdd(MetricShadow, map[string]string{"action": string(a), "rule": d.Rule, "change": changeKind(q.outcome, outcome)}, 1)
	s.mu.Lock()
	defer s.mu.Unlock()
	key := ShadowCount{Action: a, Now: q.outcome, Next: outcome}
	if _, known := s.counts[key]; known || len(s.counts) < maxShadowOutcomes {
		s.counts[key]++
	} else {
		s.uncounted++
	}
	if q.outcome == outcome {
		return
	}
	s.examples = appendBounded(s.examples, Difference{newAsked(q.at, q.question, set, used), q.outcome, outcome}, maxShadowExamples)
}

func changeKind(now, next string) string {
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

// Report returns what was counted since the process started or since [Shadow.Reset].
func (s *Shadow) Report() ShadowReport {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := ShadowReport{Counts: []ShadowCount{}, Other: s.uncounted, Dropped: s.dropped.Load(), Examples: newestFirst(s.examples)}
	for key, times := range s.counts {
		key.Times = times
		r.Counts = append(r.Counts, key)
	}
	slices.SortFunc(r.Counts, func(a, b ShadowCount) int {
		return cmp.Or(cmp.Compare(a.Action, b.Action), cmp.Compare(b.Times, a.Times), cmp.Compare(fmt.Sprint(a), fmt.Sprint(b)))
	})
	return r
}

// Reset clears everything, for a new version of either file.
func (s *Shadow) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts, s.uncounted, s.examples = map[ShadowCount]uint64{}, 0, nil
	s.dropped.Store(0)
}
