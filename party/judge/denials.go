package judge

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"partyline/party/rules"
)

// Most refusals remembered, with their facts; the oldest are forgotten first. A fact can
// be an account's whole metadata, so there are not many.
const maxDenials = 64

// maxCountedRules bounds the counters; a file has at most 200 rules at a time.
const maxCountedRules = 1000

// Denial is one action that a rule refused.
type Denial struct {
	At               time.Time
	Action           rules.Action
	UserID, Username string
	PartyID          string // "" for an action without a party
	Rule             string
	Message          string // what the player read
	Broken           bool   // the rule could not be evaluated

	set   *rules.Set
	facts rules.Facts
}

// Explain takes the refusal apart: what each rule made of the facts as they were.
func (d Denial) Explain(ctx context.Context) rules.Explanation {
	if d.set == nil {
		return rules.Explanation{}
	}
	return d.set.Explain(ctx, d.facts, nil)
}

// denials remembers the last refusals and counts all. The zero value is empty.
type denials struct {
	mu     sync.Mutex
	last   []Denial // the oldest first
	byRule map[string]uint64
}

func (ds *denials) add(d Denial) {
	ds.mu.Lock()
	defer ds.mu.Unlock()
	if len(ds.last) == maxDenials {
		ds.last = slices.Delete(ds.last, 0, 1)
	}
	ds.last = append(ds.last, d)
	if ds.byRule == nil || len(ds.byRule) >= maxCountedRules && ds.byRule[d.Rule] == 0 {
		ds.byRule = map[string]uint64{}
	}
	ds.byRule[d.Rule]++
}

func (ds *denials) list() []Denial {
	ds.mu.Lock()
	defer ds.mu.Unlock()
	out := slices.Clone(ds.last)
	slices.Reverse(out)
	return out
}

func (ds *denials) counts() map[string]uint64 {
	ds.mu.Lock()
	defer ds.mu.Unlock()
	return maps.Clone(ds.byRule)
}
