package playground_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"partyline/local/playground"
)

func TestHandler(t *testing.T) {
	dir := t.TempDir()
	get := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		playground.Handler(dir).ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w
	}
	if w := get("/"); w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "make playground") {
		t.Errorf("without a build: %d %s", w.Code, w.Body)
	}
	for name, text := range map[string]string{"partyline.wasm": "\x00asm", "index.html": "<h1>"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if w := get("/"); w.Code != http.StatusOK || w.Body.String() != "<h1>" {
		t.Errorf("the page: %d %s", w.Code, w.Body)
	}
	if w := get("/partyline.wasm"); w.Header().Get("Content-Type") != "application/wasm" {
		t.Errorf("a browser takes no WebAssembly as %q", w.Header().Get("Content-Type"))
	}
	if w := get("/../secret"); w.Code == http.StatusOK {
		t.Error("a file outside of the folder is served")
	}
}
