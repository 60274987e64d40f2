package match_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/heroiclabs/nakama-common/runtime"
)

var _ runtime.Match = (*script)(nil)

// script is a match that records its calls and does what a test sets. By default it accepts everybody and never ends.
// The hooks of a call run in the match's goroutine.
type script struct {
	rate  int // 0 means 1
	label string

	init    func(ctx context.Context, params map[string]any) (state any, rate int, label string)
	attempt func(ctx context.Context, p runtime.Presence, metadata map[string]string) (bool, string)
	// after runs in every function except MatchInit, with its name; nil ends the match.
	after  func(function string, ctx context.Context, d runtime.MatchDispatcher) (state any)
	signal func(data string) string

	mu    sync.Mutex
	calls []string
}

// state is a match state that is not nil.
type state struct{}

func (s *script) record(format string, v ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, fmt.Sprintf(format, v...))
}

// newCalls returns the calls since the last time, without calls that begin with one of the prefixes.
func (s *script) newCalls(without ...string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := slices.DeleteFunc(s.calls, func(call string) bool {
		return slices.ContainsFunc(without, func(p string) bool { return strings.HasPrefix(call, p) })
	})
	s.calls = nil
	return calls
}

func (s *script) end(function string, ctx context.Context, d runtime.MatchDispatcher) any {
	if s.after == nil {
		return state{}
	}
	return s.after(function, ctx, d)
}

func names(ps []runtime.Presence) string {
	var all []string
	for _, p := range ps {
		all = append(all, p.GetUsername())
	}
	return strings.Join(all, "+")
}

func (s *script) MatchInit(ctx context.Context, _ runtime.Logger, _ *sql.DB, _ runtime.NakamaModule, params map[string]any) (any, int, string) {
	if s.init != nil {
		return s.init(ctx, params)
	}
	return state{}, max(s.rate, 1), s.label
}

func (s *script) MatchJoinAttempt(ctx context.Context, _ runtime.Logger, _ *sql.DB, _ runtime.NakamaModule, d runtime.MatchDispatcher, tick int64, _ any, p runtime.Presence, metadata map[string]string) (any, bool, string) {
	s.record("attempt %s", p.GetUsername())
	allow, reason := true, ""
	if s.attempt != nil {
		allow, reason = s.attempt(ctx, p, metadata)
	}
	return s.end("attempt", ctx, d), allow, reason
}

func (s *script) MatchJoin(ctx context.Context, _ runtime.Logger, _ *sql.DB, _ runtime.NakamaModule, d runtime.MatchDispatcher, tick int64, _ any, ps []runtime.Presence) any {
	s.record("join %s", names(ps))
	return s.end("join", ctx, d)
}

func (s *script) MatchLeave(ctx context.Context, _ runtime.Logger, _ *sql.DB, _ runtime.NakamaModule, d runtime.MatchDispatcher, tick int64, _ any, ps []runtime.Presence) any {
	s.record("leave %s", names(ps))
	return s.end("leave", ctx, d)
}

func (s *script) MatchLoop(ctx context.Context, _ runtime.Logger, _ *sql.DB, _ runtime.NakamaModule, d runtime.MatchDispatcher, tick int64, _ any, messages []runtime.MatchData) any {
	var data []string
	for _, m := range messages {
		data = append(data, fmt.Sprintf(" %s:%d:%s", m.GetUsername(), m.GetOpCode(), m.GetData()))
	}
	s.record("loop %d%s", tick, strings.Join(data, ""))
	return s.end("loop", ctx, d)
}

func (s *script) MatchTerminate(ctx context.Context, _ runtime.Logger, _ *sql.DB, _ runtime.NakamaModule, d runtime.MatchDispatcher, tick int64, _ any, grace int) any {
	s.record("terminate %d", grace)
	return s.end("terminate", ctx, d)
}

func (s *script) MatchSignal(ctx context.Context, _ runtime.Logger, _ *sql.DB, _ runtime.NakamaModule, d runtime.MatchDispatcher, tick int64, _ any, data string) (any, string) {
	s.record("signal %s", data)
	answer := "answer to " + data
	if s.signal != nil {
		answer = s.signal(data)
	}
	return s.end("signal", ctx, d), answer
}

func endIt(string, context.Context, runtime.MatchDispatcher) any { return nil }

func relabelTo(label string) func(string, context.Context, runtime.MatchDispatcher) any {
	return func(_ string, _ context.Context, d runtime.MatchDispatcher) any {
		if err := d.MatchLabelUpdate(label); err != nil {
			return nil
		}
		return state{}
	}
}
