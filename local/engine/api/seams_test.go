package api_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	nakama "github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"partyline/local/engine/api"
	"partyline/local/engine/store"
)

// These tests are about Options: what the engine passes to the API.

func noParties(context.Context, int, *bool, bool, string, string) ([]*nakama.Party, string, error) {
	return nil, "", nil
}

func noMatches(context.Context, api.MatchFilter) ([]*nakama.Match, error) { return nil, nil }

func rpcs(table map[string]api.RPC) func(string) (api.RPC, bool) {
	return func(id string) (api.RPC, bool) { fn, ok := table[id]; return fn, ok }
}

func TestRPC_Call(t *testing.T) {
	var call api.RPCCall
	g := serve(t, api.Options{Store: store.New(store.Options{}), FindRPC: rpcs(map[string]api.RPC{
		"echo": func(_ context.Context, c api.RPCCall) (string, error) { call = c; return c.Payload, nil },
	})})
	a := g.player("ada")

	g.want(200, `{"payload":"{\"a\":1}"}`, "POST", "/v2/rpc/Echo?x=1&x=2", a.auth, `"{\"a\":1}"`)
	if call.ID != "echo" || call.Caller.UserID != a.id || call.Caller.Username != a.name || call.Caller.ClientIP != "127.0.0.1" ||
		call.Caller.ClientPort == "" || call.Caller.Expiry == 0 || call.Caller.TraceID == "" || fmt.Sprint(call.Query["x"]) != "[1 2]" || call.Headers["Content-Type"] == nil {
		t.Errorf("call = %+v", call)
	}
	g.want(200, `{"payload":""}`, "POST", "/v2/rpc/echo", a.auth, ``)
	g.want(200, `{"payload":""}`, "GET", "/v2/rpc/echo?http_key=defaulthttpkey&y=1", noAuth, `"ignored"`)
	if call.Caller.UserID != "" || call.Query["http_key"] != nil || call.Query["y"] == nil {
		t.Errorf("call with the key = %+v; want nobody and the rest of the query", call)
	}
	g.want(200, `{"payload":"x"}`, "POST", "/v2/rpc/echo", basic("defaulthttpkey"), `"x"`)
	for _, body := range []string{`{`, `{"a":1}`, `5`, `x`} {
		const message = "json: cannot unmarshal object into Go value of type string"
		g.want(400, `{"code":3,"error":"`+message+`","message":"`+message+`"}`, "POST", "/v2/rpc/echo", a.auth, body)
	}
	g.want(400, `{"code":3,"message":"http: request body too large"}`, "POST", "/v2/rpc/echo", a.auth, strings.Repeat("x", 300<<10))

	if got := g.do("POST", "/v2/rpc/echo?unwrap", a.auth, `{"a":1}`); got.body != `{"a":1}` || got.header.Get("Content-Type") != "application/json" {
		t.Errorf("unwrapped = %s as %s; want the bare payload", got.body, got.header.Get("Content-Type"))
	}
	forwarded := g.do("POST", "/v2/rpc/echo", a.auth, ``, "X-Forwarded-For", "192.0.2.7, 192.0.2.1")
	if forwarded.status != 200 || call.Caller.ClientIP != "192.0.2.7" || call.Caller.ClientPort != "" {
		t.Errorf("client behind a proxy = %s:%s; want 192.0.2.7", call.Caller.ClientIP, call.Caller.ClientPort)
	}
}

func TestRPC_Failure(t *testing.T) {
	fail := func(err error) api.RPC {
		return func(context.Context, api.RPCCall) (string, error) { return "", err }
	}
	g := serve(t, api.Options{Store: store.New(store.Options{}), FindRPC: rpcs(map[string]api.RPC{
		"known":   fail(runtime.NewError("party_full: no seat <left>", 8)),
		"wrapped": fail(fmt.Errorf("outer: %w", runtime.NewError("inner", 5))),
		"odd":     fail(runtime.NewError("odd", 99)),
		"plain":   fail(errors.New("plain")),
		"panics":  func(context.Context, api.RPCCall) (string, error) { panic("boom") },
	})})
	a := g.player("ada")
	for id, want := range map[string]struct {
		status int
		body   string
	}{
		"known":   {429, `{"code":8,"error":{"Message":"party_full: no seat <left>","Code":8},"message":"party_full: no seat <left>"}`},
		"wrapped": {404, `{"code":5,"error":{"Message":"inner","Code":5},"message":"inner"}`},
		"odd":     {500, `{"code":13,"error":{"Message":"odd","Code":99},"message":"odd"}`},
		"plain":   {500, `{"code":13,"error":{},"message":"plain"}`},
		"panics":  {500, `{"error":"Internal Server Error","message":"Internal Server Error","code":13}`},
	} {
		t.Run(id, func(t *testing.T) {
			g := &target{t, g.base}
			g.want(want.status, want.body, "POST", "/v2/rpc/"+id, a.auth, `""`)
		})
	}
}

