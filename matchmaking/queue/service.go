package queue

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"partyline/internal/cache"
	"partyline/party"
	"partyline/party/reserve"
	"partyline/party/roster"
)

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
	Servers    Servers     // for queues with match fleet
	Friends    LateFriends // for them, too
	// Hears says that the host tells [Service.Matched] of every match.
	Hears bool
	// Pool asks the host in a player's name when the oldest ticket was made that its last pass found, zero for
	// none, and when those were that it matched last.
	Pool func(ctx context.Context, player party.Session) (oldest time.Time, matched []time.Time, err error)
	// Told hears what becomes of parties' tickets, also where the host matches by itself
	// and nobody else is told.
	Told    func(id party.ID, what EventName)
	Metrics party.Metrics
}

// Service is matchmaking by queues: the parts of it that others call. Make it with [New].
type Service struct {
	*gate
	*follower
	*liveness
	*processor
	*seating
	*board
	tickets *tickets
}

// New makes a service.
func New(d Deps) *Service {
	proposals, claims := newProposals(), &claims{now: d.Now}
	prepared := &prepared{Deps: d, proposals: proposals, plans: map[string]*planned{}}
	tickets := &tickets{Deps: d, book: NewBook(d.Now), proposals: proposals, barred: newPauses(d.Now), prepared: prepared}
	live := &liveness{tickets: tickets, answers: cache.New[struct{}, answer](d.Now, 1, askedFor)}
	blocks := &blocking{tickets: tickets, reads: make(chan struct{}, readsAtOnce)}
	board := &board{liveness: live, history: newHistory(), measured: map[string]bool{}}
	board.scenes.Store(&map[string]scene{})
	return &Service{
		gate:     &gate{liveness: live, claims: claims},
		follower: &follower{tickets, claims, blocks},
		liveness: live,
		processor: &processor{
			liveness: live, blocks: blocks, board: board, resting: newPauses(d.Now),
			misfits: cache.New[string, map[string]time.Time](d.Now, maxMisfits, misfitFor),
		},
		seating: &seating{tickets, board.history},
		board:   board, tickets: tickets,
	}
}

// protected turns a panic of a step into an error, and logs it: it costs that step alone.
func protected(log party.Logger, step, queue string, do func()) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = fmt.Errorf("panic: %v", value)
			log.Error("matchmaking failed step=%q queue=%s: panic: %v\n%s", step, queue, value, debug.Stack())
		}
	}()
	do()
	return nil
}
