// Command module is the plugin's entry: the host opens the shared object and calls [InitModule]. Everything else is
// in module/wiring, which tests and the embedded engine also call.
package main

import (
	"context"
	"database/sql"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/module/wiring"
)

// InitModule registers the module with the host. After an error the host does not start.
func InitModule(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, initializer runtime.Initializer) error {
	return wiring.Register(ctx, logger, db, nk, initializer)
}

// main is never called: the module is built with -buildmode=plugin.
func main() {}