// hooks implements a module's hooks with a function.
type hooks struct {
	before func(c api.Caller, method string, in proto.Message) (proto.Message, error)
}

func (h hooks) Before(_ context.Context, c api.Caller, method string, in proto.Message) (proto.Message, error) {
	return h.before(c, method, in)
}

func TestParties_ListAndHooks(t *testing.T) {
	const deadly = "a stock server would have ended here"
	guard, refusal := true, error(nil)
	var seen []string
	g := serve(t, api.Options{
		Store: store.New(store.Options{}),
		Parties: func(_ context.Context, limit int, open *bool, showHidden bool, query, cursor string) ([]*nakama.Party, string, error) {
			switch {
			case showHidden:
				return nil, "", errors.New("clients must not see hidden parties")
			case cursor != "" && open != nil && !*open:
				return nil, "", runtime.NewError(deadly, 13)
			case query == "broken":
				return nil, "", errors.New("detail")
			}
			return []*nakama.Party{{PartyId: fmt.Sprintf("%d.%v.%s", limit, open != nil && *open, query), MaxSize: 4, Label: "{}"}}, "next", nil
		},
		Hooks: hooks{
			before: func(c api.Caller, method string, in proto.Message) (proto.Message, error) {
				list, ok := in.(*nakama.ListPartiesRequest)
				if !ok {
					return in, nil
				}
				seen = append(seen, "before "+method+" "+c.Username)
				if guard && list.Cursor != nil {
					return nil, refusal
				}
				if list.Limit == nil {
					list.Limit = wrapperspb.Int32(7)
				}
				return list, nil
			},
		},
	})
	a := g.player("ada")
	g.want(200, `{"parties":[{"party_id":"7.true.x","max_size":4,"label":"{}"}],"cursor":"next"}`, "GET", "/v2/party?open=true&query=x", a.auth, "")
	if want := "[before ListParties " + a.name + "]"; fmt.Sprint(seen) != want {
		t.Errorf("hooks saw %v; want %s", seen, want)
	}
	refusal = runtime.NewError("invalid_request: that page would end the server", 3)
	g.wantError(400, 3, "invalid_request: that page would end the server", "GET", "/v2/party?open=false&cursor=c", a.auth, "")
	refusal = errors.New("plain")
	g.wantError(500, 13, "plain", "GET", "/v2/party?open=false&cursor=c", a.auth, "")
	refusal = nil
	g.wantError(404, 5, "Requested resource was not found.", "GET", "/v2/party?open=false&cursor=c", a.auth, "")
	guard = false
	g.wantError(500, 13, deadly, "GET", "/v2/party?open=false&cursor=c", a.auth, "")
	g.wantError(500, 13, "Error listing matches.", "GET", "/v2/party?query=broken", a.auth, "")
	g.wantError(400, 3, "Invalid limit - limit must be between 1 and 100.", "GET", "/v2/party?limit=0", a.auth, "")
}

