// Command game is a game's own module with a match handler that has seats.
package main

import (
	"context"
	"database/sql"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/matchmaking"
)

// arena scores by team. It embeds the relay for what it does not care about.
type arena struct{ runtime.Match }

type score struct {
	players any         // the relay's own state
	points  map[int]int // by team
}

func (a arena) MatchInit(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, params map[string]any) (any, int, string) {
	players, rate, _ := a.Match.MatchInit(ctx, logger, db, nk, params)
	return &score{players: players, points: map[int]int{}}, rate, `{"mode":"ctf"}` // beside the label of the seats
}

func (a arena) MatchJoinAttempt(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, d runtime.MatchDispatcher, tick int64, state any, p runtime.Presence, metadata map[string]string) (any, bool, string) {
	if metadata["build"] != "7" {
		return state, false, "Please update the game." // the seat is held as before
	}
	return state, true, ""
}

func (a arena) MatchJoin(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, d runtime.MatchDispatcher, tick int64, state any, joined []runtime.Presence) any {
	s := state.(*score)
	s.players = a.Match.MatchJoin(ctx, logger, db, nk, d, tick, s.players, joined)
	return s
}

func (a arena) MatchLeave(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, d runtime.MatchDispatcher, tick int64, state any, left []runtime.Presence) any {
	s := state.(*score)
	s.players = a.Match.MatchLeave(ctx, logger, db, nk, d, tick, s.players, left)
	return s
}

func (a arena) MatchLoop(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, d runtime.MatchDispatcher, tick int64, state any, messages []runtime.MatchData) any {
	s := state.(*score)
	for _, m := range messages {
		if seat, ok := matchmaking.SeatOf(ctx, m.GetUserId()); ok && m.GetOpCode() == 1 {
			s.points[seat.Team]++
		}
	}
	s.players = a.Match.MatchLoop(ctx, logger, db, nk, d, tick, s.players, messages)
	return s
}

func InitModule(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, initializer runtime.Initializer) error {
	return initializer.RegisterMatch("arena", func(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule) (runtime.Match, error) {
		return matchmaking.WithSeats(arena{matchmaking.Relay()}), nil
	})
}

func main() {}
