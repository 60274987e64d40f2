// Command empty is a module whose hooks and matches do nothing. It shows the host's own cost of the
// hooks and matches that Partyline has. `make bench-host` builds it for the server.
package main

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"
)

// match is a match that nobody joins.
type match struct{}

func (match) MatchInit(_ context.Context, _ runtime.Logger, _ *sql.DB, _ runtime.NakamaModule, params map[string]any) (any, int, string) {
	return match{}, params["tick"].(int), ""
}

func (match) MatchJoinAttempt(_ context.Context, _ runtime.Logger, _ *sql.DB, _ runtime.NakamaModule, _ runtime.MatchDispatcher, _ int64, state any, _ runtime.Presence, _ map[string]string) (any, bool, string) {
	return state, false, ""
}

func (match) MatchJoin(_ context.Context, _ runtime.Logger, _ *sql.DB, _ runtime.NakamaModule, _ runtime.MatchDispatcher, _ int64, state any, _ []runtime.Presence) any {
	return state
}

func (match) MatchLeave(_ context.Context, _ runtime.Logger, _ *sql.DB, _ runtime.NakamaModule, _ runtime.MatchDispatcher, _ int64, state any, _ []runtime.Presence) any {
	return state
}

func (match) MatchLoop(_ context.Context, _ runtime.Logger, _ *sql.DB, _ runtime.NakamaModule, _ runtime.MatchDispatcher, _ int64, state any, _ []runtime.MatchData) any {
	return state
}

func (match) MatchTerminate(_ context.Context, _ runtime.Logger, _ *sql.DB, _ runtime.NakamaModule, _ runtime.MatchDispatcher, _ int64, state any, _ int) any {
	return state
}

func (match) MatchSignal(_ context.Context, _ runtime.Logger, _ *sql.DB, _ runtime.NakamaModule, _ runtime.MatchDispatcher, _ int64, state any, _ string) (any, string) {
	return state, ""
}

// matches creates matches. The payload has their number and their ticks per second.
func matches(ctx context.Context, _ runtime.Logger, _ *sql.DB, nk runtime.NakamaModule, payload string) (string, error) {
	var count, tick int
	if _, err := fmt.Sscan(payload, &count, &tick); err != nil {
		return "", err
	}
	for range count {
		if _, err := nk.MatchCreate(ctx, "match", map[string]any{"tick": tick}); err != nil {
			return "", err
		}
	}
	return "", nil
}

// InitModule registers everything.
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
	if err := init.RegisterMatch("match", func(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule) (runtime.Match, error) {
		return match{}, nil
	}); err != nil {
		return err
	}
	if err := init.RegisterRpc("matches", matches); err != nil {
		return err
	}
	return init.RegisterBeforeRt("PartyDataSend", before)
}

func main() {}
