package matchmaking_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/matchmaking"
	"partyline/matchmaking/seats"
)

// scriptedHandler is a handler that records its calls and does what the test says.
type scriptedHandler struct {
	runtime.Match // other methods are the relay's
	calls         []string
	attempt       func(ctx context.Context, p runtime.Presence) (allow bool, reason string)
	before        func(call string, d runtime.MatchDispatcher) // may panic
	label         string
	end           bool // the next loop ends the match
}

func newScriptedHandler() *scriptedHandler { return &scriptedHandler{Match: matchmaking.Relay()} }

func (s *scriptedHandler) note(call string, d runtime.MatchDispatcher, ps ...runtime.Presence) {
	for _, p := range ps {
		call += " " + p.GetSessionId()
	}
	s.calls = append(s.calls, call)
	if s.before != nil {
		s.before(strings.Fields(call)[0], d)
	}
}

// seen returns the calls since the last time, without ticks.
func (s *scriptedHandler) seen() []string {
	calls := slices.DeleteFunc(s.calls, func(c string) bool { return c == "loop" })
	s.calls = nil
	return calls
}

func (s *scriptedHandler) MatchInit(ctx context.Context, l runtime.Logger, db *sql.DB, nk runtime.NakamaModule, params map[string]any) (any, int, string) {
	s.note("init", nil)
	state, rate, _ := s.Match.MatchInit(ctx, l, db, nk, params)
	return state, rate, s.label
}

func (s *scriptedHandler) MatchJoinAttempt(ctx context.Context, _ runtime.Logger, _ *sql.DB, _ runtime.NakamaModule, d runtime.MatchDispatcher, _ int64, state any, p runtime.Presence, _ map[string]string) (any, bool, string) {
	s.note("attempt", d, p)
	if s.attempt == nil {
		return state, true, ""
	}
	allow, reason := s.attempt(ctx, p)
	return state, allow, reason
}

func (s *scriptedHandler) MatchJoin(ctx context.Context, l runtime.Logger, db *sql.DB, nk runtime.NakamaModule, d runtime.MatchDispatcher, tick int64, state any, ps []runtime.Presence) any {
	s.note("join", d, ps...)
	return s.Match.MatchJoin(ctx, l, db, nk, d, tick, state, ps)
}

func (s *scriptedHandler) MatchLeave(ctx context.Context, l runtime.Logger, db *sql.DB, nk runtime.NakamaModule, d runtime.MatchDispatcher, tick int64, state any, ps []runtime.Presence) any {
	s.note("leave", d, ps...)
	return s.Match.MatchLeave(ctx, l, db, nk, d, tick, state, ps)
}

func (s *scriptedHandler) MatchLoop(ctx context.Context, l runtime.Logger, db *sql.DB, nk runtime.NakamaModule, d runtime.MatchDispatcher, tick int64, state any, ms []runtime.MatchData) any {
	s.note("loop", d)
	if s.end {
		return nil
	}
	return s.Match.MatchLoop(ctx, l, db, nk, d, tick, state, ms)
}

func (s *scriptedHandler) MatchTerminate(_ context.Context, _ runtime.Logger, _ *sql.DB, _ runtime.NakamaModule, d runtime.MatchDispatcher, _ int64, state any, seconds int) any {
	s.note(fmt.Sprintf("terminate:%d", seconds), d)
	return state
}

func (s *scriptedHandler) MatchSignal(_ context.Context, _ runtime.Logger, _ *sql.DB, _ runtime.NakamaModule, d runtime.MatchDispatcher, _ int64, state any, data string) (any, string) {
	s.note("signal:"+data, d)
	return state, "handler heard " + data
}

func claim(partyID string, team int, users ...string) seats.Claim {
	return seats.Claim{PartyID: partyID, Team: team, UserIDs: users}
}

func wantLines(t testing.TB, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s = %q\nwant %q", what, got, want)
	}
}

// endsAtOnce is a handler whose match ends at once: its MatchInit returns no state.
type endsAtOnce struct{ runtime.Match }

func (endsAtOnce) MatchInit(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule, map[string]any) (any, int, string) {
	return nil, 1, ""
}
