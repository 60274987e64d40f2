package invite

import (
	"context"
	"sync"
	"time"

	"partyline/internal/cache"
	"partyline/party"
)

// MetricSteps counts the steps of invites and of those who follow them, by the tag step.
const MetricSteps = "partyline_invite_steps"

// step is one of an invite, or of somebody who follows it.
type step string

const (
	stepCreated  = step(eventCreated)
	stepFetched  = step("fetched") // a chat program or search engine has read the page
	stepOpened   = step("opened")  // a browser has opened the page
	stepRedeemed = step(eventRedeemed)
	stepMatched  = step("matched") // somebody who came by an invite has a match with the party
	stepDeclined = step(eventDeclined)
	stepRevoked  = step(eventRevoked)
)

// Counts is what became of invites on this node since the process began.
type Counts struct {
	Created  uint64 `json:"created"`
	Fetched  uint64 `json:"fetched"` // the page, by chat programs and search engines
	Opened   uint64 `json:"opened"`  // the page, in browsers
	Redeemed uint64 `json:"redeemed"`
	Matched  uint64 `json:"matched"` // players who came by an invite and then had a match with the party
	Declined uint64 `json:"declined"`
	Revoked  uint64 `json:"revoked"`
}

// funnel counts what becomes of invites on this node. Safe for concurrent use.
type funnel struct {
	*routes
	came *cache.Cache[string, struct{}] // users who came by an invite and have had no match yet

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

// PageRead counts a look at the page of an invite that leads somewhere: by a program that
// fetches pages, or by a person's browser.
func (f *funnel) PageRead(byProgram bool) {
	if byProgram {
		f.count(stepFetched)
		return
	}
	f.count(stepOpened)
}

// Matched counts those of the party's members who came by an invite, each once.
func (f *funnel) Matched(ctx context.Context, id party.ID) {
	if f.came.Len() == 0 {
		return
	}
	v, err := f.Roster.View(ctx, id)
	if err != nil { // gone: nobody is left to be counted
		return
	}
	for _, m := range v.Members {
		if _, came := f.came.Take(m.UserID); came {
			f.count(stepMatched)
		}
	}
}

// cameWith notes who has just come by an invite, and counts them where the party's match has
// a seat for them.
func (f *funnel) cameWith(userID, matchID string) {
	if matchID != "" {
		f.count(stepMatched)
		return
	}
	f.came.Put(userID, struct{}{})
}

// For so many players, and so long, a match counts as one that an invite led to.
const (
	maxCame = 50_000
	cameFor = 24 * time.Hour
)
