// Package match runs the matches of the embedded engine: relayed ones, which are only a
// stream that passes data on, and authoritative ones, each a runtime.Match of the module
// with its own goroutine and tick. It answers the clients' match messages and the match
// functions of runtime.NakamaModule as Nakama does.
//
// Every exported method is safe for concurrent use.
//
// One difference is deliberate: a match whose code panics ends alone, with the stack in
// the log, where the real server's process would end.
package match

import (
	"context"
	"database/sql"
	"time"

	"partyline/local/engine/presence"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"
)

// Tracker is what matches need of the presence tracker.
type Tracker interface {
	Track(id presence.ID, userID uuid.UUID, stream presence.Stream, meta presence.Meta) (ok, isNew bool)
	Untrack(sessionID uuid.UUID, stream presence.Stream)
	UntrackStream(stream presence.Stream)
	Get(sessionID uuid.UUID, stream presence.Stream) (presence.Presence, bool)
	List(stream presence.Stream, includeHidden, includeShown bool) []presence.Presence
	Count(stream presence.Stream) int
	// Listen has fn called with every change of the mode's streams, one at a time, in order.
	Listen(mode uint8, fn func(presence.Event))
}

// Router delivers envelopes to sessions, wherever they are.
type Router interface {
	SendToPresences(ids []presence.ID, env *rtapi.Envelope)
	SendToStream(stream presence.Stream, env *rtapi.Envelope)
}

// Session is what the message handlers need of a live socket.
type Session interface {
	ID() uuid.UUID
	UserID() uuid.UUID
	Username() string
	Vars() map[string]string
	Expiry() int64
	ClientIP() string
	ClientPort() string
	Send(*rtapi.Envelope) error
}

// Creator makes the core of a new match, as given to runtime.Initializer.RegisterMatch.
type Creator = func(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule) (runtime.Match, error)

// Options configure a [Registry]. The zero value of a number means Nakama's default.
type Options struct {
	Node    string // name of this node, the second half of a match ID
	Tracker Tracker
	Router  Router
	Logger  runtime.Logger
	// Tokens reads the tokens with which matched players join a relayed match.
	Tokens Tokens
	// Disconnect closes a session's socket: the end of everybody in a match that failed.
	Disconnect func(sessionID uuid.UUID)
	// Module returns what match code gets as its NakamaModule.
	Module func() runtime.NakamaModule
	// Context adds a runtime context's common values (environment, node, version, mode) to ctx.
	Context func(ctx context.Context, mode string) context.Context

	InputQueue       int           // client messages waiting for a tick; 128
	CallQueue        int           // calls waiting for the match; a match that lets it fill is ended; 128
	JoinAttemptQueue int           // 128
	SignalQueue      int           // 10
	DeferredQueue    int           // deferred broadcasts within a call; 128
	AnswerDeadline   time.Duration // wait for a join attempt or a signal; 10 s
	JoinDeadline     time.Duration // for an accepted player to appear, checked every 30 s; 15 s
	MaxEmpty         time.Duration // a match empty for so long is ended; 0 is never
	LabelInterval    time.Duration // between updates of what [Registry.List] searches; 1 s

	Now func() time.Time // time.Now when nil
	// Ticker returns ticks that are d apart and what ends them; time.NewTicker when nil.
	Ticker func(d time.Duration) (ticks <-chan time.Time, stop func())
}

// Registry owns the matches of this node.
type Registry struct{ opts Options }

// NewRegistry returns a registry without matches and starts to listen to the tracker.
func NewRegistry(opts Options) (*Registry, error) { return &Registry{opts: opts}, nil }

// Register names a kind of match. A second registration replaces the first.
func (r *Registry) Register(name string, fn Creator) {}

// Names returns the registered kinds, sorted.
func (r *Registry) Names() []string { return nil }

// Create starts a match of the named kind and returns its ID.
func (r *Registry) Create(ctx context.Context, name string, params map[string]any) (id string, err error) {
	return "", nil
}

// Get returns what is known of a match, or nil when it does not exist.
func (r *Registry) Get(ctx context.Context, id string) (*api.Match, error) { return nil, nil }

// Signal passes data to a match and returns its answer.
func (r *Registry) Signal(ctx context.Context, id, data string) (string, error) { return "", nil }

// Filter chooses matches. A nil field does not filter.
type Filter struct {
	Limit            int
	Authoritative    *bool
	Label            *string // the whole label
	MinSize, MaxSize *int32  // inclusive
	Query            *string // over the label's JSON fields; "" matches all
}

// List returns the matches that fit, authoritative ones first, newest first.
func (r *Registry) List(ctx context.Context, f Filter) ([]*api.Match, error) { return nil, nil }

// Count returns how many authoritative matches run.
func (r *Registry) Count() int { return 0 }

// Shutdown refuses new matches and gives the running ones grace to end by themselves,
// each told by MatchTerminate; what still runs then is ended without. It returns when every
// match's goroutine is gone or ctx is done.
func (r *Registry) Shutdown(ctx context.Context, grace time.Duration) error { return nil }

// HandleCreate answers a match_create message.
func (r *Registry) HandleCreate(ctx context.Context, s Session, in *rtapi.Envelope) (out *rtapi.Envelope, ok bool) {
	return nil, false
}

// HandleJoin answers a match_join message.
func (r *Registry) HandleJoin(ctx context.Context, s Session, in *rtapi.Envelope) (out *rtapi.Envelope, ok bool) {
	return nil, false
}

// HandleLeave answers a match_leave message.
func (r *Registry) HandleLeave(ctx context.Context, s Session, in *rtapi.Envelope) (out *rtapi.Envelope, ok bool) {
	return nil, false
}

// HandleDataSend answers a match_data_send message.
func (r *Registry) HandleDataSend(ctx context.Context, s Session, in *rtapi.Envelope) (out *rtapi.Envelope, ok bool) {
	return nil, false
}
