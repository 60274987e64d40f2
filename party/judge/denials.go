package judge

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"partyline/party"
	"partyline/party/rules"
)

// maxDenials limits the refusals that are kept with their facts. The oldest are dropped first. The limit is low
// because a fact can be the whole metadata of an account.
const maxDenials = 64

// maxCountedRules limits the counters. A file has at most 200 rules at a time.
const maxCountedRules = 1000

// AnsweredQuestion is an answered question, with the facts of that moment.
type AnsweredQuestion struct {
	At       int64        `json:"at"`
	Action   rules.Action `json:"action"`
	UserID   string       `json:"user_id"`
	Username string       `json:"username"`
	PartyID  string       `json:"party_id"` // "" for an action without a party

	set   *rules.Set
	facts rules.Facts
}

func newAsked(at time.Time, q party.Question, set *rules.Set, facts rules.Facts) AnsweredQuestion {
	a := AnsweredQuestion{At: at.Unix(), Action: q.Action, UserID: q.Caller.UserID, Username: q.Caller.Username, set: set, facts: facts}
	if !q.View.ID.IsZero() {
		a.PartyID = q.View.ID.String()
	}
	return a
}

// Explain explains the answer: it says what each rule made of the facts.
func (a AnsweredQuestion) Explain(ctx context.Context) rules.Explanation {
	return a.set.Explain(ctx, a.facts, nil)
}

// Denial is one action that a rule refused.
type Denial struct {
	AnsweredQuestion
	Rule    string
	Message string // what the player reads
	Broken  bool   // the rule could not be evaluated
}

// appendBounded appends to a list with at most most entries. It drops the oldest.
func appendBounded[T any](list []T, v T, most int) []T {
	return append(slices.Delete(list, 0, max(0, len(list)+1-most)), v)
}

// newestFirst returns a reversed copy of a list that starts with the oldest.
func newestFirst[T any](list []T) []T {
	out := append([]T{}, list...)
	slices.Reverse(out)
	return out
}

// denials keeps the last refusals and counts all. The zero value is empty. Its exported methods are promoted to
// [Judge].
type denials struct {
	mu     sync.Mutex
	last   []Denial // the oldest first
	byRule map[string]uint64
}

func (ds *denials) add(d Denial) {
	ds.mu.Lock()
	defer ds.mu.Unlock()
	ds.last = appendBounded(ds.last, d, maxDenials)
	if ds.byRule == nil || len(ds.byRule) >= maxCountedRules && ds.byRule[d.Rule] == 0 {
		ds.byRule = map[string]uint64{}
	}
	ds.byRule[d.Rule]++
}

// Denials returns the last refusals, the newest first.
func (ds *denials) Denials() []Denial {
	ds.mu.Lock()
	defer ds.mu.Unlock()
	return newestFirst(ds.last)
}

// Denied returns the number of refusals by each rule since the process started.
func (ds *denials) Denied() map[string]uint64 {
	ds.mu.Lock()
	defer ds.mu.Unlock()
	return maps.Clone(ds.byRule)
}
