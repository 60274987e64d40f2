// Command probe is a module for a real server. The suites of package realtime run against it; `make conformance`
// builds it for the server.
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
