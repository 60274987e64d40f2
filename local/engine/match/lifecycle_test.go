package match_test

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"partyline/local/engine/match"
	"partyline/local/engine/presence"

	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"
)

func TestAuthoritative_Ends(t *testing.T) {
	triggers := map[string]func(w *world, id string, a *socket){
		"loop":      func(w *world, id string, a *socket) { w.tick(1, 1) },
		"join":      func(w *world, id string, a *socket) { w.join(w.player("b"), id) },
		"attempt":   func(w *world, id string, a *socket) { w.join(w.player("b"), id) },
		"leave":     func(w *world, id string, a *socket) { w.tracker.Untrack(a.id, streamOf(id)) },
		"signal":    func(w *world, id string, a *socket) { _, _ = w.Signal(w.Context(), id, "x") },
		"terminate": func(w *world, id string, a *socket) { _ = w.Shutdown(w.Context(), time.Minute) },
	}
	for function, trigger := range triggers {
		for _, how := range []string{"nil", "panic"} {
			t.Run(function+"/"+how, func(t *testing.T) {
				inWorld(t, nil, func(w *world) {
					s := &script{}
					id, other := w.create(s), w.create(&script{after: func(f string, _ context.Context, _ runtime.MatchDispatcher) any {
						if f == "terminate" {
							return nil
						}
						return state{}
					}})
					a := w.player("a")
					w.join(a, id)
					s.after = func(f string, _ context.Context, d runtime.MatchDispatcher) any {
						if f != function {
							return state{}
						}
						_ = d.BroadcastMessageDeferred(9, []byte("bye"), nil, nil, true)
						if how == "panic" {
							panic("kaboom")
						}
						return nil
					}
					w.routed()
					trigger(w, id, a)
					w.settle()

					if m, err := w.Get(w.Context(), id); m != nil || err != nil {
						t.Errorf("the match is still there: %v, %v", m, err)
					}
					if n := w.tracker.Count(streamOf(id)); n != 0 {
						t.Errorf("%d sessions on its stream", n)
					}
					if m, _ := w.Get(w.Context(), other); m == nil && function != "terminate" {
						t.Error("another match ended too")
					}
					wantEqual(t, "join", w.join(w.player("c"), id), errorReply("1", rtapi.Error_MATCH_NOT_FOUND, "Match not found"))
					var farewell []string
					if function != "leave" {
						farewell = []string{"a <- : 9 bye"}
					}
					if function == "join" {
						farewell = []string{"a+b <- : 9 bye"}
					}
					if got := w.routed(); !slices.Equal(got, farewell) {
						t.Errorf("routed %q; want %q", got, farewell)
					}
					if panicked := strings.Contains(w.log.text(), "kaboom") && strings.Contains(w.log.text(), "script_test.go"); panicked != (how == "panic") {
						t.Errorf("logged %q", w.log.text())
					}
					if disconnected := slices.Contains(w.disconnected, "a"); disconnected != (how == "panic" && function != "leave") {
						t.Errorf("disconnected %q", w.disconnected)
					}
				})
			})
		}
	}
}

func TestAuthoritative_CannotKeepUp(t *testing.T) {
	inWorld(t, func(o *match.Options) { o.CallQueue = 2 }, func(w *world) {
		release := make(chan struct{})
		s := &script{signal: func(string) string { <-release; return "" }}
		id := w.create(s)
		a := w.player("a")
		w.join(a, id)
		go func() { _, _ = w.Signal(w.Context(), id, "stall") }()
		w.settle()
		for range 3 { // fills the call queue
			z := w.player("z")
			w.tracker.Track(presence.ID{Node: node, SessionID: z.id}, z.user, streamOf(id), presence.Meta{})
			w.tracker.Untrack(z.id, streamOf(id))
		}
		close(release)
		w.settle()
		if m, _ := w.Get(w.Context(), id); m != nil {
			t.Error("the match goes on")
		}
		if !slices.Equal(w.disconnected, []string{"a"}) {
			t.Errorf("disconnected %q", w.disconnected)
		}
	})
}

func TestAuthoritative_EmptyTooLong(t *testing.T) {
	inWorld(t, func(o *match.Options) { o.MaxEmpty = 3 * time.Second }, func(w *world) {
		id := w.create(&script{rate: 2})
		gone := func() bool { m, _ := w.Get(w.Context(), id); return m == nil }
		a := w.player("a")
		w.tick(2, 5)
		w.join(a, id)
		w.tick(2, 20)
		w.tracker.Untrack(a.id, streamOf(id))
		w.tick(2, 5)
		if gone() {
			t.Fatal("ended before it was empty for 3 s in a row")
		}
		w.tick(2, 1)
		if !gone() {
			t.Error("goes on without players")
		}
	})
}

