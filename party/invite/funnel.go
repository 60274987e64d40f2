package invite

import (
	"context"
	"sync"
	"time"

	"partyline/internal/cache"
	"partyline/party"
)

// MetricSteps counts the steps of invites and of the players who follow them. The tag step names the step.
const MetricSteps = "partyline_invite_steps"

// step is a step in the life of an invite, or of a player who follows it: an event, or one that the party is not told of.
type step string

const (
	stepFetched step = "fetched" // a chat program or search engine read the page
	stepOpened  step = "opened"  // a browser opened the page
	stepMatched step = "matched" // a player who came by an invite got a match with the party
)

// Counts is what happened to invites on this node since the process started.
type Counts struct {
	Created  uint64 `json:"created"`
	Fetched  uint64 `json:"fetched"` // pages read by chat programs and search engines
	Opened   uint64 `json:"opened"`  // pages opened in browsers
	Redeemed uint64 `json:"redeemed"`
	Matched  uint64 `json:"matched"` // players who came by an invite and got a match with the party, once a party
	Declined uint64 `json:"declined"`
	Revoked  uint64 `json:"revoked"`
}

// arrival is a user who came into a party by an invite.
type arrival struct {
	userID string
	origin party.ID // the party's first ID
}

// funnel counts what happens to invites on this node. Safe for concurrent use.
type funnel struct {
	*resolver

	mu      sync.Mutex                  // guards the rest
	came    *cache.Cache[arrival, bool] // who came by an invite, and whether their match with the party is counted
	counted map[step]uint64
}

func (f *funnel) count(what step) {
	f.mu.Lock()
	f.counted[what]++
	f.mu.Unlock()
	f.Metrics.MetricsCounterAdd(MetricSteps, map[string]string{"step": string(what)}, 1)
}

func (f *funnel) Counts() Counts {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := f.counted
	return Counts{
		Created: n[step(eventCreated)], Fetched: n[stepFetched], Opened: n[stepOpened], Redeemed: n[step(eventRedeemed)],
		Matched: n[stepMatched], Declined: n[step(eventDeclined)], Revoked: n[step(eventRevoked)],
	}
}

// CountPageRead counts a request for the page of an invite that leads to a party. byProgram tells whether a program
// fetched the page or a person's browser opened it.
func (f *funnel) CountPageRead(byProgram bool) {
	if byProgram {
		f.count(stepFetched)
		return
	}
	f.count(stepOpened)
}

// CountMatched counts the party's members who came into it by an invite. It counts each of them once.
func (f *funnel) CountMatched(ctx context.Context, id party.ID) {
	if f.came.Len() == 0 {
		return
	}
	seen, err := f.Roster.Look(ctx, id)
	if err != nil { // the party has ended: there is nobody to count
		return
	}
	for _, m := range seen.Members {
		a := arrival{m.UserID, seen.Origin()}
		if _, came := f.came.Peek(a); came {
			f.recordArrival(a, true)
		}
	}
}

// recordArrival remembers a user who came into a party by an invite, for another day. If they have a match with the
// party, it counts them, unless they are counted already.
func (f *funnel) recordArrival(a arrival, matched bool) {
	f.mu.Lock()
	counted, _ := f.came.Peek(a)
	f.came.Put(a, counted || matched)
	f.mu.Unlock()
	if matched && !counted {
		f.count(stepMatched)
	}
}

// These bound how many players who came by an invite are remembered, and for how long.
const (
	maxArrivals = 50_000
	arrivalTTL  = 24 * time.Hour
)