func TestHooks_Authenticate(t *testing.T) {
	var caller api.Caller
	blocked := false
	g := serve(t, api.Options{Store: store.New(store.Options{}), Hooks: hooks{
		before: func(c api.Caller, method string, in proto.Message) (proto.Message, error) {
			caller = c
			if in, ok := in.(*nakama.AuthenticateDeviceRequest); ok {
				if blocked {
					return nil, runtime.NewError("not today", 7)
				}
				in.Account.Vars = map[string]string{"from": method}
			}
			return in, nil
		},
	}})
	p := g.player("ada")
	if vars, _ := claimsOf(t, p.token)["vrs"].(map[string]any); vars["from"] != "AuthenticateDevice" {
		t.Errorf("vars = %v; want what the hook set", vars)
	}
	blocked = true
	g.wantError(403, 7, "not today", "POST", "/v2/account/authenticate/device", basic("defaultkey"), `{"id":"0123456789"}`)
	g.want(200, `{}`, "GET", "/v2/friend", p.auth, "")
	if caller.UserID != p.id || caller.Username != p.name || caller.ClientIP != "127.0.0.1" {
		t.Errorf("hook's caller = %+v; want the session's user", caller)
	}
}

func TestHooks_Panic(t *testing.T) {
	g := serve(t, api.Options{Store: store.New(store.Options{}), Hooks: hooks{
		before: func(c api.Caller, method string, in proto.Message) (proto.Message, error) {
			if method == "GetUsers" {
				panic("boom")
			}
			return in, nil
		},
	}})
	a := g.player("ada")
	if got := g.do("GET", "/v2/user", a.auth, ""); got.status != 500 || !strings.Contains(got.body, `"code":13`) {
		t.Errorf("call with a panicking hook = %d %s; want 500 with code 13", got.status, got.body)
	}
	g.want(200, `{}`, "GET", "/v2/friend", a.auth, "")
}

func TestMatches_List(t *testing.T) {
	var filter api.MatchFilter
	g := serve(t, api.Options{Store: store.New(store.Options{}), Matches: func(_ context.Context, f api.MatchFilter) ([]*nakama.Match, error) {
		filter = f
		return []*nakama.Match{{MatchId: "m", Authoritative: true, Label: wrapperspb.String("{}"), Size: 2, TickRate: 1, HandlerName: "h"}}, nil
	}})
	a := g.player("ada")
	g.want(200, `{"matches":[{"match_id":"m","authoritative":true,"label":"{}","size":2,"tick_rate":1,"handler_name":"h"}]}`, "GET", "/v2/match?limit=3&authoritative=true&min_size=0&max_size=4&label=l&query=q", a.auth, "")
	if filter.Limit != 3 || !*filter.Authoritative || *filter.MinSize != 0 || *filter.MaxSize != 4 || *filter.Label != "l" || *filter.Query != "q" {
		t.Errorf("filter = %+v", filter)
	}
	g.do("GET", "/v2/match", a.auth, "")
	if filter.Limit != 10 || filter.Authoritative != nil || filter.MinSize != nil || filter.Label != nil {
		t.Errorf("filter without wishes = %+v", filter)
	}
}

func TestMatchmakerStats(t *testing.T) {
	g := serve(t, api.Options{Store: store.New(store.Options{}), Tickets: func() *nakama.MatchmakerStats {
		return &nakama.MatchmakerStats{TicketCount: 1, OldestTicketCreateTime: timestamppb.New(time.Unix(1_700_000_000, 1))}
	}})
	g.want(200, `{"ticket_count":1,"oldest_ticket_create_time":"2023-11-14T22:13:20.000000001Z"}`, "GET", "/v2/matchmaker/stats", g.player("ada").auth, "")
	g.wantError(401, 16, "Auth token required", "GET", "/v2/matchmaker/stats", noAuth, "")
}

func respond(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, text) }
}

