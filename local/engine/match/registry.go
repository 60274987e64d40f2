// Package match runs the matches of the embedded engine. A relayed match is only a stream that passes data on. An
// authoritative match is a runtime.Match of the module with its own goroutine and ticks. The package handles the
// clients' match messages and the match functions of runtime.NakamaModule as Nakama does. It does not tell clients
// who joins and leaves: the code that announces the tracker's events does so.
//
// Every exported method is safe for concurrent use.
//
// One difference from the real server is deliberate. If match code panics there, the process ends. Here only the
// match ends, its players are disconnected, and the stack is logged.
package match

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"partyline/local/engine/presence"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// Tracker has the methods of the presence tracker that matches use.
type Tracker interface {
	Track(id presence.ID, userID uuid.UUID, stream presence.Stream, meta presence.Meta) (ok, isNew bool)
	Untrack(sessionID uuid.UUID, stream presence.Stream)
	UntrackStream(stream presence.Stream)
	Get(sessionID uuid.UUID, stream presence.Stream) (presence.Presence, bool)
	List(stream presence.Stream, includeHidden, includeShown bool) []presence.Presence
	Count(stream presence.Stream) int
	// Listen registers fn for every change of the mode's streams. The calls come one at a time, in order.
	Listen(mode uint8, fn func(presence.Event))
}

// Router delivers an envelope to sessions on any node.
type Router interface {
	SendToPresences(ids []presence.ID, env *rtapi.Envelope)
}

// Creator makes the core of a new match. A module passes it to runtime.Initializer.RegisterMatch.
type Creator = func(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule) (runtime.Match, error)

// Options configure a [Registry]. A zero number means Nakama's default, which is at the end of each comment.
type Options struct {
	Node    string // name of this node, the second half of a match ID
	Tracker Tracker
	Router  Router
	Logger  runtime.Logger
	// Tokens reads the tokens with which matched players join a relayed match.
	Tokens Tokens
	// Disconnect closes a session's socket. The players of a failed match are disconnected.
	Disconnect func(sessionID uuid.UUID)
	// Module returns the NakamaModule for match code.
	Module func() runtime.NakamaModule
	// Context adds a runtime context's common values (environment, node, version, mode) to ctx.
	Context func(ctx context.Context, mode string) context.Context

	InputQueue       int           // client messages that wait for a tick; more are dropped; 128
	CallQueue        int           // calls that wait for the match; if it is full, the match ends; 128
	JoinAttemptQueue int           // join attempts that wait for the match; 128
	SignalQueue      int           // signals that wait for the match; 10
	DeferredQueue    int           // deferred broadcasts of one call; 128
	AnswerDeadline   time.Duration // longest wait for the answer to a join attempt or a signal; 10 s
	JoinDeadline     time.Duration // time for an accepted player to appear, checked every 30 s; 15 s
	MaxEmpty         time.Duration // a match without players for this time ends; 0 is never
	LabelInterval    time.Duration // time between updates of what [Registry.List] searches; 1 s

	Now func() time.Time // nil means time.Now
	// Ticker returns a channel of ticks at intervals of d, and a function that stops them. nil means time.NewTicker.
	Ticker func(d time.Duration) (ticks <-chan time.Time, stop func())
}

func (o Options) withDefaults() Options {
	o.InputQueue = cmp.Or(o.InputQueue, 128)
	o.CallQueue = cmp.Or(o.CallQueue, 128)
	o.JoinAttemptQueue = cmp.Or(o.JoinAttemptQueue, 128)
	o.SignalQueue = cmp.Or(o.SignalQueue, 10)
	o.DeferredQueue = cmp.Or(o.DeferredQueue, 128)
	o.AnswerDeadline = cmp.Or(o.AnswerDeadline, 10*time.Second)
	o.JoinDeadline = cmp.Or(o.JoinDeadline, 15*time.Second)
	o.LabelInterval = cmp.Or(o.LabelInterval, time.Second)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Ticker == nil {
		o.Ticker = func(d time.Duration) (<-chan time.Time, func()) {
			t := time.NewTicker(d)
			return t.C, t.Stop
		}
	}
	return o
}

var (
	errShuttingDown = errors.New("shutdown in progress")
	errNoSuchMatch  = errors.New("error creating match: not found")
)

// Registry owns the matches of this node.
type Registry struct {
	opts    Options
	labels  *labels
	relayed relayedStreams

	mu       sync.RWMutex // while it is held, only the lock of labels may be taken
	creators map[string]Creator
	matches  map[uuid.UUID]*runningMatch
	stopping bool

	goroutines sync.WaitGroup // the matches and the label updates
	stopLabels context.CancelFunc
}

// NewRegistry returns a registry without matches. It listens to the tracker and runs a goroutine until
// [Registry.Shutdown].
func NewRegistry(opts Options) (*Registry, error) {
	labels, err := newLabels()
	if err != nil {
		return nil, err
	}
	r := &Registry{
		opts:     opts.withDefaults(),
		labels:   labels,
		creators: map[string]Creator{},
		matches:  map[uuid.UUID]*runningMatch{},
	}
	var ctx context.Context
	ctx, r.stopLabels = context.WithCancel(context.Background())
	r.goroutines.Go(func() { r.updateLabels(ctx) })
	opts.Tracker.Listen(presence.ModeMatchAuthoritative, r.playersChanged)
	opts.Tracker.Listen(presence.ModeMatchRelayed, func(e presence.Event) { r.relayed.refresh(e.Stream, opts.Tracker) })
	return r, nil
}

