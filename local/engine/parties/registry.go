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

// MaxSize is the maximum size of a party.
const MaxSize = 256

var (
	errNotFound = errors.New("party not found")
	errTracking = errors.New("tracking failed") // the session has ended in the meantime

	// ErrWouldHang is the error for a ticket of a party without members. A client makes such a party with max_size
	// 0. On the real server the call does not release a lock. When that socket closes, the whole node stops
	// delivering presence events.
	ErrWouldHang = errors.New("embedded engine: a ticket for a party without members; here a real server stops delivering presence events for good")
	// ErrWouldCrash is the error for the second page of a list of closed parties, and for a cursor that is used with
	// another "open" than before. The process of the real server ends there.
	ErrWouldCrash = errors.New("embedded engine: a cursor that does not fit the open filter; here the process of a real server ends")
)

// Tracker has the methods of the presence tracker that parties use.
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

// TicketRequest has the settings of a party's matchmaker ticket.
type TicketRequest struct {
	Query             string
	MinCount          int
	MaxCount          int
	CountMultiple     int
	StringProperties  map[string]string
	NumericProperties map[string]float64
}

// Tickets has the methods of the matchmaker that parties use. Clients get the errors unchanged.
type Tickets interface {
	AddParty(ctx context.Context, partyID string, members []presence.Presence, r TicketRequest) (ticket string, err error)
	RemoveParty(partyID, ticket string) error
	RemovePartyAll(partyID string)
}

// Options configures a Registry. Tracker, Router and Tickets are required.
type Options struct {
	Node    string // the part of a party's ID after the dot; "" means "nakama1"
	Tracker Tracker
	Router  Router
	Tickets Tickets
	// SingleParty removes a session from its other parties when it enters one.
	SingleParty bool
	// ListDelay is the time between updates of the list. 0 updates it before each search. A stock server has one
	// second.
	ListDelay time.Duration
	// IdleCheck is the time between checks for parties that nobody is on. A party is closed at the second check that
	// finds it empty and unused. 0 means 30 seconds, as on a stock server.
	IdleCheck time.Duration
	// Peer returns the parties of another node, nil for an unknown node. nil means that there are no other nodes.
	Peer   func(node string) *Registry
	Now    func() time.Time // nil means time.Now
	Logger *slog.Logger     // nil logs nothing
}

// Registry owns the parties of one node.
type Registry struct {
	opts  Options
	log   *slog.Logger
	index *index

	mu      sync.RWMutex
	parties map[uuid.UUID]*party // empty after Close

	stop context.CancelFunc // ends the goroutine
	done chan struct{}
}

// New makes a registry that listens to the tracker. Close ends its goroutine.
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
	opts.Tracker.Listen(presence.ModeParty, r.applyEvent)
	go r.run(ctx)
	return r, nil
}

// Close ends the registry's goroutine, removes all parties and closes the index. Members get no message.
func (r *Registry) Close() error {
	r.stop()
	<-r.done
	r.mu.Lock()
	clear(r.parties)
	r.mu.Unlock()
	return r.index.close()
}

// run refreshes the index and checks for idle parties.
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

// Count returns the number of parties.
func (r *Registry) Count() int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return len(r.parties)
}

// CloseIdle closes the parties that had no presence and no call since the check before. The registry itself calls it
// once per Options.IdleCheck.
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

// applyEvent applies an event of a party's stream. As on the real server, joins come before leaves. So an update of a
// presence, which is a leave and a join in one event, removes the member from the party.
func (r *Registry) applyEvent(e presence.Event) {
	if e.Stream.Label != r.opts.Node {
		return
	}
	if p := r.party(e.Stream.Subject); p != nil {
		p.applyJoins(e.Joins)
		p.applyLeaves(e.Leaves)
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
		leader: creator, activity: 1,
	}
	if maxSize > 0 {
		p.members = []presence.Presence{creator}
	}
	p.putInList(entry, open, hidden)
	r.mu.Lock()
	r.parties[id] = p
	r.mu.Unlock()

	if ok, _ := p.track(creator); !ok {
		return nil, errTracking // the party stays, and its leader is gone
	}
	r.leaveOtherParties(creator.ID.SessionID, p.stream)
	return p, nil
}

// leaveOtherParties removes a session that has entered a party from all other parties if SingleParty is set.
func (r *Registry) leaveOtherParties(sessionID uuid.UUID, into presence.Stream) {
	if r.opts.SingleParty {
		r.opts.Tracker.UntrackMode(sessionID, presence.ModeParty, into)
	}
}

func (r *Registry) remove(id uuid.UUID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.parties, id)
}