func TestRoutes_Own(t *testing.T) {
	pages := http.NewServeMux()
	pages.Handle("GET /{$}", respond("page"))
	pages.Handle("GET /demo/{file}", respond("file"))
	g := serve(t, api.Options{
		Store: store.New(store.Options{}), Socket: respond("socket"), Pages: pages,
		Routes: []api.Route{
			{Pattern: "/party/join/{code}", Methods: []string{"GET", "HEAD"}, Handler: func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Cache-Control", "max-age=60")
				_, _ = io.WriteString(w, "first "+r.URL.Path)
			}},
			{Pattern: "/party/join/special", Handler: respond("second")},
			{Pattern: "/v2/account", Methods: []string{"GET"}, Handler: respond("shadow")},
			{Pattern: "/v2/rpc/mine", Handler: respond("never")},
			{Pattern: "/any/{rest:.*}", Handler: respond("any")},
			{Pattern: "/panics", Handler: func(http.ResponseWriter, *http.Request) { panic("boom") }},
		},
	})
	for _, c := range []struct {
		method, path string
		status       int
		body         string
	}{
		{"GET", "/", 200, "page"},
		{"GET", "/demo/app.js", 200, "file"},
		{"GET", "/nothing", 404, `{"code":5,"message":"Not Found"}`},
		{"POST", "/demo/app.js", 404, `{"code":5,"message":"Not Found"}`},
		{"GET", "/v2/nothing", 404, `{"code":5,"message":"Not Found"}`},
		{"GET", "/ws?token=x", 200, "socket"},
		{"GET", "/party/join/special", 200, "first /party/join/special"}, // the first route that matches
		{"POST", "/party/join/special", 200, "second"},
		{"GET", "/v2/account", 200, "shadow"},
		{"GET", "/any/a/b", 200, "any"},
		{"DELETE", "/any/a/b", 200, "any"},
		{"POST", "/party/join/x", 404, `{"code":5,"message":"Not Found"}`},
		{"PUT", "/v2/account", 401, `{"code":16,"message":"Auth token required"}`},
		{"GET", "/panics", 500, `{"error":"Internal Server Error","message":"Internal Server Error","code":13}`},
	} {
		if got := g.do(c.method, c.path, noAuth, ""); got.status != c.status || got.body != c.body {
			t.Errorf("%s %s = %d %s; want %d %s", c.method, c.path, got.status, got.body, c.status, c.body)
		}
	}
	if got := g.do("HEAD", "/party/join/x", noAuth, ""); got.status != 200 || got.body != "" || got.header.Get("Cache-Control") != "max-age=60" {
		t.Errorf("HEAD = %d %q, Cache-Control %q; want 200 and the route's own", got.status, got.body, got.header.Get("Cache-Control"))
	}
	if got := g.do("GET", "/any/x", noAuth, ""); got.header.Get("Cache-Control") != "no-store, no-cache, must-revalidate" {
		t.Errorf("Cache-Control = %q; want the server's", got.header.Get("Cache-Control"))
	}
	if got := g.do("POST", "/v2/rpc/mine", noAuth, ""); got.status != 401 {
		t.Errorf("RPC path = %d; want the RPC before the route", got.status)
	}
	if got := g.do("GET", "/v2/group", noAuth, "", "Origin", "http://a"); got.status != 401 {
		t.Errorf("API beside the routes = %d %s; want 401", got.status, got.body)
	}
}

func TestRoutes_Unsupported(t *testing.T) {
	g := serve(t, api.Options{Store: store.New(store.Options{})})
	for _, c := range [][2]string{
		{"GET", "/v2/party"}, {"GET", "/v2/match"}, {"GET", "/v2/leaderboard/x"}, {"POST", "/v2/account/authenticate/steam"},
		{"POST", "/v2/account/link/device"}, {"GET", "/v2/matchmaker/stats"}, {"POST", "/v2/event"},
	} {
		g.wantError(501, 12, "not supported by the embedded engine: "+c[0]+" "+c[1], c[0], c[1], noAuth, "")
	}
	g.wantError(404, 5, "Not Found", "GET", "/ws", noAuth, "")
	g.wantError(404, 5, "Not Found", "GET", "/v2/healthcheck", noAuth, "")
	g.wantError(404, 5, "Not Found", "GET", "/v2/nothing", noAuth, "")
}

func TestNew_Refusals(t *testing.T) {
	for name, c := range map[string]struct {
		opts api.Options
		want string
	}{
		"store":   {api.Options{}, "Store is missing"},
		"slash":   {api.Options{Store: store.New(store.Options{}), Routes: []api.Route{{Pattern: "party", Handler: respond("")}}}, `route "party": the pattern must start with "/"`},
		"pattern": {api.Options{Store: store.New(store.Options{}), Routes: []api.Route{{Pattern: "/a/{b", Handler: respond("")}}}, `route "/a/{b"`},
	} {
		if _, err := api.New(c.opts); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("New(%s) = %v; want %q", name, err, c.want)
		}
	}
}
