package api_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"partyline/local/engine/api"
	"partyline/local/engine/store"
)

// tokenExpiry is longer than any run: with an expired session, requests would only be refused.
const tokenExpiry = 24 * time.Hour

// FuzzBodies sends broken and odd bodies to every kind of endpoint that reads one. No body may cause a panic, and
// every refusal must be a client's error.
func FuzzBodies(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `null`, `[]`, `"x"`, `{"id":"0123456789"}`, `{"id":"0123456789","vars":{"a":"b"}}`, `{"id":1e999}`,
		`{"email":"a@b.example","password":"password"}`, `{"username":"x","display_name":null}`, `{"token":"a.b.c"}`,
		`{"name":"n","open":true,"max_count":3}`, `{"objects":[{"collection":"c","key":"k","value":"{\"a\":1e4000}"}]}`,
		`{"object_ids":[{"collection":"c","key":"k","user_id":"x"}]}`, `{"objects":[null]}`, "{\"a\":\xff}",
	} {
		f.Add(seed)
	}
	s, err := api.New(api.Options{Store: store.New(store.Options{TokenExpiry: tokenExpiry}), FindRPC: rpcs(nil)})
	if err != nil {
		f.Fatal(err)
	}
	send := func(method, path, auth, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Authorization", auth)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w
	}
	login := send("POST", "/v2/account/authenticate/device", basic("defaultkey"), `{"id":"fuzz-device"}`)
	session := bearer(strings.Split(login.Body.String(), `"`)[5])
	endpoints := []struct{ method, path, auth string }{
		{"POST", "/v2/account/authenticate/device", basic("defaultkey")},
		{"POST", "/v2/account/authenticate/custom", basic("defaultkey")},
		{"POST", "/v2/account/session/refresh", basic("defaultkey")},
		{"PUT", "/v2/account", session},
		{"POST", "/v2/group", session},
		{"PUT", "/v2/storage", session},
		{"POST", "/v2/storage", session},
		{"PUT", "/v2/storage/delete", session},
		{"POST", "/v2/rpc/none", session},
	}
	if got := send("GET", "/v2/account", session, ""); got.Code != http.StatusOK {
		f.Fatalf("the fuzzed session = %d %s", got.Code, got.Body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		for _, e := range endpoints {
			got := send(e.method, e.path, e.auth, body)
			switch got.Code {
			case 200, 400, 401, 404, 409:
			case 500: // errors that only the database finds
				if !strings.Contains(got.Body.String(), "Error ") {
					t.Errorf("%s %s %q = 500 %s", e.method, e.path, body, got.Body)
				}
			default:
				t.Errorf("%s %s %q = %d %s", e.method, e.path, body, got.Code, got.Body)
			}
		}
	})
}

// FuzzQuery sends odd queries and paths.
func FuzzQuery(f *testing.F) {
	for _, seed := range []string{"", "limit=1", "limit=x&state=9", "ids=a&ids=b", "cursor=eyJzIjoxfQ", "user_id=x", "a[b]=c", "vars[a]=b", "limit.value=1", "&;=", "%zz", "members=-1&open=1"} {
		f.Add(seed)
	}
	s, err := api.New(api.Options{Store: store.New(store.Options{TokenExpiry: tokenExpiry}), Parties: noParties, Matches: noMatches})
	if err != nil {
		f.Fatal(err)
	}
	login := httptest.NewRecorder()
	r := httptest.NewRequest("POST", "/v2/account/authenticate/device", strings.NewReader(`{"id":"fuzz-device"}`))
	r.Header.Set("Authorization", basic("defaultkey"))
	s.ServeHTTP(login, r)
	session := bearer(strings.Split(login.Body.String(), `"`)[5])
	f.Fuzz(func(t *testing.T, query string) {
		for _, path := range []string{"/v2/friend", "/v2/group", "/v2/notification", "/v2/storage/c", "/v2/user", "/v2/party", "/v2/match", "/v2/friend/friends"} {
			r := httptest.NewRequest("GET", path, nil)
			r.URL.RawQuery = query
			r.Header.Set("Authorization", session)
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if w.Code != 200 && w.Code != 400 && w.Code != 500 || strings.Contains(w.Body.String(), "Internal Server Error") {
				t.Errorf("GET %s?%s = %d %s", path, query, w.Code, w.Body)
			}
		}
	})
}
