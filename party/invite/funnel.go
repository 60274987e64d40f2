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

// step is a step in the life of an invite, or of a player who follows it.
type step string

const (
	stepCreated  = step(eventCreated)
	stepFetched  = step("fetched") // a chat program or search engine read the page
	stepOpened   = step("opened")  // a browser opened the page
	stepRedeemed = step(eventRedeemed)
	stepMatched  = step("matched") // a player who came by an invite got a match with the party
	stepDeclined = step(eventDeclined)
	stepRevoked  = step(eventRevoked)
)

// Counts is what happened to invites on this node since the process started.
type Counts struct {
	Created  uint64 `json:"created"`
	Fetched  uint64 `json:"fetched"` // pages read by chat programs and search engines
	Opened   uint64 `json:"opened"`  // pages opened in browsers
	Redeemed uint64 `json:"redeemed"`
	Matched  uint64 `json:"matched"` // players who came by an invite and then got a match with the party
	Declined uint64 `json:"declined"`
	Revoked  uint64 `json:"revoked"`
}

// funnel counts what happens to invites on this node. Safe for concurrent use.
type funnel struct {
	*resolver
	came *cache.Cache[string, struct{}] // users who came by an invite and have not had a match yet

	mu      sync.Mutex
	counted map[step]uint64 // guarded by mu
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
		Created: n[stepCreated], Fetched: n[stepFetched], Opened: n[stepOpened], Redeemed: n[stepRedeemed],
		Matched: n[stepMatched], Declined: n[stepDeclined], Revoked: n[stepRevoked],
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

// CountMatched counts the party's members who came by an invite. It counts each of them once.
func (f *funnel) CountMatched(ctx context.Context, id party.ID) {
	if f.came.Len() == 0 {
		return
	}
	v, err := f.Roster.View(ctx, id)
	if err != nil { // the party has ended: there is nobody to count
		return
	}
	for _, m := range v.Members {
		if _, came := f.came.Take(m.UserID); came {
			f.count(stepMatched)
		}
	}
}

// recordArrival remembers a user who has just come by an invite. If the party's match has a seat for them, it counts
// them at once.
func (f *funnel) recordArrival(userID, matchID string) {
	if matchID != "" {
		f.count(stepMatched)
		return
	}
	f.came.Put(userID, struct{}{})
}

// These bound how many players who came by an invite are remembered until they get a match, and for how long.
const (
	maxArrivals = 50_000
	arrivalTTL  = 24 * time.Hour
)
