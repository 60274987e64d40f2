// Package host is the runtime side of the embedded engine: it is the server for a Go module. It implements
// runtime.Initializer, stores what the module registers, and calls it with the same context as the real server.
//
// A call that the engine does not support returns the error "not supported by the embedded engine: NAME", so that
// nobody takes it for a working call. Package host imports no other part of the engine; local/engine connects them.
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

// Session has the methods of a realtime session from which the host builds a hook's context.
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

// Options are the settings of a server that its modules can read.
type Options struct {
	Node    string            // node name, the part of party and match IDs after the dot
	Version string            // reported server version
	Env     map[string]string // runtime.env
	Logger  runtime.Logger

	Socket netip.AddrPort // the address for clients

	SingleSocket bool // session.single_socket
	SingleParty  bool // session.single_party
}

// Route is an HTTP handler that a module registered.
type Route struct {
	Pattern string
	Handler http.HandlerFunc
	Methods []string
}

// Host stores a module's registrations. As on the real server, a module registers only during [Host.Load]. After
// Load, all methods are safe for concurrent use.
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

// New makes a host without a module. nk is the API that the module calls. It may still be completed after New, but
// not after Load.
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

// InitModule is the type of a plugin's entry point. The embedded engine has no database, so db is nil.
type InitModule func(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, init runtime.Initializer) error

// Load runs a module's InitModule. It may be called once. Its error must stop the start of the server, as it does on
// the real server.
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

// Wait returns when none of the module's event functions runs any more.
func (h *Host) Wait() { h.tasks.Wait() }

// Routes returns the handlers for the client port, in the order of their registration.
func (h *Host) Routes() []Route { return h.routes }

// context builds the context of a call without a user.
func (h *Host) context(ctx context.Context, mode string) context.Context {
	ctx = context.WithValue(ctx, runtime.RUNTIME_CTX_ENV, h.opts.Env)
	ctx = context.WithValue(ctx, runtime.RUNTIME_CTX_MODE, mode)
	ctx = context.WithValue(ctx, runtime.RUNTIME_CTX_NODE, h.opts.Node)
	return context.WithValue(ctx, runtime.RUNTIME_CTX_VERSION, h.opts.Version)
}

// Caller is the user who calls. The zero value is a server-to-server call.
type Caller struct {
	UserID     string
	Username   string
	Vars       map[string]string
	Expiry     int64
	SessionID  string // set for sockets only
	Lang       string // set for sockets only
	ClientIP   string
	ClientPort string
	Headers    map[string][]string // set for an RPC over HTTP only
	Query      map[string][]string // set for an RPC over HTTP only
}

// userContext adds the caller as the real server does: it leaves out a key instead of setting it to an empty value.
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

// logger returns the module's logger with the fields that the server adds for a call.
func (h *Host) logger(mode, id string) runtime.Logger {
	return h.opts.Logger.WithFields(map[string]any{"api_id": strings.ToLower(id), "mode": mode})
}
