package api_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestRoutes_Unknown(t *testing.T) {
	g := newTarget(t)
	g.wantError(404, 5, "Not Found", "GET", "/nope", noAuth, "")
	g.wantError(404, 5, "Not Found", "POST", "/", noAuth, "")
	g.wantError(404, 5, "Not Found", "PUT", "/ws", noAuth, "")
	g.wantError(501, 12, "Method Not Allowed", "PATCH", "/v2/account", noAuth, "")
	g.wantError(501, 12, "Method Not Allowed", "DELETE", "/healthcheck", noAuth, "")
}

func TestRoutes_Health(t *testing.T) {
	g := newTarget(t)
	got := g.want(200, `{}`, "GET", "/healthcheck", noAuth, "")
	if cache := got.header.Get("Cache-Control"); cache != "no-store, no-cache, must-revalidate" {
		t.Errorf("Cache-Control = %q", cache)
	}
	if kind := got.header.Get("Content-Type"); kind != "application/json" {
		t.Errorf("Content-Type = %q", kind)
	}
	if root := g.do("GET", "/", noAuth, ""); root.status != 200 || root.header.Get("Cache-Control") != "" {
		t.Errorf("GET / = %d, Cache-Control %q; want 200 and none", root.status, root.header.Get("Cache-Control"))
	}
}

func TestRoutes_CORS(t *testing.T) {
	g := newTarget(t)
	const origin = "http://game.example"
	for name, c := range map[string]struct {
		header []string
		status int
		want   map[string]string
	}{
		"put": {[]string{"Origin", origin, "Access-Control-Request-Method", "PUT", "Access-Control-Request-Headers", "authorization, content-type"}, 200,
			map[string]string{"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Methods": "PUT", "Access-Control-Allow-Headers": "Authorization,Content-Type"}},
		"post": {[]string{"Origin", origin, "Access-Control-Request-Method", "POST"}, 200,
			map[string]string{"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Methods": "", "Access-Control-Allow-Headers": ""}},
		"patch":     {[]string{"Origin", origin, "Access-Control-Request-Method", "PATCH"}, 405, map[string]string{"Access-Control-Allow-Origin": ""}},
		"header":    {[]string{"Origin", origin, "Access-Control-Request-Method", "PUT", "Access-Control-Request-Headers", "X-Mine"}, 403, nil},
		"no-method": {[]string{"Origin", origin}, 400, nil},
		"no-origin": {nil, 200, map[string]string{"Access-Control-Allow-Origin": ""}},
	} {
		t.Run(name, func(t *testing.T) {
			got := g.do("OPTIONS", "/v2/account", noAuth, "", c.header...)
			if got.status != c.status || got.body != "" {
				t.Errorf("preflight = %d %q; want %d without a body", got.status, got.body, c.status)
			}
			for header, want := range c.want {
				if got.header.Get(header) != want {
					t.Errorf("%s = %q; want %q", header, got.header.Get(header), want)
				}
			}
		})
	}
	for _, path := range []string{"/", "/healthcheck", "/v2/account", "/nope", "/v2/rpc/x"} {
		if got := g.do("GET", path, noAuth, "", "Origin", origin); got.header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("GET %s from a page lets %q; want *", path, got.header.Get("Access-Control-Allow-Origin"))
		}
	}
}

// Answers are compressed for clients that accept it, and have a header for caches.
func TestRoutes_Compression(t *testing.T) {
	g := newTarget(t)
	for _, c := range []struct{ path, accept, encoding, vary string }{
		{"/healthcheck", "gzip", "gzip", "Accept-Encoding"},
		{"/nothing", "br, deflate, gzip", "deflate", "Accept-Encoding"},
		{"/v2/rpc/nothing", "br", "", "Accept-Encoding"},
		{"/healthcheck", "", "", "Accept-Encoding"},
		{"/", "gzip", "", ""},
	} {
		got := g.do("GET", c.path, noAuth, "", "Accept-Encoding", c.accept)
		if got.header.Get("Content-Encoding") != c.encoding || got.header.Get("Vary") != c.vary {
			t.Errorf("GET %s for a client that reads %q: Content-Encoding %q, Vary %q; want %q, %q", c.path, c.accept,
				got.header.Get("Content-Encoding"), got.header.Get("Vary"), c.encoding, c.vary)
		}
	}
	r, err := http.Get(g.base + "/nothing") // Go's client asks for gzip and decompresses it
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if body, err := io.ReadAll(r.Body); err != nil || !r.Uncompressed || !strings.Contains(string(body), "Not Found") {
		t.Errorf("unpacked %t: %q, %v", r.Uncompressed, body, err)
	}
}

func TestRoutes_BodyLimit(t *testing.T) {
	g := newTarget(t)
	a := g.player("ada")
	fits := objects(object("c", "k", `{"a":"`+strings.Repeat("x", 250<<10)+`"}`, ""))
	if got := g.do("PUT", "/v2/storage", a.auth, fits); got.status != 200 {
		t.Errorf("a body of %d bytes = %d %s; want 200", len(fits), got.status, got.body)
	}
	over := objects(object("c", "k", `{"a":"`+strings.Repeat("x", 260<<10)+`"}`, ""))
	g.wantError(400, 3, "http: request body too large", "PUT", "/v2/storage", a.auth, over)
}

