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
	// reaches the client with its code and text; any other is hidden behind code 13.
	// nil: the route is unsupported.
	Parties func(ctx context.Context, limit int, open *bool, showHidden bool, query, cursor string) ([]*api.Party, string, error)
	// Matches lists matches, with Parties' rule for errors. nil: the route is
	// unsupported.
	Matches func(ctx context.Context, f MatchFilter) ([]*api.Match, error)

	// Tickets are the matchmaker's statistics. nil: the route is unsupported.
	Tickets func() *api.MatchmakerStats

	Routes []Route      // tried in this order, after RPCs and before the API
	Socket http.Handler // GET /ws; nil: 404
	// Pages is asked before everything else; what it has no pattern for is answered as on
	// a real server. nil: there are none.
	Pages *http.ServeMux

	Logger *slog.Logger // nil: nothing is logged
}

// Caller is who makes a request, as hooks and RPCs learn it. The user fields are
// empty where the request carries a key and no session.
type Caller struct {
	UserID, Username     string
	Vars                 map[string]string
	Expiry               int64 // Unix seconds
	TokenID              string
	TokenIssuedAt        int64  // Unix seconds
	ClientIP, ClientPort string // the port is known to RPCs only, as on the server
	TraceID              string // one for each request
}

// RPCCall is one call of an RPC over HTTP.
type RPCCall struct {
	ID      string // lower case
	Caller  Caller
	Headers map[string][]string
	Query   map[string][]string // without http_key
	Payload string
}

// RPC answers one call. An error that is a *runtime.Error reaches the client with
// its code; any other is code 13.
type RPC func(ctx context.Context, call RPCCall) (string, error)

// MatchFilter is what a client may ask of the match list; nil means any.
type MatchFilter struct {
	Limit            int // 1 to 100
	Authoritative    *bool
	Label, Query     *string
	MinSize, MaxSize *int
}

// Hooks are a module's request hooks. method is the hook's name without
// Before: "ListParties", "AuthenticateDevice", "GetAccount". Calls without a request
// message of their own, such as GetAccount, pass an Empty.
type Hooks interface {
	// Before may replace the request or refuse the call; a *runtime.Error refuses with
	// its code, any other error with 13. A nil message without an error answers 404,
	// as the server does.
	Before(ctx context.Context, c Caller, method string, in proto.Message) (proto.Message, error)
}

type noHooks struct{}

func (noHooks) Before(_ context.Context, _ Caller, _ string, in proto.Message) (proto.Message, error) {
	return in, nil
}

// Route is a module's own HTTP route: a gorilla/mux pattern that starts with "/".
// No methods means all of them.
type Route struct {
	Pattern string
	Methods []string
	Handler http.HandlerFunc
}
