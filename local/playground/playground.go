// Package playground serves the page where designers write and try rules without a server. The
// checker, explainer, cases, diff and simulator run in the browser, as WebAssembly that `make
// playground` builds. A rules file never leaves the page. The handler keeps no state and is safe
// for concurrent use.
package playground

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
)

// DefaultDir is where make puts the page, relative to the root of the repository.
const DefaultDir = "build/playground"

// ErrNotBuilt says that the folder contains no page.
var ErrNotBuilt = errors.New("the playground is not built: run make playground")

// Built returns [ErrNotBuilt] if dir contains no page.
func Built(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, "partyline.wasm")); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w (%s)", ErrNotBuilt, dir)
	} else if err != nil {
		return err
	}
	return nil
}

// Handler serves the files of dir. If the page is not built, it says how to build it.
func Handler(dir string) http.Handler {
	files := http.FileServer(http.Dir(dir))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := Built(dir); err != nil {
			http.Error(w, ErrNotBuilt.Error(), http.StatusNotFound)
			return
		}
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		files.ServeHTTP(w, r)
	})
}
