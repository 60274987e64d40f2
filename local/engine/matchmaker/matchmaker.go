// Package matchmaker forms matches from waiting tickets as Nakama's own matchmaker does. There are solo and party
// tickets. Each has a query for the properties of other tickets and searches once per interval. A module's hooks may
// name the match or form all matches. All state is in memory.
//
// Every exported method is safe for concurrent use.
//
// It differs from the real server on purpose in two cases. If a hook panics, or returns anything except complete
// waiting tickets, the matchmaker logs it and drops only these matches. The process and the tickets survive. And if a
// withdrawn ticket makes a match invalid, the other tickets of that match can still be found in the next interval.
package matchmaker

import (
	"context"
	"maps"
	"sync"
	"time"

	"partyline/local/engine/matchmaker/query"
	"partyline/local/engine/presence"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"
)

// Nakama's defaults.
const (
	DefaultInterval     = 15 * time.Second
	DefaultMaxIntervals = 2
	DefaultMaxTickets   = 3
)

// Router delivers an envelope to sessions on any node.
type Router interface {
	SendToPresences(ids []presence.ID, env *rtapi.Envelope)
}

// Options configure a [Matchmaker]. A zero number means Nakama's default, which is at the end of each comment.
type Options struct {
	Node   string // name of this node, for the presences of solo tickets
	Router Router
	Logger runtime.Logger
	// RelayToken returns a token for a new relayed match.
	RelayToken func() string

	Interval     time.Duration // time between the passes of [Matchmaker.Run]; 15 s
	MaxIntervals int           // passes in which a ticket itself searches; 2
	MaxTickets   int           // per session, and per party; 3

	Now func() time.Time // nil means time.Now
	// Ticker returns a channel of ticks at intervals of d, and a function that stops them. nil means time.NewTicker.
	Ticker func(d time.Duration) (ticks <-chan time.Time, stop func())
}

// Matchmaker owns the waiting tickets.
type Matchmaker struct {
	opts  Options
	hooks Hooks

	passLock sync.Mutex // held for a whole pass; do not take it while holding mu

	mu      sync.Mutex // guards the fields below; not held while a hook or the router runs
	closed  bool
	pool    pool
	index   *query.Index // nil if there is a processor, because then nothing searches
	put     []*query.Document
	removed []string // put and removed wait for the next pass, because only a pass searches
	stats   *api.MatchmakerStats
	matched []*api.MatchmakerCompletionStats // newest last
}

// New returns a matchmaker without tickets. It makes no passes until [Matchmaker.Run] or [Matchmaker.Process]. If Run
// is never called, call [Matchmaker.Close].
func New(opts Options, hooks Hooks) (*Matchmaker, error) {
	if opts.Interval == 0 {
		opts.Interval = DefaultInterval
	}
	if opts.MaxIntervals == 0 {
		opts.MaxIntervals = DefaultMaxIntervals
	}
	if opts.MaxTickets == 0 {
		opts.MaxTickets = DefaultMaxTickets
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Ticker == nil {
		opts.Ticker = newTicker
	}
	m := &Matchmaker{opts: opts, hooks: hooks, pool: newPool(), stats: &api.MatchmakerStats{}}
	if hooks.Processor == nil {
		index, err := query.NewIndex()
		if err != nil {
			return nil, err
		}
		m.index = index
	}
	return m, nil
}

func newTicker(d time.Duration) (<-chan time.Time, func()) {
	t := time.NewTicker(d)
	return t.C, t.Stop
}

// Run makes a pass at every interval until ctx is done. Then it closes the matchmaker.
func (m *Matchmaker) Run(ctx context.Context) {
	defer m.Close()
	ticks, stop := m.opts.Ticker(m.opts.Interval)
	defer stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks:
			m.Process(ctx)
		}
	}
}

// Close waits for a running pass and closes the matchmaker. Later tickets are refused.
func (m *Matchmaker) Close() {
	m.passLock.Lock()
	defer m.passLock.Unlock()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	if m.index != nil {
		_ = m.index.Close() // all in memory, so nothing is lost
	}
}

// Add adds a ticket for the sessions in presences. They are matched together or not at all. A solo ticket has its
// owner in sessionID and no partyID. A party ticket has a partyID and no sessionID. The second result is the creation
// time in Unix nanoseconds. The errors are runtime.ErrMatchmakerNotAvailable, runtime.ErrMatchmakerQueryInvalid,
// runtime.ErrMatchmakerDuplicateSession and runtime.ErrMatchmakerTooManyTickets. If ctx is done, Add adds nothing and
// returns "" without an error.
func (m *Matchmaker) Add(ctx context.Context, presences []presence.Presence, sessionID, partyID, queryText string, minCount, maxCount, countMultiple int, stringProps map[string]string, numericProps map[string]float64) (string, int64, error) {
	search, err := query.Parse(queryText)
	if err != nil {
		err = runtime.ErrMatchmakerQueryInvalid
	}
	t := &ticket{
		id: uuid.NewString(), sessionID: sessionID, partyID: partyID,
		min: minCount, max: maxCount, multiple: max(countMultiple, 1),
		query: search, properties: merge(stringProps, numericProps),
	}

	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return "", 0, runtime.ErrMatchmakerNotAvailable
	}
	if err != nil {
		return "", 0, err
	}
	t.created = m.opts.Now().UnixNano()
	if !t.addEntries(presences, stringProps, numericProps) {
		return "", 0, runtime.ErrMatchmakerDuplicateSession
	}
	if ctx.Err() != nil {
		return "", 0, nil
	}
	if m.pool.overLimit(t, m.opts.MaxTickets) {
		return "", 0, runtime.ErrMatchmakerTooManyTickets
	}
	m.pool.add(t)
	if m.index != nil {
		m.put = append(m.put, t.document())
	}
	return t.id, t.created, nil
}

func merge(strings map[string]string, numbers map[string]float64) map[string]any {
	all := make(map[string]any, len(strings)+len(numbers))
	for k, v := range strings {
		all[k] = v
	}
	for k, v := range numbers {
		all[k] = v
	}
	return all
}

// RemoveSession withdraws a solo ticket of the session. For any other ticket it returns
// runtime.ErrMatchmakerTicketNotFound.
func (m *Matchmaker) RemoveSession(sessionID, ticket string) error {
	return m.remove(ticket, sessionID, "")
}

// RemoveSessionAll withdraws every ticket of the session, and those of its party.
func (m *Matchmaker) RemoveSessionAll(sessionID string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for t := range maps.Clone(m.pool.bySession[sessionID]) {
		m.drop(t)
	}
}

// RemoveParty withdraws a ticket of the party. For any other ticket it returns runtime.ErrMatchmakerTicketNotFound.
func (m *Matchmaker) RemoveParty(partyID, ticket string) error {
	return m.remove(ticket, "", partyID)
}

func (m *Matchmaker) remove(ticket, sessionID, partyID string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := m.pool.tickets[ticket]
	if t == nil || t.sessionID != sessionID || t.partyID != partyID {
		return runtime.ErrMatchmakerTicketNotFound
	}
	m.drop(t)
	return nil
}

// RemovePartyAll withdraws every ticket of the party.
func (m *Matchmaker) RemovePartyAll(partyID string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for t := range maps.Clone(m.pool.byParty[partyID]) {
		m.drop(t)
	}
}

// drop removes a ticket. The caller holds mu.
func (m *Matchmaker) drop(t *ticket) {
	m.pool.remove(t)
	if m.index != nil {
		m.removed = append(m.removed, t.id)
	}
}
