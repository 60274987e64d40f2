package queue

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"partyline/internal/cache"
	"partyline/party"
	"partyline/party/reserve"
	"partyline/party/roster"
	"partyline/party/rules"
)

// spares is how many seats a party takes beside its members': those it keeps, and for friends on their
// way those there is room for, because a stranger with a link must not keep a party from playing.
func spares(q rules.Queue, members int, f party.Footprint) int {
	if !q.HoldInvited {
		return 0
	}
	onTheWay := f.OnTheWay()
	kept := min(f.Held-f.InLine, onTheWay)
	return kept + max(0, min(onTheWay-kept, q.Largest()-members-kept))
}

// Deps is what a Service works with. All are needed.
type Deps struct {
	Roster *roster.Roster
	Look   func(ctx context.Context, id party.ID) (reserve.Look, error)
	// Glance is Look, but it does not wait long for others who deal with the party.
	Glance    func(ctx context.Context, id party.ID) (reserve.Look, error)
	Footprint func(reserve.Look) party.Footprint // members, those with a seat kept, those on their way
	Strengths Strengths
	Blocks    Blocks
	Sender    party.Sender
	Notifier  party.Notifier
	Newcomer  party.Newcomer      // tells of members who have just come in
	Waits     func(party.ID) bool // whether a party is still to be told of some
	Policy    party.Policy
	Logger    party.Logger
	Now       party.Clock

	// Processing says that the host matches through [Service.Process]: the rules had a
	// queue when it started. Without it queues do nothing.
	Processing bool
	Statuses   party.Statuses // tells who is ready
	Launcher   Launcher
	Servers    Servers // for queues with match fleet
	// Pool asks the host in a player's name when the oldest ticket was made that its last pass found, zero for
	// none, and when those were that it matched last.
	Pool func(ctx context.Context, player party.Session) (oldest time.Time, matched []time.Time, err error)
	// Told hears what becomes of parties' tickets, also where the host matches by itself
	// and nobody else is told.
	Told    func(id party.ID, what EventName)
	Metrics party.Metrics
}

// Service is matchmaking by queues. Make it with [New].
type Service struct {
	Deps
	book   *Book
	claims *claims

	proposals *proposals
	history   *history

	mu       sync.Mutex
	prepared map[string]*planned    // by ticket: matched in a pass, not yet collected by the host
	scenes   map[string]scene       // by queue: what the last pass left waiting
	passes   int                    // so far; only Process counts
	queues   map[string]rules.Queue // of the last pass
	editions int                    // so far: how often the queues were not those of the pass before
	pace     pace
	measured map[string]bool      // queues whose gauges were set
	said     map[string]bool      // properties whose values were said to be no numbers
	failures map[string]time.Time // by queue, or running match: until when its fleet is not asked

	unasked atomic.Bool                                // the host does not answer
	answers *cache.Cache[struct{}, answer]             // of the host
	misfits *cache.Cache[string, map[string]time.Time] // by running match: tickets that it will not seat, until when
}

// misfitFor is how long a ticket is kept from a match that would not seat it: why that was may end, as the
// seat does that is kept for a player whose connection is lost.
const (
	misfitFor  = 15 * time.Second
	maxMisfits = 10_000 // matches
)

// New makes a service.
func New(d Deps) *Service {
	return &Service{
		Deps: d, book: NewBook(d.Now), claims: &claims{now: d.Now},
		prepared: map[string]*planned{}, answers: cache.New[struct{}, answer](d.Now, 1, askedFor), misfits: cache.New[string, map[string]time.Time](d.Now, maxMisfits, misfitFor), failures: map[string]time.Time{}, proposals: newProposals(), history: newHistory(), measured: map[string]bool{}, said: map[string]bool{},
	}
}

// protected turns a panic of a step into an error, and logs it: it costs that step alone.
func (s *Service) protected(step, queue string, do func()) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = fmt.Errorf("panic: %v", value)
			s.Logger.Error("matchmaking failed step=%q queue=%s: panic: %v\n%s", step, queue, value, debug.Stack())
		}
	}()
	do()
	return nil
}

// Queued reports whether the party has a ticket that waits.
func (s *Service) Queued(ctx context.Context, id party.ID) (bool, error) {
	return slices.ContainsFunc(s.book.OfParty(id), func(t Ticket) bool { return s.stillWaits(ctx, t) }), nil
}

// users are the different users of some sessions: a second socket is no second player.
func users(of []party.Session) []string {
	ids := make([]string, 0, len(of))
	for _, s := range of {
		if !slices.Contains(ids, s.UserID) {
			ids = append(ids, s.UserID)
		}
	}
	return ids
}

// Ages says since when a party has waited in each queue.
func (s *Service) Ages(id party.ID) map[string]time.Time {
	if !s.Processing {
		return nil
	}
	return s.book.Ages(id)
}

// Waiting counts the tickets that wait, as far as this process knows.
func (s *Service) Waiting() int { return s.book.Waiting() }
