// Package overview shows operators and designers a running server: live parties, the rules in force and how often
// they decide, the last refusals with their reasons, invites that can still be used, and what the process holds in
// memory. The admin RPCs answer with its types, and the console page shows them.
// If ctx ends while the database hangs, they show what is in memory, which includes the host's lists.
//
// It only reads, except for a reload that somebody asks for. It contains no secrets: invite codes are not stored, and
// it sees no session tokens or keys. Safe for concurrent use.
package overview

import (
	"context"
	"time"

	"partyline/party"
	"partyline/party/admission"
	"partyline/party/attributes"
	"partyline/party/invite"
	"partyline/party/judge"
	"partyline/party/ledger"
	"partyline/party/reserve"
	"partyline/party/rules"
)

// answerWithin bounds all reads of one answer. The host cuts off answers that take 10 s.
const answerWithin = 8 * time.Second

// Seats is the part of admission that shows a party and what admission has in memory.
type Seats interface {
	Detail(ctx context.Context, id party.ID) (admission.Detail, error)
	Stats() admission.Stats
	Population() ledger.Population
}

// Invites is the part of the invite service for operators.
type Invites interface {
	Outstanding(ctx context.Context, sought string) (list []invite.Outstanding, more bool, err error)
	Counts() invite.Counts
}

// Deps is what an Overview reads.
type Deps struct {
	Live    *rules.Live
	Next    *rules.Live   // the next rules; nil if there are none
	Shadow  *judge.Shadow // what the next rules would have answered; nil if Next is nil
	Record  *judge.Record // nil if nothing is recorded
	History *judge.History
	// Playground is the address of the page to try rules on, "" if there is none.
	Playground string
	Judge      *judge.Judge
	Lister     party.Finder
	PartiesOf  func(ctx context.Context, userID string) ([]party.Membership, error)
	Seats      Seats
	Invites    Invites
	Limits     func() map[string]int // how many buckets each limit remembers
	Queues     func() []party.QueueReport
	Matches    func(ctx context.Context, most int) (newest []party.RunningMatch, total int, err error)

	Attributes func(ctx context.Context, looks []reserve.Look) (map[party.ID]attributes.Document, error)
	Profiles   func(ctx context.Context, userIDs []string) ([]party.Profile, error)

	Vitals func() Vitals
	Now    party.Clock
}

type Overview struct {
	Deps
	since time.Time
}

// New makes an overview. Uptime counts from this call.
func New(d Deps) *Overview { return &Overview{Deps: d, since: d.Now()} }
