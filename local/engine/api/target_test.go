package api_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"partyline/local/engine/api"
	"partyline/local/engine/store"
)

// The behaviour tests run against the engine's own API. With NAKAMA=host:port they run against that server instead,
// with the same requests and expectations.

// target is the server under test, for a client.
type target struct {
	t    *testing.T
	base string
}

func newTarget(t *testing.T) *target {
	t.Helper()
	if host := os.Getenv("NAKAMA"); host != "" {
		return &target{t, "http://" + host}
	}
	return serve(t, api.Options{Store: store.New(store.Options{}), Parties: noParties, Matches: noMatches})
}

// serve starts the engine's API with these options. It ignores NAKAMA.
func serve(t *testing.T, opts api.Options) *target {
	t.Helper()
	s, err := api.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return &target{t, server.URL}
}

// reply is the answer to a request.
type reply struct {
	status int
	header http.Header
	body   string
}

// Authorization headers.
func basic(key string) string    { return "Basic " + base64.StdEncoding.EncodeToString([]byte(key+":")) }
func bearer(token string) string { return "Bearer " + token }

const noAuth = "" // no Authorization header

func (g *target) do(method, path, auth, body string, header ...string) reply {
	g.t.Helper()
	r, err := http.NewRequest(method, g.base+path, strings.NewReader(body))
	if err != nil {
		g.t.Fatal(err)
	}
	if auth != noAuth {
		r.Header.Set("Authorization", auth)
	}
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		g.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	return reply{res.StatusCode, res.Header, string(text)}
}

// want makes a request and compares status and body. In the expected JSON "$id" matches a UUID, "$time" an RFC 3339
// time, "$any" any text.
func (g *target) want(status int, body, method, path, auth, request string) reply {
	g.t.Helper()
	got := g.do(method, path, auth, request)
	if got.status != status {
		g.t.Fatalf("%s %s %s = %d %s; want %d %s", method, path, request, got.status, got.body, status, body)
	}
	if diff := compareJSON(body, got.body); diff != "" {
		g.t.Fatalf("%s %s %s = %s; want %s: %s", method, path, request, got.body, body, diff)
	}
	return got
}

// wantError checks that a request gets an error in the gateway's form.
func (g *target) wantError(status, code int, message, method, path, auth, request string) {
	g.t.Helper()
	text, _ := json.Marshal(message)
	g.want(status, fmt.Sprintf(`{"code":%d,"message":%s}`, code, text), method, path, auth, request)
}

func compareJSON(want, got string) string {
	var w, v any
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		return "the expectation is no JSON: " + err.Error()
	}
	if err := json.Unmarshal([]byte(got), &v); err != nil {
		return "no JSON: " + err.Error()
	}
	return compareValue("", w, v)
}

var rfc3339 = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$`)

func compareValue(path string, want, got any) string {
	switch want := want.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok {
			return path + " is no object"
		}
		for key := range object {
			if _, ok := want[key]; !ok {
				return path + "." + key + " is too much"
			}
		}
		for key, value := range want {
			item, ok := object[key]
			if !ok {
				return path + "." + key + " is missing"
			}
			if diff := compareValue(path+"."+key, value, item); diff != "" {
				return diff
			}
		}
		return ""
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			return fmt.Sprintf("%s has not %d entries", path, len(want))
		}
		for i := range want {
			if diff := compareValue(fmt.Sprintf("%s[%d]", path, i), want[i], list[i]); diff != "" {
				return diff
			}
		}
		return ""
	}
	text, _ := got.(string)
	_, badID := uuid.Parse(text)
	switch {
	case want == "$id" && badID == nil, want == "$time" && rfc3339.MatchString(text), want == "$any" && text != "":
		return ""
	case reflect.DeepEqual(want, got):
		return ""
	}
	return fmt.Sprintf("%s is %v, not %v", path, got, want)
}

func (r reply) decode(t *testing.T, into any) {
	t.Helper()
	if err := json.NewDecoder(bytes.NewReader([]byte(r.body))).Decode(into); err != nil {
		t.Fatalf("decode %s: %v", r.body, err)
	}
}

// fresh makes a name that no earlier run has used.
func fresh(prefix string) string {
	return prefix + "-" + strings.ReplaceAll(uuid.NewString(), "-", "")[:20]
}

// player is a logged-in user.
type player struct {
	id, name       string
	auth           string // Authorization header
	token, refresh string
}

func (g *target) player(name string) player {
	g.t.Helper()
	name = fresh(name)
	got := g.do("POST", "/v2/account/authenticate/device?username="+name, basic("defaultkey"), `{"id":"`+fresh("device")+`"}`)
	if got.status != 200 {
		g.t.Fatalf("authenticate: %d %s", got.status, got.body)
	}
	return g.session(name, got)
}

func (g *target) session(name string, got reply) player {
	g.t.Helper()
	var s struct {
		Token        string `json:"token"`
		RefreshToken string `json:"refresh_token"`
	}
	got.decode(g.t, &s)
	return player{id: claimsOf(g.t, s.Token)["uid"].(string), name: name, auth: bearer(s.Token), token: s.Token, refresh: s.RefreshToken}
}

// claimsOf returns a token's claims, read as a client SDK does.
func claimsOf(t *testing.T, token string) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("token %q has %d parts", token, len(parts))
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	claims := map[string]any{}
	if err := json.Unmarshal(text, &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}
