package matchmaking

import (
	"cmp"
	"context"
	"database/sql"
	"slices"

	"github.com/heroiclabs/nakama-common/runtime"
)

// relayRate is the default ticks per second of a relay: data waits 50 ms at most.
const relayRate = 20

// Relay is a match handler that sends every message to the other players, as the host's relayed matches do. It
// drops messages with negative op codes, which only the server uses. Behind [WithSeats] it is the match named
// [PartyMatchName].
func Relay() runtime.Match { return relay{} }

type relay struct{}

// players is the state of a relay: its players in the order they came.
type players []runtime.Presence

func (relay) MatchInit(_ context.Context, _ runtime.Logger, _ *sql.DB, _ runtime.NakamaModule, params map[string]any) (any, int, string) {
	rate, _ := params[paramTick].(int)
	return players{}, cmp.Or(rate, relayRate), ""
}

func (relay) MatchJoinAttempt(_ context.Context, _ runtime.Logger, _ *sql.DB, _ runtime.NakamaModule, _ runtime.MatchDispatcher, _ int64, state any, _ runtime.Presence, _ map[string]string) (any, bool, string) {
	return state, true, ""
}

func (relay) MatchJoin(_ context.Context, _ runtime.Logger, _ *sql.DB, _ runtime.NakamaModule, _ runtime.MatchDispatcher, _ int64, state any, joined []runtime.Presence) any {
	return append(state.(players), joined...)
}

func (relay) MatchLeave(_ context.Context, _ runtime.Logger, _ *sql.DB, _ runtime.NakamaModule, _ runtime.MatchDispatcher, _ int64, state any, left []runtime.Presence) any {
	return slices.DeleteFunc(state.(players), func(p runtime.Presence) bool {
		return slices.ContainsFunc(left, func(l runtime.Presence) bool { return l.GetSessionId() == p.GetSessionId() })
	})
}

func (relay) MatchLoop(_ context.Context, logger runtime.Logger, _ *sql.DB, _ runtime.NakamaModule, d runtime.MatchDispatcher, _ int64, state any, messages []runtime.MatchData) any {
	all := state.(players)
	for _, message := range messages {
		if message.GetOpCode() < 0 {
			continue
		}
		others := slices.DeleteFunc(slices.Clone(all), func(p runtime.Presence) bool { return p.GetSessionId() == message.GetSessionId() })
		if err := d.BroadcastMessage(message.GetOpCode(), message.GetData(), others, message, message.GetReliable()); err != nil {
			logger.Warn("match data not passed on error=%v", err)
		}
	}
	return state
}

// MatchTerminate lets the players continue until the server stops.
func (relay) MatchTerminate(_ context.Context, _ runtime.Logger, _ *sql.DB, _ runtime.NakamaModule, _ runtime.MatchDispatcher, _ int64, state any, _ int) any {
	return state
}

func (relay) MatchSignal(_ context.Context, _ runtime.Logger, _ *sql.DB, _ runtime.NakamaModule, _ runtime.MatchDispatcher, _ int64, state any, _ string) (any, string) {
	return state, ""
}
