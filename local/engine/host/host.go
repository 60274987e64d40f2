// Package host is the runtime side of the embedded engine: it plays the server
// that a Go module is loaded into. It implements runtime.Initializer, keeps what
// the module registers, and calls it with the context the real server gives.
//
// What the engine does not support answers "not supported by the embedded engine:
// NAME", so that nobody mistakes it for a working call. It imports no other part
// of the engine; local/engine brings them together.
package host

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"sync"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/runtime"
)

// Session is what the host needs of a realtime session to build a hook's context.
type Session interface {
	ID() uuid.UUID
	UserID() uuid.UUID
	Username() string
	Vars() map[string]string
	Expiry() int64
	Lang() string
	ClientIP() string
	ClientPort() string
	Context() context.Context
}

// Options are what a server's configuration gives its modules.
type Options struct {
	Node    string            // node name, the part of party and match IDs after the dot
	Version string            // reported server version
	Env     map[string]string // runtime.env
	Logger  runtime.Logger

	Socket netip.AddrPort // where clients connect

	SingleSocket bool // session.single_socket
	SingleParty  bool // session.single_party
}

// Route is one HTTP handler a module registered.
type Route struct {
	Pattern string
	Handler http.HandlerFunc
	Methods []string
}

// Host keeps a module's registrations. Registration happens during [Host.Load]
// alone, as on the server; everything else may be called concurrently after it.
type Host struct {
	opts   Options
	nk     runtime.NakamaModule
	loaded bool

	rpcs          map[string]rpcFunc
	beforeRt      map[string]beforeRtFunc
	afterRt       map[string]afterRtFunc
	beforeParties beforeListPartiesFunc
	beforeMatches beforeListMatchesFunc
	matches       map[string]matchFunc
	matched       matchedFunc
	processor     processorFunc
	routes        []Route
	sessionStart  []eventFunc
	sessionEnd    []eventFunc
	shutdowns     []shutdownFunc

	tasks sync.WaitGroup
}

// New makes a host without a module. nk is what the module is given; it may be
// completed after New returns but not after Load.
func New(opts Options, nk runtime.NakamaModule) *Host {
	return &Host{
		opts:     opts,
		nk:       nk,
		rpcs:     map[string]rpcFunc{},
		beforeRt: map[string]beforeRtFunc{},
		afterRt:  map[string]afterRtFunc{},
		matches:  map[string]matchFunc{},
	}
}

// InitModule is the type of a plugin's entry point. The embedded engine has no
// database; db is nil.
type InitModule func(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, init runtime.Initializer) error

// Load runs a module's InitModule. It may be called once; its error is a boot error,
// as it is for the server.
func (h *Host) Load(ctx context.Context, init InitModule) error {
	if h.loaded {
		return errors.New("host: a module is already loaded")
	}
	h.loaded = true
	if err := init(h.context(ctx, "run_once"), h.opts.Logger, nil, h.nk, initializer{Host: h}); err != nil {
		return fmt.Errorf("module: %w", err)
	}
	return nil
}

// Close runs the module's shutdown functions.
func (h *Host) Close(ctx context.Context) {
	for _, fn := range h.shutdowns {
		fn(h.context(ctx, "shutdown"), h.opts.Logger, nil, h.nk)
	}
}

// Wait returns when no event function of the module is running any more.
func (h *Host) Wait() { h.tasks.Wait() }

// Routes are the handlers for the client port, in the order they were registered.
func (h *Host) Routes() []Route { return h.routes }

// context is the context of a call without a user.
func (h *Host) context(ctx context.Context, mode string) context.Context {
	ctx = context.WithValue(ctx, runtime.RUNTIME_CTX_ENV, h.opts.Env)
	ctx = context.WithValue(ctx, runtime.RUNTIME_CTX_MODE, mode)
	ctx = context.WithValue(ctx, runtime.RUNTIME_CTX_NODE, h.opts.Node)
	return context.WithValue(ctx, runtime.RUNTIME_CTX_VERSION, h.opts.Version)
}

// Caller is who calls over HTTP; the zero value is a server-to-server call.
type Caller struct {
	UserID     string
	Username   string
	Vars       map[string]string
	Expiry     int64
	SessionID  string // over a socket only
	Lang       string // over a socket only
	ClientIP   string
	ClientPort string
	Headers    map[string][]string // RPC over HTTP only
	Query      map[string][]string // RPC over HTTP only
}

// userContext adds the caller as the server does: a key is absent rather than empty.
func (h *Host) userContext(ctx context.Context, mode string, c Caller) context.Context {
	ctx = h.context(ctx, mode)
	if c.Headers != nil {
		ctx = context.WithValue(ctx, runtime.RUNTIME_CTX_HEADERS, c.Headers)
	}
	if c.Query != nil {
		ctx = context.WithValue(ctx, runtime.RUNTIME_CTX_QUERY_PARAMS, c.Query)
	}
	if c.UserID != "" {
		ctx = context.WithValue(ctx, runtime.RUNTIME_CTX_USER_ID, c.UserID)
		ctx = context.WithValue(ctx, runtime.RUNTIME_CTX_USERNAME, c.Username)
		ctx = context.WithValue(ctx, runtime.RUNTIME_CTX_USER_SESSION_EXP, c.Expiry)
		if c.Vars != nil {
			ctx = context.WithValue(ctx, runtime.RUNTIME_CTX_VARS, c.Vars)
		}
		if c.SessionID != "" {
			ctx = context.WithValue(ctx, runtime.RUNTIME_CTX_SESSION_ID, c.SessionID)
			ctx = context.WithValue(ctx, runtime.RUNTIME_CTX_LANG, c.Lang)
		}
	}
	if c.ClientIP != "" {
		ctx = context.WithValue(ctx, runtime.RUNTIME_CTX_CLIENT_IP, c.ClientIP)
	}
	if c.ClientPort != "" {
		ctx = context.WithValue(ctx, runtime.RUNTIME_CTX_CLIENT_PORT, c.ClientPort)
	}
	return ctx
}

func callerOf(s Session) Caller {
	return Caller{
		UserID: s.UserID().String(), Username: s.Username(), Vars: s.Vars(), Expiry: s.Expiry(),
		SessionID: s.ID().String(), Lang: s.Lang(), ClientIP: s.ClientIP(), ClientPort: s.ClientPort(),
	}
}

// logger is the module's logger with the fields the server adds to a call.
func (h *Host) logger(mode, id string) runtime.Logger {
	return h.opts.Logger.WithFields(map[string]any{"api_id": strings.ToLower(id), "mode": mode})
}
