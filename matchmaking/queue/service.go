package queue

import (
	"context"
	"slices"
	"sync"
	"time"

	"partyline/party"
	"partyline/party/roster"
	"partyline/party/rules"
)

// Roster reads parties and sockets.
type Roster interface {
	View(ctx context.Context, id party.ID) (party.View, error)
	PartiesOf(ctx context.Context, userID string) ([]party.Membership, error)
	Sessions(userID string) ([]party.Session, error)
}

var _ Roster = (*roster.Roster)(nil)

// Footprint reads a party and counts who belongs to it: members, those it keeps seats for,
// and those on their way.
type Footprint func(ctx context.Context, id party.ID) (party.View, party.Footprint, error)

// spares is how many seats a party takes in the queue beside its members'. Seats it keeps
// count, even if that makes it too large. For friends on their way without one there are
// seats as long as there is room: a stranger with a link must not keep a party from playing.
func spares(q rules.Queue, members int, f party.Footprint) int {
	if !q.HoldInvited {
		return 0
	}
	onTheWay := f.OnTheWay()
	kept := min(f.Held, onTheWay)
	return kept + max(0, min(onTheWay-kept, q.Largest()-members-kept))
}

// Deps is what a Service works with. All are needed but the last five.
type Deps struct {
	Roster    Roster
	Footprint Footprint
	Accounts  Accounts
	Objects   Objects
	Blocks    Blocks
	Sender    party.Sender
	Notifier  Notifier
	Policy    party.Policy
	Logger    party.Logger
	Now       party.Clock

	// Processing says that the host matches through [Service.Process]: the rules had a
	// queue when it started. Without it queues do nothing.
	Processing bool
	// Statuses tells who is ready; without it nobody is.
	Statuses party.Statuses
	// Launcher makes matches; without it none are formed.
	Launcher Launcher
	// Servers has game servers for queues with match fleet; without it they have none.
	Servers Servers
	// Told hears what becomes of parties' tickets, also where the host matches by itself
	// and nobody else is told; nil for nobody.
	Told func(id party.ID, what EventName)
	// Metrics takes measurements; without it none are taken.
	Metrics Metrics
}

// Service is matchmaking by queues. Make it with [New].
type Service struct {
	roster     Roster
	footprint  Footprint
	sender     party.Sender
	notifier   Notifier
	policy     party.Policy
	logger     party.Logger
	now        party.Clock
	processing bool
	statuses   party.Statuses
	launcher   Launcher
	servers    Servers
	told       func(party.ID, EventName)
	metrics    Metrics
	blocks     Blocks

	book   *Book
	claims *claims
	skills *skills

	proposals *proposals
	history   *history

	mu       sync.Mutex
	prepared map[string]*group      // by ticket: matched in a pass, not yet collected by the host
	scenes   map[string]scene       // by queue: what the last pass left waiting
	passes   int                    // so far; only Process counts
	queues   map[string]rules.Queue // of the last pass
	editions int                    // so far: how often the queues were not those of the pass before
	pace     pace
	failures map[string]time.Time // by queue: until when no game server is asked for
}

// New makes a service.
func New(d Deps) *Service {
	if d.Told == nil {
		d.Told = func(party.ID, EventName) {}
	}
	if d.Metrics == nil {
		d.Metrics = silent{}
	}
	return &Service{
		roster: d.Roster, footprint: d.Footprint, sender: d.Sender, notifier: d.Notifier,
		policy: d.Policy, logger: d.Logger, now: d.Now,
		processing: d.Processing, statuses: d.Statuses, launcher: d.Launcher, servers: d.Servers, told: d.Told, metrics: d.Metrics, blocks: d.Blocks,
		book: NewBook(d.Now), claims: &claims{now: d.Now}, skills: newSkills(d.Accounts, d.Objects, d.Logger, d.Now),
		prepared: map[string]*group{}, failures: map[string]time.Time{}, proposals: newProposals(), history: newHistory(),
	}
}

// Queued reports whether the party has a ticket that waits.
func (s *Service) Queued(ctx context.Context, id party.ID) (bool, error) {
	return slices.ContainsFunc(s.book.OfParty(id), func(t Ticket) bool { return s.stillWaits(ctx, t) }), nil
}

// stands reports whether everybody on the ticket is still in the party. The host drops a
// ticket when one leaves, in some ways without telling anybody.
func stands(t Ticket, v party.View) bool {
	for _, m := range t.Members {
		if _, member := v.Session(m.SessionID); !member {
			return false
		}
	}
	return true
}

// users are the different users of a party: a second socket is no second player.
func users(v party.View) []string {
	ids := make([]string, 0, len(v.Members))
	seen := make(map[string]bool, len(v.Members))
	for _, m := range v.Members {
		if !seen[m.UserID] {
			seen[m.UserID] = true
			ids = append(ids, m.UserID)
		}
	}
	return ids
}

// Waiting counts the tickets that wait, as far as this process knows.
func (s *Service) Waiting() int { return s.book.Waiting() }
