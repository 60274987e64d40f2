// Package overview is what operators and designers see of a running server: live
// parties, the rules in force and how they fare, the last refusals with their reasons,
// invites that somebody can still use, and what the process holds in memory. The admin
// RPCs answer with its types and the console page shows them.
//
// It reads and changes nothing, but for a reload somebody asks for. Nothing secret is in
// it: invite codes are kept nowhere, and no session tokens or keys come by here. Safe for
// concurrent use.
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

// Seats is the part of admission that shows a party and what it keeps in memory.
type Seats interface {
	Detail(ctx context.Context, id party.ID) (admission.Detail, error)
	Stats() admission.Stats
	Population() ledger.Population
}

// Invites is the part of the invite service that operators see.
type Invites interface {
	Outstanding(ctx context.Context, sought string) (list []invite.Outstanding, more bool, err error)
	Counts() invite.Counts
}

// Deps is what an Overview reads.
type Deps struct {
	Live    *rules.Live
	Next    *rules.Live   // the rules that come next; nil: none
	Shadow  *judge.Shadow // what they would have answered; nil with Next
	Record  *judge.Record // nil: none
	History *judge.History
	// Playground is the address of the page to try rules on, "" for none.
	Playground string
	Judge      *judge.Judge
	Lister     party.Finder
	Seats      Seats
	Invites    Invites
	Limits     func() map[string]int // buckets each limit remembers
	Queues     func() []party.QueueReport
	Matches    func(ctx context.Context, most int) ([]party.RunningMatch, error)

	Attributes func(ctx context.Context, looks []reserve.Look) (map[party.ID]attributes.Document, error)
	Faces      func(ctx context.Context, userIDs []string) ([]party.Profile, error)

	Vitals func() Vitals
	Now    party.Clock
}

type Overview struct {
	Deps
	since time.Time
}

// New makes an overview; the time of its making is the one that uptime counts from.
func New(d Deps) *Overview { return &Overview{Deps: d, since: d.Now()} }