func TestLists_Empty(t *testing.T) {
	g := newTarget(t)
	a := g.player("ada")
	for path, message := range map[string]string{
		"/v2/party?limit=0":                     "Invalid limit - limit must be between 1 and 100.",
		"/v2/party?limit=101":                   "Invalid limit - limit must be between 1 and 100.",
		"/v2/match?limit=101":                   "Invalid limit - limit must be between 1 and 100.",
		"/v2/match?authoritative=false&label=x": "Label filtering is not supported for non-authoritative matches.",
		"/v2/match?authoritative=false&query=x": "Query filtering is not supported for non-authoritative matches.",
		"/v2/match?min_size=-1":                 "Minimum size must be 0 or above.",
		"/v2/match?max_size=-1":                 "Maximum size must be 0 or above.",
		"/v2/match?min_size=2&max_size=1":       "Maximum size must be greater than or equal to minimum size when both are specified.",
		"/v2/notification?limit=0":              "Invalid limit - limit must be between 1 and 100.",
		"/v2/party?open=maybe":                  `parsing field "open": strconv.ParseBool: parsing "maybe": invalid syntax`,
		"/v2/user?ids=;":                        "invalid semicolon separator in query",
	} {
		g.wantError(400, 3, message, "GET", path, a.auth, "")
	}
	g.wantError(500, 13, "Error retrieving notifications.", "GET", "/v2/notification?cacheable_cursor=!", a.auth, "")
	g.wantError(500, 13, "Error while deleting notifications.", "DELETE", "/v2/notification?ids=x", a.auth, "")
}

func TestNotifications(t *testing.T) {
	g := newTarget(t)
	a := g.player("ada")
	type page struct {
		Notifications []struct {
			ID      string
			Subject string
			Content string
			Code    int
			Sender  string `json:"sender_id"`
		}
		Cursor string `json:"cacheable_cursor"`
	}
	list := func(query string, want ...string) page {
		t.Helper()
		var p page
		g.do("GET", "/v2/notification"+query, a.auth, "").decode(t, &p)
		if len(p.Notifications) != len(want) {
			t.Fatalf("notifications%s = %+v; want %d", query, p.Notifications, len(want))
		}
		for i, n := range p.Notifications {
			if n.Subject != want[i]+" wants to add you as a friend" {
				t.Fatalf("notification %d%s = %+v; want one of %s", i, query, n, want[i])
			}
		}
		if p.Cursor == "" {
			t.Fatalf("notifications%s have no cursor; a client could not come back for newer ones", query)
		}
		return p
	}
	empty := list("?limit=10")
	b, c, d := g.player("bob"), g.player("cyd"), g.player("dee")
	for _, p := range []player{b, c, d} {
		g.want(200, `{}`, "POST", "/v2/friend?ids="+a.id, p.auth, "")
	}
	list("?limit=10&cacheable_cursor="+empty.Cursor, b.name, c.name, d.name)
	first := list("", b.name) // the default limit is 1
	g.want(200, `{"notifications":[{"id":"$id","subject":"$any","content":"{\"username\": \"`+b.name+`\"}","code":-2,"sender_id":"`+b.id+`","create_time":"$time","persistent":true}],"cacheable_cursor":"$any"}`,
		"GET", "/v2/notification", a.auth, "")
	rest := list("?limit=10&cacheable_cursor="+first.Cursor, c.name, d.name)
	if again := list("?limit=10&cacheable_cursor=" + rest.Cursor); again.Cursor != rest.Cursor {
		t.Errorf("cursor without news = %q; want the same %q", again.Cursor, rest.Cursor)
	}
	g.want(200, `{}`, "DELETE", "/v2/notification", a.auth, "")
	g.want(200, `{}`, "DELETE", "/v2/notification?ids="+first.Notifications[0].ID, b.auth, "") // not b's, so it stays
	list("?limit=10", b.name, c.name, d.name)
	g.want(200, `{}`, "DELETE", "/v2/notification?ids="+first.Notifications[0].ID+"&ids="+rest.Notifications[1].ID, a.auth, "")
	list("?limit=10", c.name)
	list("?limit=10&cacheable_cursor="+first.Cursor, c.name)
}

func TestRPC_Refusals(t *testing.T) {
	g := newTarget(t)
	a := g.player("ada")
	id := fresh("none")
	refusal := func(code, message string) string {
		return `{"code":` + code + `,"error":"` + message + `","message":"` + message + `"}`
	}
	g.want(401, refusal("16", "Auth token or HTTP key required"), "POST", "/v2/rpc/"+id, noAuth, `""`)
	g.want(401, refusal("16", "Auth token invalid"), "POST", "/v2/rpc/"+id, bearer("x"), `""`)
	g.want(401, refusal("16", "HTTP key invalid"), "POST", "/v2/rpc/"+id, basic("defaultkey"), `""`)
	g.want(401, refusal("16", "HTTP key invalid"), "GET", "/v2/rpc/"+id+"?http_key=x", a.auth, "")
	g.want(404, refusal("5", "RPC function not found"), "POST", "/v2/rpc/"+id, a.auth, `{`)
	g.want(404, refusal("5", "RPC function not found"), "GET", "/v2/rpc/"+id+"?http_key=defaulthttpkey", noAuth, "")
	g.want(404, refusal("5", "RPC function not found"), "GET", "/v2/rpc/"+id, basic("defaulthttpkey"), "")
	g.want(400, refusal("3", "RPC ID must be set"), "GET", "/v2/rpc/", a.auth, "")
	g.wantError(501, 12, "Method Not Allowed", "PUT", "/v2/rpc/"+id, a.auth, "")
}