// Register adds a kind of match. A second registration of a name replaces the first.
func (r *Registry) Register(name string, fn Creator) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.creators[name] = fn
}

// Names returns the names of the registered kinds, sorted.
func (r *Registry) Names() []string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return slices.Sorted(maps.Keys(r.creators))
}

// Create starts a match of the named kind and returns its ID. The match gets a deep copy of params. gob must be able
// to encode all values.
func (r *Registry) Create(ctx context.Context, name string, params map[string]any) (string, error) {
	params, err := copyParams(params)
	if err != nil {
		return "", err
	}
	r.mu.RLock()
	create := r.creators[name]
	r.mu.RUnlock()
	if create == nil {
		return "", errNoSuchMatch
	}
	var core runtime.Match
	err = safeCall("creating match "+name, func() (err error) {
		core, err = create(r.opts.Context(ctx, "match_create"), r.opts.Logger, nil, r.opts.Module())
		return err
	})
	if err != nil {
		return "", err
	}
	if core == nil {
		return "", errNoSuchMatch
	}
	m, err := r.start(name, core, params)
	if err != nil {
		return "", fmt.Errorf("error creating match: %w", err)
	}
	return m.id, nil
}

// start initialises a match and runs it.
func (r *Registry) start(name string, core runtime.Match, params map[string]any) (*runningMatch, error) {
	if r.isStopping() {
		return nil, errShuttingDown
	}
	m := newRunningMatch(r, name, core)
	if err := m.init(params); err != nil {
		m.cancel()
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopping {
		m.cancel()
		return nil, errShuttingDown
	}
	r.matches[m.uuid] = m
	r.labels.set(m.id, m.listEntry())
	r.goroutines.Go(m.run)
	return m, nil
}

// remove removes a match that ends, and everybody from its stream.
func (r *Registry) remove(m *runningMatch) {
	r.mu.Lock()
	delete(r.matches, m.uuid)
	r.mu.Unlock()
	r.opts.Tracker.UntrackStream(m.stream)
	r.labels.drop(m.id)
}

func (r *Registry) isStopping() bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.stopping
}

// findRunning returns an authoritative match of this node, or nil.
func (r *Registry) findRunning(id uuid.UUID, node string) *runningMatch {
	if node != r.opts.Node {
		return nil
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.matches[id]
}

// Count returns the number of running authoritative matches.
func (r *Registry) Count() int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return len(r.matches)
}

// Get returns a match, or nil if it does not exist. Its only error is runtime.ErrMatchIdInvalid.
func (r *Registry) Get(ctx context.Context, id string) (*api.Match, error) {
	matchID, node, ok := parseID(id)
	if !ok {
		return nil, runtime.ErrMatchIdInvalid
	}
	if node == "" {
		size := r.opts.Tracker.Count(relayedStream(matchID))
		if size == 0 {
			return nil, nil
		}
		return &api.Match{MatchId: id, Size: int32(size)}, nil
	}
	m := r.findRunning(matchID, node)
	if m == nil {
		return nil, nil
	}
	return &api.Match{
		MatchId:       m.id,
		Authoritative: true,
		Label:         wrapperspb.String(m.labelText()),
		Size:          int32(m.players.size()),
		TickRate:      int32(m.rate),
		HandlerName:   m.name,
	}, nil
}

// Signal sends data to a match and returns its answer. The errors are runtime.ErrMatchIdInvalid,
// runtime.ErrMatchNotFound and runtime.ErrMatchBusy.
func (r *Registry) Signal(ctx context.Context, id, data string) (string, error) {
	matchID, node, ok := parseID(id)
	if !ok {
		return "", runtime.ErrMatchIdInvalid
	}
	m := r.findRunning(matchID, node)
	if m == nil {
		return "", runtime.ErrMatchNotFound
	}
	return m.signal(ctx, data)
}

// playersChanged passes arrivals and departures on a match's stream to the match.
func (r *Registry) playersChanged(e presence.Event) {
	m := r.findRunning(e.Stream.Subject, e.Stream.Label)
	if m == nil {
		return
	}
	if len(e.Joins) > 0 {
		m.playersArrived(e.Joins)
	}
	if len(e.Leaves) > 0 {
		m.playersLeft(playersOf(e.Leaves))
	}
}

// Shutdown refuses new matches. If there is a grace, it calls MatchTerminate of the running matches and waits until
// they end, at most for grace. Then it stops the matches that still run. It returns when the goroutines of all
// matches have ended, or with ctx's error if ctx is done first.
func (r *Registry) Shutdown(ctx context.Context, grace time.Duration) error {
	r.mu.Lock()
	r.stopping = true
	matches := slices.Collect(maps.Values(r.matches))
	r.mu.Unlock()

	if grace > 0 {
		waiting, cancel := context.WithTimeout(ctx, grace)
		defer cancel()
		seconds := int(math.Ceil(grace.Seconds()))
		for _, m := range matches {
			m.terminate(seconds)
		}
		for _, m := range matches {
			select {
			case <-m.done:
			case <-waiting.Done():
			}
		}
	}
	for _, m := range matches {
		m.stop()
	}
	r.stopLabels()
	done := make(chan struct{})
	go func() {
		r.goroutines.Wait()
		close(done)
	}()
	select {
	case <-done:
		return r.labels.close()
	case <-ctx.Done():
		return ctx.Err()
	}
}
