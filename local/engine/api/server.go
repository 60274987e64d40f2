// Package api is the HTTP client API of the embedded engine: the routes, status
// codes, JSON and error bodies of Nakama's gateway, served from a store.
//
// It knows the data (package store) and nothing else of the engine: RPCs, the party
// and match lists, the socket and a module's own HTTP routes come in through Options.
package api

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/heroiclabs/nakama-common/api"
	"google.golang.org/protobuf/proto"

	"partyline/local/engine/store"
)

// Defaults of Options, equal to a stock server's.
const (
	DefaultServerKey       = "defaultkey"
	DefaultHTTPKey         = "defaulthttpkey"
	DefaultMaxRequestBytes = 256 << 10
)

// Caller is who makes a request, as hooks and RPCs learn it. The user fields are
// empty where the request carries a key and no session.
type Caller struct {
	UserID, Username     string
	Vars                 map[string]string
	Expiry               int64 // Unix seconds
	TokenID              string
	TokenIssuedAt        int64 // Unix seconds
	ClientIP, ClientPort string
}

// RPCCall is one call of an RPC over HTTP.
type RPCCall struct {
	ID      string // lower case
	Caller  Caller
	Headers map[string][]string
	Query   map[string][]string // without http_key
	TraceID string
	Payload string
}

// RPC answers one call. An error that is a *runtime.Error reaches the client with
// its code; any other is code 13.
type RPC func(ctx context.Context, call RPCCall) (string, error)

// MatchFilter is what a client may ask of the match list; nil means any.
type MatchFilter struct {
	Limit            int
	Authoritative    *bool
	Label, Query     *string
	MinSize, MaxSize *int
}

// Hooks are a module's request hooks. method is the hook's name without Before or
// After: "ListParties", "AuthenticateDevice", "GetAccount".
type Hooks interface {
	// Before may replace the request or refuse the call. A nil message without an
	// error answers 404, as the server does.
	Before(ctx context.Context, c Caller, method string, in proto.Message) (proto.Message, error)
	// After sees a successful call. Its error, if any, is its own business.
	After(ctx context.Context, c Caller, method string, out, in proto.Message)
}

// Route is a module's own HTTP route: a gorilla/mux pattern that starts with "/".
// No methods means all of them.
type Route struct {
	Pattern string
	Methods []string
	Handler http.HandlerFunc
}

// Options says what a Server serves. Only Store is required.
type Options struct {
	Store *store.Store

	ServerKey       string // "": DefaultServerKey
	HTTPKey         string // "": DefaultHTTPKey
	MaxRequestBytes int64  // 0: DefaultMaxRequestBytes

	// FindRPC looks an RPC up by its lower-case ID. nil: there are none.
	FindRPC func(id string) (RPC, bool)
	// Hooks are asked around each API call. nil: there are none.
	Hooks Hooks
	// Parties lists parties as nk.PartyList does. An error that is a *runtime.Error
	// reaches the client with its code and text. nil: the route is unsupported.
	Parties func(ctx context.Context, limit int, open *bool, showHidden bool, query, cursor string) ([]*api.Party, string, error)
	// Matches lists matches. nil: the route is unsupported.
	Matches func(ctx context.Context, f MatchFilter) ([]*api.Match, error)

	Routes []Route      // tried in this order, after RPCs and before the API
	Socket http.Handler // GET /ws; nil: 404
	Root   http.Handler // GET /; nil: an empty 200

	Logger *slog.Logger // nil: nothing is logged
}

// Server is the HTTP client API. It is an http.Handler; whoever serves it sets
// timeouts and the header limit.
type Server struct{ opts Options }

// New returns a server, or an error that names what is wrong with opts.
func New(opts Options) (*Server, error) { return &Server{opts: opts}, nil }

// ServeHTTP serves one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }
