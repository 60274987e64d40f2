package demo_test

import (
	"encoding/json"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"partyline/local/demo"
)

func serve(t *testing.T, o demo.Options) http.Handler {
	t.Helper()
	h, err := demo.Handler(o)
	if err != nil {
		t.Fatalf("Handler(%+v) = %v", o, err)
	}
	return h
}

func get(h http.Handler, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Host = "127.0.0.1:7350"
	h.ServeHTTP(w, r)
	return w
}

// sdkFolder returns a folder as npm leaves it.
func sdkFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "nakama-js.esm.mjs"), []byte("export class Client {}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestHandler_Refuses(t *testing.T) {
	for _, server := range []string{"127.0.0.1:7350", "ftp://127.0.0.1", "http://", "http://host/path", "http://a b", "http://host; script-src *", "https://user@host"} {
		if _, err := demo.Handler(demo.Options{Server: server}); err == nil {
			t.Errorf("Handler with server %q: no error", server)
		}
	}
	for _, host := range []string{"a b", "host; script-src *", "127.0.0.1:7350", "https://host"} {
		if _, err := demo.Handler(demo.Options{GameHost: host}); err == nil {
			t.Errorf("Handler with game host %q: no error", host)
		}
	}
	for _, server := range []string{"", "http://127.0.0.1:7350", "https://game.example.com", "http://[::1]:7350"} {
		if _, err := demo.Handler(demo.Options{Server: server}); err != nil {
			t.Errorf("Handler with server %q: %v", server, err)
		}
	}
}

