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

// Deps is what a Service works with. All fields are needed.
type Deps struct {
	Roster *roster.Roster
	Look   func(ctx context.Context, id party.ID) (reserve.Look, error)
	// TryLook is Look, but it gives up soon while another operation holds the party.
	TryLook         func(ctx context.Context, id party.ID) (reserve.Look, error)
	Footprint       func(reserve.Look) party.Footprint // counts members, kept seats and players on the way
	Strengths       Strengths
	Blocks          Blocks
	Sender          party.Sender
	Notifier        party.Notifier
	Newcomer        party.Newcomer      // sends to the party after a member has just come in
	NewcomerPending func(party.ID) bool // whether a message of Newcomer to the party is still to be sent
	Policy          party.Policy
	Logger          party.Logger
	Now             party.Clock

	// Processing says that the host matches through [Service.Process]: the rules had a queue when the host started.
	// Without it queues do nothing.
	Processing bool
	Statuses   party.Statuses // tells who is ready
	Launcher   Launcher
	Servers    Servers     // for queues with match fleet
	Friends    SeatOrderer // also for queues with match fleet
	// HostReportsMatches says that the host reports every match to [Service.Matched].
	HostReportsMatches bool
	// LastPass asks the host, in a player's name, about its last pass. oldest is when the oldest ticket of that pass
	// was made, zero if there was none. matched is when the tickets were made that the host matched last.
	LastPass func(ctx context.Context, player party.Session) (oldest time.Time, matched []time.Time, err error)
	// OnTicketEvent hears what becomes of parties' tickets, also if the host itself matches and no player is told.
	OnTicketEvent func(id party.ID, what EventName)
	Metrics       party.Metrics
}

// Service is matchmaking by queues, as other packages call it. Make it with [New].
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
	proposals, claims := newProposals(), &claims{now: d.Now, pending: map[string]Ticket{}}
	prepared := &prepared{Deps: d, proposals: proposals, plans: map[string]*planned{}}
	tickets := &tickets{Deps: d, book: NewBook(d.Now), proposals: proposals, barred: newPauses(d.Now), leaves: newPauses(d.Now), prepared: prepared}
	live := &liveness{tickets: tickets, answers: cache.New[struct{}, hostAnswer](d.Now, 1, askedFor)}
	blocks := &blockChecker{tickets: tickets, reads: make(chan struct{}, readsAtOnce)}
	board := &board{liveness: live, history: newHistory()}
	board.snapshots.Store(&map[string]snapshot{})
	return &Service{
		gate:     &gate{liveness: live, claims: claims},
		follower: &follower{tickets, claims, blocks},
		liveness: live,
		processor: &processor{
			liveness: live, blocks: blocks, board: board, paused: newPauses(d.Now),
		},
		seating: &seating{tickets, board.history},
		board:   board, tickets: tickets,
	}
}

// protected runs one step and turns a panic into an error, which it logs. So a panic stops that step only.
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
