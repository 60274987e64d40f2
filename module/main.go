// Command module is the plugin's entry: the host opens the shared object and calls [InitModule]. Everything else is
// in module/wiring, which tests and the embedded engine also call.
package main

import (
	"context"
	"database/sql"
	"errors"
	"sync/atomic"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/module/wiring"
)

// initialized is shared by all names of one plugin's file: Go loads the file once.
var initialized atomic.Bool

// InitModule registers the module with the host. It refuses a second call: the host makes one for each name that the
// plugin's file has below runtime.path. After an error the host does not start.
func InitModule(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, initializer runtime.Initializer) error {
	if initialized.Swap(true) {
		return errors.New("partyline: the plugin is twice below runtime.path, once by a link; remove one of the two names")
	}
	return wiring.Register(ctx, logger, db, nk, initializer)
}

// main is never called: the module is built with -buildmode=plugin.
func main() {}