func TestCreate(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		boom := func() { panic("kaboom") }
		inits := map[string]struct {
			init func(context.Context, map[string]any) (any, int, string)
			want string
		}{
			"no_state":   {func(context.Context, map[string]any) (any, int, string) { return nil, 1, "" }, "error creating match: Match initial state must not be nil"},
			"rate_0":     {func(context.Context, map[string]any) (any, int, string) { return state{}, 0, "" }, "error creating match: MatchInit returned invalid tick rate, must be between 1 and 60"},
			"rate_61":    {func(context.Context, map[string]any) (any, int, string) { return state{}, 61, "" }, "error creating match: MatchInit returned invalid tick rate, must be between 1 and 60"},
			"long_label": {func(context.Context, map[string]any) (any, int, string) { return state{}, 1, strings.Repeat("x", 2049) }, "error creating match: MatchInit returned invalid label, must be 2048 bytes or less"},
			"panic":      {func(context.Context, map[string]any) (any, int, string) { boom(); return nil, 0, "" }, "kaboom"},
		}
		for name, c := range inits {
			w.Register(name, func(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule) (runtime.Match, error) {
				return &script{init: c.init}, nil
			})
			if id, err := w.Create(w.Context(), name, nil); id != "" || err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: Create = %q, %v; want %q", name, id, err, c.want)
			}
		}
		creators := map[string]struct {
			create match.Creator
			want   string
		}{
			"error": {func(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule) (runtime.Match, error) {
				return nil, errors.New("no room")
			}, "no room"},
			"nil": {func(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule) (runtime.Match, error) {
				return nil, nil
			}, "error creating match: not found"},
			"creator_panic": {func(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule) (runtime.Match, error) {
				boom()
				return nil, nil
			}, "kaboom"},
		}
		for name, c := range creators {
			w.Register(name, c.create)
			if id, err := w.Create(w.Context(), name, nil); id != "" || err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: Create = %q, %v; want %q", name, id, err, c.want)
			}
		}
		if _, err := w.Create(w.Context(), "unheard of", nil); err == nil || err.Error() != "error creating match: not found" {
			t.Errorf("unknown kind: %v", err)
		}
		if w.Count() != 0 {
			t.Errorf("%d matches run", w.Count())
		}
		if got := w.Names(); len(got) != len(inits)+len(creators) || !slices.IsSorted(got) {
			t.Errorf("Names = %q", got)
		}
	})
}

func TestCreate_Params(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		var got map[string]any
		w.Register("match", func(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule) (runtime.Match, error) {
			return &script{init: func(ctx context.Context, params map[string]any) (any, int, string) {
				if ctx.Value(runtime.RUNTIME_CTX_MODE) != "match" || ctx.Value(runtime.RUNTIME_CTX_MATCH_ID) == nil {
					t.Errorf("context %v", ctx)
				}
				got = params
				return state{}, 1, ""
			}}, nil
		})
		given := map[string]any{"n": 1, "nested": map[string]any{"list": []any{"x", 2.5}}, "who": []runtime.Presence{&match.Presence{Username: "a"}}}
		if _, err := w.Create(w.Context(), "match", given); err != nil {
			t.Fatal(err)
		}
		given["nested"].(map[string]any)["list"].([]any)[0] = "changed"
		if got["n"] != 1 || got["nested"].(map[string]any)["list"].([]any)[0] != "x" || got["who"].([]runtime.Presence)[0].GetUsername() != "a" {
			t.Errorf("params %v", got)
		}
		if _, err := w.Create(w.Context(), "match", map[string]any{"f": func() {}}); !errors.Is(err, runtime.ErrCannotEncodeParams) {
			t.Errorf("a function as parameter: %v", err)
		}
		if _, err := w.Create(w.Context(), "match", nil); err != nil || got == nil {
			t.Errorf("no params: %v, %v", got, err)
		}
	})
}

func TestShutdown(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		polite := &script{after: func(f string, _ context.Context, _ runtime.MatchDispatcher) any {
			if f == "terminate" {
				return nil
			}
			return state{}
		}}
		stubborn := &script{}
		w.create(polite)
		w.create(stubborn)
		began := time.Now()
		if err := w.Shutdown(w.Context(), 2500*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(began); waited != 2500*time.Millisecond {
			t.Errorf("waited %v; want all of the grace for the stubborn one", waited)
		}
		wantCalls(t, polite, "terminate 3")
		wantCalls(t, stubborn, "terminate 3")
		if w.Count() != 0 {
			t.Errorf("%d matches left", w.Count())
		}
		w.Register("late", func(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule) (runtime.Match, error) {
			return &script{}, nil
		})
		if _, err := w.Create(w.Context(), "late", nil); err == nil || err.Error() != "error creating match: shutdown in progress" {
			t.Errorf("Create after Shutdown: %v", err)
		}
		if _, err := w.List(w.Context(), match.Filter{Limit: 1}); err == nil {
			t.Error("List after Shutdown: no error")
		}
	})
}

func TestShutdown_AtOnce(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		s := &script{}
		w.create(s)
		if err := w.Shutdown(w.Context(), 0); err != nil {
			t.Fatal(err)
		}
		wantCalls(t, s) // without grace there is no MatchTerminate
	})
}

// A match that hangs cannot be ended from outside, but Shutdown must not hang too.
func TestShutdown_HangingMatch(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		release := make(chan struct{})
		id := w.create(&script{signal: func(string) string { <-release; return "" }})
		go func() { _, _ = w.Signal(w.Context(), id, "hang") }()
		w.settle()
		ctx, cancel := context.WithTimeout(w.Context(), time.Minute)
		defer cancel()
		if err := w.Shutdown(ctx, 0); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Shutdown = %v", err)
		}
		close(release)
	})
}
