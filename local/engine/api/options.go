package api

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/heroiclabs/nakama-common/api"
	"google.golang.org/protobuf/proto"

	"partyline/local/engine/store"
)

// Defaults of Options, the same as on a stock server.
const (
	DefaultServerKey       = "defaultkey"
	DefaultHTTPKey         = "defaulthttpkey"
	DefaultMaxRequestBytes = 256 << 10
)

// Options configures a Server. Only Store is required.
type Options struct {
	Store *store.Store

	ServerKey       string // "" means DefaultServerKey
	HTTPKey         string // "" means DefaultHTTPKey
	MaxRequestBytes int64  // 0 means DefaultMaxRequestBytes

	// FindRPC finds an RPC by its lower-case ID. nil means that there are none.
	FindRPC func(id string) (RPC, bool)
	// Hooks are called before each API call. nil means that there are none.
	Hooks Hooks
	// Parties lists parties as nk.PartyList does. The client gets the code and text of a *runtime.Error. Any other
	// error becomes code 13 with a general text. nil means that the call is unsupported.
	Parties func(ctx context.Context, limit int, open *bool, showHidden bool, query, cursor string) ([]*api.Party, string, error)
	// Matches lists matches and treats errors as Parties does. nil means that the call is unsupported.
	Matches func(ctx context.Context, f MatchFilter) ([]*api.Match, error)

	// Tickets returns the matchmaker's statistics. nil means that the call is unsupported.
	Tickets func() *api.MatchmakerStats

	Routes []Route      // checked in this order, after RPCs and before the API
	Socket http.Handler // serves GET /ws; nil means 404
	// Pages serves the requests that its patterns match, before everything else. Other requests are handled as on a
	// real server. nil means that there are no pages.
	Pages *http.ServeMux

	Logger *slog.Logger // nil logs nothing
}

// Caller describes who makes a request, for hooks and RPCs. The user fields are empty if the request has a key and no
// session.
type Caller struct {
	UserID, Username     string
	Vars                 map[string]string
	Expiry               int64 // Unix seconds
	TokenID              string
	TokenIssuedAt        int64  // Unix seconds
	ClientIP, ClientPort string // as on the real server, only RPCs get the port
	TraceID              string // unique for each request
}

// RPCCall is one call of an RPC over HTTP.
type RPCCall struct {
	ID      string // lower case
	Caller  Caller
	Headers map[string][]string
	Query   map[string][]string // without http_key
	Payload string
}

// RPC handles one call. The client gets the code of a *runtime.Error. Any other error becomes code 13.
type RPC func(ctx context.Context, call RPCCall) (string, error)

// MatchFilter is a client's filter for the match list; nil means any.
type MatchFilter struct {
	Limit            int // 1 to 100
	Authoritative    *bool
	Label, Query     *string
	MinSize, MaxSize *int
}

// Hooks are a module's request hooks. method is the hook's name without Before: "ListParties", "AuthenticateDevice",
// "GetAccount". Calls without a request message, for example GetAccount, pass an Empty.
type Hooks interface {
	// Before may replace the request or refuse the call. A *runtime.Error refuses with its code, any other error with
	// 13. A nil message without an error answers 404, as the real server does.
	Before(ctx context.Context, c Caller, method string, in proto.Message) (proto.Message, error)
}

type noHooks struct{}

func (noHooks) Before(_ context.Context, _ Caller, _ string, in proto.Message) (proto.Message, error) {
	return in, nil
}

// Route is an HTTP route of a module: a gorilla/mux pattern that starts with "/". Without Methods it accepts all
// methods.
type Route struct {
	Pattern string
	Methods []string
	Handler http.HandlerFunc
}
