// Package matchmaker brings waiting tickets together into matches as Nakama's own
// matchmaker does: solo and party tickets, each with a query over the properties of the
// others, searched once per interval. A module's hooks may name the match, choose among
// candidates or take over the whole formation. All state is in memory.
//
// Every exported method is safe for concurrent use.
package matchmaker

import (
	"context"
	"time"

	"partyline/local/engine/presence"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"
)

// Router delivers an envelope to sessions, wherever they are.
type Router interface {
	SendToPresences(ids []presence.ID, env *rtapi.Envelope)
}

// Hooks are a module's say in matchmaking. A nil function is not set. They are called
// with panics contained; they may run for any time, the next interval waits for them.
type Hooks struct {
	// Matched is called once for each match formed, concurrently, before its players are
	// told. It returns the ID of the match to send them to, or "" for a relayed match.
	// After an error the players get a relayed match.
	Matched func(ctx context.Context, entries []runtime.MatchmakerEntry) (matchID string, err error)
	// Override chooses among the candidate matches of an interval.
	Override func(ctx context.Context, candidates [][]runtime.MatchmakerEntry) [][]runtime.MatchmakerEntry
	// Processor forms the matches itself, from the entries of every waiting ticket in no
	// particular order. Tickets never turn passive under it. It wins over Override.
	Processor func(ctx context.Context, entries []runtime.MatchmakerEntry) [][]runtime.MatchmakerEntry
}

// Options configure a [Matchmaker]. The zero value of a number means Nakama's default.
type Options struct {
	Node   string // name of this node, in every presence
	Router Router
	Logger runtime.Logger
	// RelayToken returns a fresh token for a relayed match that nobody is in yet.
	RelayToken func() string

	Interval     time.Duration // between passes of [Matchmaker.Run]; 15 s
	MaxIntervals int           // passes a ticket searches actively; 2
	MaxTickets   int           // per session, and per party; 3

	Now func() time.Time // time.Now when nil
	// Ticker returns ticks that are d apart and what ends them; time.NewTicker when nil.
	Ticker func(d time.Duration) (ticks <-chan time.Time, stop func())
}

// Matchmaker owns the waiting tickets.
type Matchmaker struct {
	opts  Options
	hooks Hooks
}

// New returns a matchmaker without tickets. It does nothing by itself until [Matchmaker.Run].
func New(opts Options, hooks Hooks) (*Matchmaker, error) {
	return &Matchmaker{opts: opts, hooks: hooks}, nil
}

// Add files a ticket for the sessions in presences, which are matched together or not at
// all. A solo ticket names its owner in sessionID and has no partyID; a party ticket has
// the partyID and no sessionID. createTime is in Unix nanoseconds. The errors are
// runtime.ErrMatchmakerNotAvailable, -QueryInvalid, -DuplicateSession and -TooManyTickets.
// When ctx is already done nothing is filed and the ticket is "", without an error.
func (m *Matchmaker) Add(ctx context.Context, presences []presence.Presence, sessionID, partyID, query string, minCount, maxCount, countMultiple int, stringProps map[string]string, numericProps map[string]float64) (ticket string, createTime int64, err error) {
	return "", 0, nil
}

// RemoveSession withdraws a solo ticket. It refuses others' tickets and party tickets with
// runtime.ErrMatchmakerTicketNotFound.
func (m *Matchmaker) RemoveSession(sessionID, ticket string) error { return nil }

// RemoveSessionAll withdraws every ticket the session is on, its party's included.
func (m *Matchmaker) RemoveSessionAll(sessionID string) {}

// RemoveParty withdraws a party ticket. It refuses others' tickets with
// runtime.ErrMatchmakerTicketNotFound.
func (m *Matchmaker) RemoveParty(partyID, ticket string) error { return nil }

// RemovePartyAll withdraws every ticket of the party.
func (m *Matchmaker) RemovePartyAll(partyID string) {}

// Process runs one pass over the tickets and returns when every player it matched has
// been told.
func (m *Matchmaker) Process() {}

// Run makes a pass at every interval until ctx is done. It closes the matchmaker when it
// returns.
func (m *Matchmaker) Run(ctx context.Context) {}

// Session is what the message handlers need of a live socket.
type Session interface {
	ID() uuid.UUID
	UserID() uuid.UUID
	Username() string
	Send(*rtapi.Envelope) error
}

// HandleAdd answers a matchmaker_add message.
func (m *Matchmaker) HandleAdd(ctx context.Context, s Session, in *rtapi.Envelope) (out *rtapi.Envelope, ok bool) {
	return nil, false
}

// HandleRemove answers a matchmaker_remove message.
func (m *Matchmaker) HandleRemove(ctx context.Context, s Session, in *rtapi.Envelope) (out *rtapi.Envelope, ok bool) {
	return nil, false
}
