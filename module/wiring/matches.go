package wiring

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/internal/bounded"
	"partyline/matchmaking"
	"partyline/party"
	"partyline/rpc"
)

// matchRegistrar is the part of the host's initializer that takes match handlers.
type matchRegistrar interface {
	RegisterMatch(name string, fn func(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule) (runtime.Match, error)) error
}

// addMatches makes what keeps parties' seats in matches, with its calls and hooks.
func (m *Module) addMatches(news *party.News) {
	m.calls = slices.Concat(m.calls, rpc.Match(m.matches), rpc.Server(m.matches))
	news.Subscribe(m.seatsFollow)
}

// seatsFollow has the seats in a party's match follow the party: who has left it or was kicked
// loses the seat that is held, and all go with it to a new native party. A member who lost the connection
// keeps the seat for as long as it is held.
func (m *Module) seatsFollow(c party.Change) {
	ctx, cancel := bounded.Context(context.Background(), matchTimeout)
	defer cancel()
	switch {
	case c.Kind == party.PartyRestored:
		if err := m.matches.Moved(ctx, c.Was, c.ID); err != nil {
			m.logger.Warn("seats in match do not follow party=%s was=%s error=%v", c.ID, c.Was, err)
		}
	case c.Kind == party.MemberLeft && !c.Moved:
		if err := m.matches.Release(ctx, c.ID, c.Session.UserID); err != nil {
			m.logger.Warn("seat in match not released party=%s user=%s error=%v", c.ID, c.Session.UserID, err)
		}
	}
}

// registerMatches gives the host the module's own match handlers.
func (m *Module) registerMatches(host matchRegistrar) error {
	for name, made := range map[string]func() runtime.Match{
		matchmaking.PartyMatch: func() runtime.Match { return matchmaking.WithSeatsAt(matchmaking.Relay(), m.now) },
		matchmaking.SeatMatch:  func() runtime.Match { return matchmaking.WithServer(m.now, m.matches, m.passKeys[0]) },
	} {
		err := host.RegisterMatch(name, func(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule) (runtime.Match, error) {
			return made(), nil
		})
		if err != nil {
			return fmt.Errorf("match %s: %w", name, err)
		}
	}
	return nil
}

// matchTimeout bounds how long a message waits for a match.
const matchTimeout = 2 * time.Second

// progressed holds the seat of a friend whose progress moves longer.
func (m *Module) progressed(id party.ID, userID string) {
	ctx, cancel := context.WithTimeout(context.Background(), matchTimeout)
	defer cancel()
	if err := m.matches.Extend(ctx, id, userID); err != nil {
		m.logger.Warn("seat not held longer party=%s user=%s error=%v", id, userID, err)
	}
}
