// Command empty is a module whose hooks do nothing: what the host itself pays for having the
// hooks that Partyline has. `make bench-host` builds it for the server.
package main

import (
	"context"
	"database/sql"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"
)

// InitModule registers the hooks.
func InitModule(_ context.Context, _ runtime.Logger, _ *sql.DB, _ runtime.NakamaModule, init runtime.Initializer) error {
	before := func(_ context.Context, _ runtime.Logger, _ *sql.DB, _ runtime.NakamaModule, in *rtapi.Envelope) (*rtapi.Envelope, error) {
		return in, nil
	}
	after := func(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule, *rtapi.Envelope, *rtapi.Envelope) error {
		return nil
	}
	for _, message := range []string{"PartyCreate", "PartyJoin", "PartyLeave", "PartyClose"} {
		if err := init.RegisterBeforeRt(message, before); err != nil {
			return err
		}
		if err := init.RegisterAfterRt(message, after); err != nil {
			return err
		}
	}
	if err := init.RegisterEventSessionStart(func(context.Context, runtime.Logger, *api.Event) {}); err != nil {
		return err
	}
	if err := init.RegisterEventSessionEnd(func(context.Context, runtime.Logger, *api.Event) {}); err != nil {
		return err
	}
	return init.RegisterBeforeRt("PartyDataSend", before)
}

func main() {}
