package parties

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/local/engine/presence"
)

// MaxSize is the most members a party can be made for.
const MaxSize = 256

var (
	errNotFound = errors.New("party not found")
	errTracking = errors.New("tracking failed") // the session has ended meanwhile

	// ErrWouldWedge answers a ticket for a party of no members, which a client makes
	// with max_size 0. On the real server it leaves a lock taken, and once that socket
	// closes the whole node delivers no presence event any more.
	ErrWouldWedge = errors.New("embedded engine: a ticket for a party without members; here a real server stops delivering presence events for good")
	// ErrWouldCrash answers the second page of a list of closed parties, and a cursor
	// used with another "open" than its own. The real server's process ends there.
	ErrWouldCrash = errors.New("embedded engine: a cursor that the open filter does not survive; here the process of a real server ends")
)

// Tracker is what a party needs of the presence tracker.
type Tracker interface {
	Track(id presence.ID, userID uuid.UUID, stream presence.Stream, meta presence.Meta) (ok, isNew bool)
	Untrack(sessionID uuid.UUID, stream presence.Stream)
	UntrackMode(sessionID uuid.UUID, mode uint8, except presence.Stream)
	UntrackStream(stream presence.Stream)
	Count(stream presence.Stream) int
	Listen(mode uint8, fn func(presence.Event))
}

// Router sends envelopes to sessions without blocking.
type Router interface {
	SendToPresences(ids []presence.ID, e *rtapi.Envelope)
	SendToStream(stream presence.Stream, e *rtapi.Envelope)
}

// TicketRequest is what a party asks of the matchmaker.
type TicketRequest struct {
	Query             string
	MinCount          int
	MaxCount          int
	CountMultiple     int
	StringProperties  map[string]string
	NumericProperties map[string]float64
}

// Tickets is what a party needs of the matchmaker. Errors reach clients as they are.
type Tickets interface {
	AddParty(ctx context.Context, partyID string, members []presence.Presence, r TicketRequest) (ticket string, err error)
	RemoveParty(partyID, ticket string) error
	RemovePartyAll(partyID string)
}

// Options configures a Registry. Tracker, Router and Tickets are required.
type Options struct {
	Node    string // "" is "nakama1"; the part of a party's ID after the dot
	Tracker Tracker
	Router  Router
	Tickets Tickets
	// SingleParty takes a session out of its other parties when it enters one.
	SingleParty bool
	// ListDelay is how long the list may lag behind: changes are indexed once per delay.
	// 0 indexes before each search; a stock server's is a second.
	ListDelay time.Duration
	// IdleCheck is the time between looks for parties that nobody is on; one is closed
	// at the second look that finds it so and unused. 0 is a stock server's 30 seconds.
	IdleCheck time.Duration
	// Peer finds the parties of another node, nil for none. nil: the registry stands alone.
	Peer   func(node string) *Registry
	Now    func() time.Time // nil: time.Now
	Logger *slog.Logger     // nil: nothing is logged
}

// Registry owns the parties of one node.
type Registry struct {
	opts  Options
	log   *slog.Logger
	index *index

	mu      sync.RWMutex
	parties map[uuid.UUID]*party // empty once the registry is closed

	stop context.CancelFunc // ends the goroutine
	done chan struct{}
}

// New makes a registry and has it listen to the tracker. Close ends its goroutine.
func New(opts Options) (*Registry, error) {
	if opts.Tracker == nil || opts.Router == nil || opts.Tickets == nil {
		return nil, errors.New("parties: Options.Tracker, Router and Tickets are required")
	}
	if opts.Node == "" {
		opts.Node = "nakama1"
	}
	if opts.IdleCheck == 0 {
		opts.IdleCheck = 30 * time.Second
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	index, err := newIndex()
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	r := &Registry{
		opts: opts, log: opts.Logger, index: index,
		parties: map[uuid.UUID]*party{}, stop: stop, done: make(chan struct{}),
	}
	opts.Tracker.Listen(presence.ModeParty, r.changed)
	go r.run(ctx)
	return r, nil
}

// Close ends the registry's goroutine and its index. Parties are not told, and from then
// on nobody finds one.
func (r *Registry) Close() error {
	r.stop()
	<-r.done
	r.mu.Lock()
	clear(r.parties)
	r.mu.Unlock()
	return r.index.close()
}

// run refreshes the index and looks for idle parties.
func (r *Registry) run(ctx context.Context) {
	defer close(r.done)
	var refresh <-chan time.Time
	if r.opts.ListDelay > 0 {
		t := time.NewTicker(r.opts.ListDelay)
		defer t.Stop()
		refresh = t.C
	}
	idle := time.NewTicker(r.opts.IdleCheck)
	defer idle.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-refresh:
			if err := r.index.refresh(); err != nil {
				r.log.Error("party index", "err", err)
			}
		case <-idle.C:
			r.CloseIdle()
		}
	}
}

// Count is the number of parties.
func (r *Registry) Count() int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return len(r.parties)
}

// CloseIdle closes the parties that have had no presence and no call since the look
// before. The registry calls it itself, once per Options.IdleCheck.
func (r *Registry) CloseIdle() {
	r.mu.RLock()
	all := make([]*party, 0, len(r.parties))
	for _, p := range r.parties {
		all = append(all, p)
	}
	r.mu.RUnlock()
	for _, p := range all {
		p.closeIfIdle()
	}
}

// changed applies what happened on a party's stream, in the tracker's order: those who
// joined come before those who left. So a presence that is updated in place, which is a
// leave and a join in one event, is out of its party afterwards.
func (r *Registry) changed(e presence.Event) {
	if e.Stream.Label != r.opts.Node {
		return
	}
	if p := r.party(e.Stream.Subject); p != nil {
		p.joined(e.Joins)
		p.left(e.Leaves)
	}
}

func (r *Registry) party(id uuid.UUID) *party {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.parties[id]
}

// create makes a party and puts its creator on the stream.
func (r *Registry) create(creator presence.Presence, open, hidden bool, maxSize int, label string) (*party, error) {
	entry, err := newEntry(label)
	if err != nil {
		return nil, err
	}
	id := uuid.New()
	p := &party{
		reg: r, id: id.String() + "." + r.opts.Node, created: r.opts.Now(), maxSize: maxSize, open: open,
		stream: presence.Stream{Mode: presence.ModeParty, Subject: id, Label: r.opts.Node},
		leader: creator, uses: 1,
	}
	if maxSize > 0 {
		p.members = []presence.Presence{creator}
	}
	p.index(entry, open, hidden)
	r.mu.Lock()
	r.parties[id] = p
	r.mu.Unlock()

	if ok, _ := p.track(creator); !ok {
		return nil, errTracking // the party stays, with a leader who has gone
	}
	r.moveOut(creator.ID.SessionID, p.stream)
	return p, nil
}

// moveOut takes a session that has entered a party out of all others, if the registry
// is set to allow one at a time.
func (r *Registry) moveOut(sessionID uuid.UUID, into presence.Stream) {
	if r.opts.SingleParty {
		r.opts.Tracker.UntrackMode(sessionID, presence.ModeParty, into)
	}
}

func (r *Registry) remove(id uuid.UUID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.parties, id)
}
