package wiring

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/hooks"
	"partyline/matchmaking"
	"partyline/party"
	"partyline/party/rules"
	"partyline/rpc"
)

// matchRegistrar is the part of the host's initializer that takes match handlers.
type matchRegistrar interface {
	RegisterMatch(name string, fn func(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule) (runtime.Match, error)) error
}

// addMatches makes what keeps parties' seats in matches, with its calls and hooks.
func (m *Module) addMatches() {
	m.calls = append(m.calls, rpc.Match(m.matches))
	m.hooks = append(m.hooks, hooks.Seats(m.matches))
}

// registerMatches gives the host the module's own match handler.
func (m *Module) registerMatches(host matchRegistrar) error {
	err := host.RegisterMatch(matchmaking.PartyMatch, func(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule) (runtime.Match, error) {
		return matchmaking.WithSeats(matchmaking.Relay()), nil
	})
	if err != nil {
		return fmt.Errorf("match %s: %w", matchmaking.PartyMatch, err)
	}
	return nil
}

// lockedInMatch refuses with PartyLocked while the party is in a match and the rules
// lock it for that time.
func (m *Module) lockedInMatch(policy func() rules.Config) func(context.Context, party.View) error {
	return func(ctx context.Context, v party.View) error {
		if !policy().Parties.Lock.InMatch {
			return nil
		}
		match, err := m.matches.Of(ctx, v.ID)
		if err != nil || match == "" {
			return err
		}
		return party.Refuse(party.PartyLocked, "This party is in a match.")
	}
}
