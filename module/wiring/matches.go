package wiring

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/hooks"
	"partyline/matchmaking"
	"partyline/party"
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
		return matchmaking.WithSeatsAt(matchmaking.Relay(), m.now), nil
	})
	if err != nil {
		return fmt.Errorf("match %s: %w", matchmaking.PartyMatch, err)
	}
	return nil
}

// progressTimeout bounds how long a player who tells of progress waits for the match.
const progressTimeout = 2 * time.Second

// progressed holds the seat of a friend whose progress moves longer.
func (m *Module) progressed(id party.ID, userID string) {
	ctx, cancel := context.WithTimeout(context.Background(), progressTimeout)
	defer cancel()
	if err := m.matches.Extend(ctx, id, userID); err != nil {
		m.logger.Warn("seat not held longer party=%s user=%s error=%v", id, userID, err)
	}
}
