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

// Most refusals remembered, with their facts; the oldest are forgotten first. A fact can
// be an account's whole metadata, so there are not many.
const maxDenials = 64

// maxCountedRules bounds the counters; a file has at most 200 rules at a time.
const maxCountedRules = 1000

// Asked is a question that was answered, with the facts as they were.
type Asked struct {
	At               time.Time
	Action           rules.Action
	UserID, Username string
	PartyID          string // "" for an action without a party

	set   *rules.Set
	facts rules.Facts
}

func newAsked(at time.Time, q party.Question, set *rules.Set, facts rules.Facts) Asked {
	a := Asked{At: at, Action: q.Action, UserID: q.Caller.UserID, Username: q.Caller.Username, set: set, facts: facts}
	if !q.View.ID.IsZero() {
		a.PartyID = q.View.ID.String()
	}
	return a
}

// Explain takes the answer apart: what each rule made of the facts as they were.
func (a Asked) Explain(ctx context.Context) rules.Explanation {
	return a.set.Explain(ctx, a.facts, nil)
}

// Denial is one action that a rule refused.
type Denial struct {
	Asked
	Rule    string
	Message string // what the player read
	Broken  bool   // the rule could not be evaluated
}

// appendBounded appends to a list of at most most, which forgets its oldest.
func appendBounded[T any](list []T, v T, most int) []T {
	return append(slices.Delete(list, 0, max(0, len(list)+1-most)), v)
}

// newestFirst is a copy of a list that begins with its oldest.
func newestFirst[T any](list []T) []T {
	out := append([]T{}, list...)
	slices.Reverse(out)
	return out
}

// denials remembers the last refusals and counts all. The zero value is empty. It is part of a
// [Judge]; what it exports is the judge's.
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

// Denials are the last refusals, the newest first.
func (ds *denials) Denials() []Denial {
	ds.mu.Lock()
	defer ds.mu.Unlock()
	return newestFirst(ds.last)
}

// Denied counts the refusals by rule since the process began.
func (ds *denials) Denied() map[string]uint64 {
	ds.mu.Lock()
	defer ds.mu.Unlock()
	return maps.Clone(ds.byRule)
}
