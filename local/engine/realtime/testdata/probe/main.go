// Command probe is a module for a real server that the suites of package realtime run
// against. Build it as the server's own modules are built:
//
//	GOTOOLCHAIN=go1.26.5 go build -trimpath -buildmode=plugin -o probe.so ./local/engine/realtime/testdata/probe
package main

import (
	"context"
	"database/sql"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/local/engine/realtime/probe"
)

// InitModule registers the probe.
func InitModule(_ context.Context, _ runtime.Logger, _ *sql.DB, _ runtime.NakamaModule, init runtime.Initializer) error {
	return init.RegisterRpc(probe.ID, func(ctx context.Context, _ runtime.Logger, _ *sql.DB, nk runtime.NakamaModule, payload string) (string, error) {
		return probe.Call(ctx, nk, payload)
	})
}

func main() {}