func TestPage_WithSDK(t *testing.T) {
	dir := t.TempDir()
	h := serve(t, demo.Options{SDKDir: dir, ServerKey: `key"<`})
	if body := get(h, "/").Body.String(); !strings.Contains(body, `data-testid="sdk-missing"`) || !strings.Contains(body, "npm install") || strings.Contains(body, "<script") {
		t.Error("without the SDK the page does not say how to get it, or starts all the same")
	}
	if w := get(h, "/demo/sdk/nakama-js.mjs"); w.Code != 404 || !strings.Contains(w.Body.String(), "npm install") {
		t.Errorf("the missing SDK = %d %q; want 404 and how to get it", w.Code, w.Body)
	}
	// The page shows a new installation without a restart.
	if err := os.WriteFile(filepath.Join(dir, "nakama-js.esm.mjs"), []byte("export {}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	body := get(h, "/").Body.String()
	for _, want := range []string{
		`<script type="module" src="/demo/app.js"></script>`, `data-sdk="/demo/sdk/nakama-js.mjs"`,
		`data-key="key&#34;&lt;"`, `data-server=""`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("page lacks %s", want)
		}
	}
	if strings.Contains(body, "sdk-missing") {
		t.Error("the page still says that the SDK is missing")
	}
	if w := get(h, "/demo/sdk/nakama-js.mjs"); w.Code != 200 || w.Header().Get("Content-Type") != "text/javascript; charset=utf-8" {
		t.Errorf("SDK = %d %s", w.Code, w.Header().Get("Content-Type"))
	}
}

func TestPage_Policy(t *testing.T) {
	const head, tail = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https:", "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	for _, c := range []struct{ server, games, host, want string }{
		{"", "", "127.0.0.1:7350", head + "; connect-src 'self' ws://127.0.0.1:7350 wss://127.0.0.1:7350" + tail},
		{"", "192.0.2.1", "127.0.0.1:7350", head + "; connect-src 'self' ws://127.0.0.1:7350 wss://127.0.0.1:7350 http://192.0.2.1:*" + tail},
		{"", "2001:db8::1", "127.0.0.1:7350", head + "; connect-src 'self' ws://127.0.0.1:7350 wss://127.0.0.1:7350 http:" + tail},
		{"", "::1", "[::1]:7350", head + "; connect-src 'self' http:" + tail},
		{"http://127.0.0.1:17350", "", "127.0.0.1:1", head + " http://127.0.0.1:17350; connect-src 'self' http://127.0.0.1:17350 ws://127.0.0.1:17350 wss://127.0.0.1:17350" + tail},
		{"", "", "evil; script-src *", head + "; connect-src 'self'" + tail},
	} {
		h := serve(t, demo.Options{Server: c.server, GameHost: c.games, SDKDir: t.TempDir()})
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host = c.host
		h.ServeHTTP(w, r)
		if got := w.Header().Get("Content-Security-Policy"); got != c.want {
			t.Errorf("policy for server %q, host %q:\n got %s\nwant %s", c.server, c.host, got, c.want)
		}
	}
}

func TestPaths(t *testing.T) {
	h := serve(t, demo.Options{SDKDir: sdkFolder(t)})
	for _, path := range []string{"/nothing", "/demo/", "/demo/index.html", "/demo/nothing.js", "/demo/..%2fdemo.go", "/demo/sdk/other.mjs", "/demo/static/app.js", "/v2/account"} {
		if w := get(h, path); w.Code != 404 {
			t.Errorf("%s = %d; want 404", path, w.Code)
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", nil))
	if w.Code != 405 {
		t.Errorf("POST / = %d; want 405", w.Code)
	}
	page := get(h, "/")
	again := httptest.NewRequest(http.MethodGet, "/", nil)
	again.Host = "127.0.0.1:7350"
	again.Header.Set("If-None-Match", page.Header().Get("ETag"))
	w = httptest.NewRecorder()
	h.ServeHTTP(w, again)
	if w.Code != 304 || w.Header().Get("Content-Security-Policy") == "" {
		t.Errorf("the page asked again = %d; want 304", w.Code)
	}
}

var (
	moduleImport = regexp.MustCompile(`(?m)^import .* from '\./([a-z]+\.js)'`)
	usedID       = regexp.MustCompile(`(?:byId|show|text)\('([a-z-]+)'`)
	pageID       = regexp.MustCompile(`\sid="([a-z-]+)"`)
	testID       = regexp.MustCompile(`data-testid="([a-z-]+)"`)
)

func files(t *testing.T, pattern string) map[string]string {
	t.Helper()
	found := map[string]string{}
	names, err := fs.Glob(os.DirFS("static"), pattern)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		body, err := os.ReadFile(filepath.Join("static", name))
		if err != nil {
			t.Fatal(err)
		}
		found[name] = string(body)
	}
	return found
}

// The page, its scripts and the handler agree: every file is served, every ID that a script uses
// is on the page, and no test ID is on the page twice.
func TestFiles_FitTogether(t *testing.T) {
	h := serve(t, demo.Options{SDKDir: sdkFolder(t)})
	body := get(h, "/").Body.String()
	ids := map[string]bool{}
	for _, m := range pageID.FindAllStringSubmatch(body, -1) {
		if ids[m[1]] {
			t.Errorf("the page has the id %q twice", m[1])
		}
		ids[m[1]] = true
	}
	seen := map[string]bool{}
	for _, m := range testID.FindAllStringSubmatch(body, -1) {
		if seen[m[1]] {
			t.Errorf("the page has the test id %q twice", m[1])
		}
		seen[m[1]] = true
	}
	scripts := files(t, "*.js")
	for name, script := range scripts {
		if w := get(h, "/demo/"+name); w.Code != 200 || w.Body.String() != script || w.Header().Get("Content-Type") != "text/javascript; charset=utf-8" {
			t.Errorf("/demo/%s = %d, %d bytes", name, w.Code, w.Body.Len())
		}
		for _, m := range moduleImport.FindAllStringSubmatch(script, -1) {
			if scripts[m[1]] == "" {
				t.Errorf("%s imports %s, which is not there", name, m[1])
			}
		}
		for _, m := range usedID.FindAllStringSubmatch(script, -1) {
			if !ids[m[1]] {
				t.Errorf("%s looks for the id %q, which is not on the page", name, m[1])
			}
		}
		// Scripts may set players' texts as text only.
		for _, none := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", ".style.", "https://"} {
			if strings.Contains(script, none) {
				t.Errorf("%s contains %q", name, none)
			}
		}
	}
	for _, none := range []string{" style=", " onclick=", "javascript:", "https://"} {
		if strings.Contains(body, none) {
			t.Errorf("the page contains %q", none)
		}
	}
}

// The SDK is the stock one in one exact version, and the lock file names no registry.
func TestPackage_Pinned(t *testing.T) {
	var pkg struct{ Dependencies map[string]string }
	body, err := os.ReadFile("package.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(body, &pkg); err != nil {
		t.Fatal(err)
	}
	if len(pkg.Dependencies) != 1 || pkg.Dependencies["@heroiclabs/nakama-js"] != "2.8.0" {
		t.Errorf("package.json depends on %v; want @heroiclabs/nakama-js 2.8.0 alone", pkg.Dependencies)
	}
	lock, err := os.ReadFile("package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(lock), "://") || !strings.Contains(string(lock), `"integrity"`) {
		t.Error("package-lock.json names a registry, or has no checksums")
	}
	rc, err := os.ReadFile(".npmrc")
	if err != nil || !slices.Contains(strings.Split(string(rc), "\n"), "ignore-scripts=true") {
		t.Errorf(".npmrc: %v, or it lets packages run scripts", err)
	}
}
