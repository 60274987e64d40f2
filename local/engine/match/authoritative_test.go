package match_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"partyline/local/engine/match"
	"partyline/local/engine/presence"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

func errorReply(cid string, code rtapi.Error_Code, text string) *rtapi.Envelope {
	return &rtapi.Envelope{Cid: cid, Message: &rtapi.Envelope_Error{Error: &rtapi.Error{Code: int32(code), Message: text}}}
}

func matchReply(m *rtapi.Match) *rtapi.Envelope {
	return &rtapi.Envelope{Cid: "1", Message: &rtapi.Envelope_Match{Match: m}}
}

func wantEqual(t testing.TB, what string, got, want *rtapi.Envelope) {
	t.Helper()
	if !proto.Equal(got, want) {
		t.Errorf("%s:\n got %v\nwant %v", what, got, want)
	}
}

func wantCalls(t testing.TB, s *script, want ...string) {
	t.Helper()
	if got := s.newCalls("loop"); !slices.Equal(got, want) {
		t.Errorf("match calls %q; want %q", got, want)
	}
}

func streamOf(id string) presence.Stream {
	first, label, _ := strings.Cut(id, ".")
	return presence.Stream{Mode: presence.ModeMatchAuthoritative, Subject: uuid.MustParse(first), Label: label}
}

func TestAuthoritative_JoinLeave(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		s := &script{label: `{"mode":"duel"}`}
		id := w.create(s)
		a, b := w.player("a"), w.player("b")

		wantEqual(t, "first join", w.join(a, id), matchReply(&rtapi.Match{
			MatchId: id, Authoritative: true, Label: wrapperspb.String(`{"mode":"duel"}`), Self: a.wire(),
		}))
		wantEqual(t, "second join", w.join(b, id), matchReply(&rtapi.Match{
			MatchId: id, Authoritative: true, Label: wrapperspb.String(`{"mode":"duel"}`), Self: b.wire(),
			Size: 1, Presences: []*rtapi.UserPresence{a.wire()},
		}))
		wantCalls(t, s, "attempt a", "join a", "attempt b", "join b")

		// The match is not asked again about a player who is in. They see their own presence.
		wantEqual(t, "join again", w.join(a, id), matchReply(&rtapi.Match{
			MatchId: id, Authoritative: true, Label: wrapperspb.String(`{"mode":"duel"}`), Self: a.wire(),
			Size: 2, Presences: []*rtapi.UserPresence{a.wire(), b.wire()},
		}))
		wantCalls(t, s)

		leave := &rtapi.Envelope{Cid: "1", Message: &rtapi.Envelope_MatchLeave{MatchLeave: &rtapi.MatchLeave{MatchId: id}}}
		for range 2 { // a second leave is no error
			wantEqual(t, "leave", w.ask(a, w.HandleLeave, leave), &rtapi.Envelope{Cid: "1"})
		}
		w.tracker.end(b.id)
		w.settle()
		wantCalls(t, s, "leave a", "leave b")
		if m, err := w.Get(w.Context(), id); err != nil || m.Size != 0 {
			t.Errorf("Get = %v, %v; want an empty match", m, err)
		}
	})
}

func TestAuthoritative_JoinAttempt(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		var seen []any
		s := &script{attempt: func(ctx context.Context, p runtime.Presence, metadata map[string]string) (bool, string) {
			for _, key := range []string{runtime.RUNTIME_CTX_USER_ID, runtime.RUNTIME_CTX_USERNAME, runtime.RUNTIME_CTX_SESSION_ID,
				runtime.RUNTIME_CTX_USER_SESSION_EXP, runtime.RUNTIME_CTX_CLIENT_IP, runtime.RUNTIME_CTX_CLIENT_PORT,
				runtime.RUNTIME_CTX_MATCH_ID, runtime.RUNTIME_CTX_MATCH_NODE, runtime.RUNTIME_CTX_MATCH_LABEL, runtime.RUNTIME_CTX_MATCH_TICK_RATE, runtime.RUNTIME_CTX_MODE} {
				seen = append(seen, ctx.Value(key))
			}
			if vars := ctx.Value(runtime.RUNTIME_CTX_VARS).(map[string]string); vars["var"] != p.GetUsername() {
				t.Errorf("vars %v", vars)
			}
			if metadata["from"] != p.GetUsername() || p.GetNodeId() != node {
				t.Errorf("metadata %v, node %q", metadata, p.GetNodeId())
			}
			return false, map[string]string{"a": "too late"}[p.GetUsername()]
		}, rate: 5, label: "L"}
		id := w.create(s)
		a := w.player("a")
		wantEqual(t, "refused with a reason", w.join(a, id), errorReply("1", rtapi.Error_MATCH_JOIN_REJECTED, "too late"))
		want := []any{a.user.String(), "a", a.id.String(), int64(42), "10.0.0.1", "4242", id, node, "L", 5, "match"}
		if !slices.Equal(seen, want) {
			t.Errorf("context has %v; want %v", seen, want)
		}
		wantEqual(t, "refused without", w.join(w.player("b"), id), errorReply("1", rtapi.Error_MATCH_JOIN_REJECTED, "Match join rejected"))
		if n := w.tracker.Count(streamOf(id)); n != 0 {
			t.Errorf("%d sessions are on the stream of a match that refused them", n)
		}
		wantCalls(t, s, "attempt a", "attempt b")
	})
}

// If a match does not answer, nobody waits longer than the deadline. A session that ends meanwhile does not join.
func TestAuthoritative_SlowJoinAttempt(t *testing.T) {
	inWorld(t, func(o *match.Options) { o.JoinAttemptQueue, o.SignalQueue = 1, 1 }, func(w *world) {
		release := make(chan struct{})
		s := &script{signal: func(string) string { <-release; return "done" }}
		id := w.create(s)
		answered := make(chan error, 1)
		go func() { _, err := w.Signal(w.Context(), id, "stall"); answered <- err }()
		w.settle()

		began := time.Now()
		wantEqual(t, "no answer", w.join(w.player("a"), id), errorReply("1", rtapi.Error_MATCH_JOIN_REJECTED, "Match join rejected"))
		if waited := time.Since(began); waited != 10*time.Second {
			t.Errorf("waited %v; want 10 s", waited)
		}
		wantEqual(t, "full queue", w.join(w.player("b"), id), errorReply("1", rtapi.Error_MATCH_JOIN_REJECTED, "Match is not currently accepting join requests"))
		if err := <-answered; !errors.Is(err, runtime.ErrMatchBusy) {
			t.Errorf("signal that takes too long: %v", err)
		}
		ctx, cancel := context.WithCancel(w.Context())
		go func() { _, err := w.Signal(ctx, id, "waits"); answered <- err }()
		w.settle()
		if _, err := w.Signal(ctx, id, "one too many"); !errors.Is(err, runtime.ErrMatchBusy) {
			t.Errorf("signal into a full queue: %v", err)
		}
		cancel()
		if err := <-answered; !errors.Is(err, runtime.ErrMatchBusy) {
			t.Errorf("signal with its context done: %v", err)
		}
		close(release)
		w.settle()
		// The match gets the attempt of the open session in the end, but not the signal that was given up.
		wantCalls(t, s, "signal stall", "attempt a", "join a")
	})
}

func TestAuthoritative_AcceptedButNeverCame(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		s := &script{rate: 2}
		id := w.create(s)
		a, b := w.player("a"), w.player("b")
		w.tracker.end(a.id) // its socket has closed when the answer comes
		w.join(a, id)
		w.join(b, id)
		wantCalls(t, s, "attempt a", "join a", "attempt b", "join b")
		w.tick(2, 2*30) // ticks 0 to 59
		wantCalls(t, s)
		w.tick(2, 1) // tick 60 drops missing players
		wantCalls(t, s, "leave a")
		w.tick(2, 2*60)
		wantCalls(t, s)
		if m, _ := w.Get(w.Context(), id); m.GetSize() != 1 {
			t.Errorf("size %d; want b alone", m.GetSize())
		}
	})
}

// Sessions that a module puts on the stream are not players, because the match did not accept them.
func TestAuthoritative_OnTheStreamUnasked(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		s := &script{}
		id := w.create(s)
		z := w.player("z")
		w.tracker.Track(presence.ID{Node: node, SessionID: z.id}, z.user, streamOf(id), presence.Meta{Username: "z"})
		w.tracker.Untrack(z.id, streamOf(id))
		w.settle()
		wantCalls(t, s)
	})
}

func TestAuthoritative_Data(t *testing.T) {
	inWorld(t, func(o *match.Options) { o.InputQueue = 2 }, func(w *world) {
		s := &script{}
		id := w.create(s)
		a, z := w.player("a"), w.player("z")
		w.join(a, id)
		send := func(from *socket, id, data string) *rtapi.Envelope {
			return w.ask(from, w.HandleDataSend, &rtapi.Envelope{Cid: "1", Message: &rtapi.Envelope_MatchDataSend{
				MatchDataSend: &rtapi.MatchDataSend{MatchId: id, OpCode: 3, Data: []byte(data), Reliable: true},
			}})
		}
		for _, data := range []string{"one", "two", "dropped"} {
			if reply := send(a, id, data); reply != nil {
				t.Errorf("replied %v", reply)
			}
		}
		send(z, id, "stranger")
		wantEqual(t, "bad ID", send(a, "nonsense", ""), errorReply("", rtapi.Error_BAD_INPUT, "Invalid match ID"))
		w.tick(1, 2)
		if got, want := s.newCalls("attempt", "join"), []string{"loop 0 a:3:one a:3:two", "loop 1"}; !slices.Equal(got, want) {
			t.Errorf("match calls %q; want %q", got, want)
		}
		if !strings.Contains(w.log.text(), "dropped") {
			t.Errorf("logged %q", w.log.text())
		}
	})
}

func TestAuthoritative_Dispatcher(t *testing.T) {
	inWorld(t, func(o *match.Options) { o.DeferredQueue = 1 }, func(w *world) {
		s := &script{}
		id := w.create(s)
		a, b, z := w.player("a"), w.player("b"), w.player("z")
		w.join(a, id)
		w.join(b, id)
		as := func(p *socket) runtime.Presence {
			return &match.Presence{Node: node, UserID: p.user, SessionID: p.id, Username: p.name}
		}
		all := []runtime.Presence(nil)
		run := func(act func(d runtime.MatchDispatcher)) []string {
			s.after = func(function string, _ context.Context, d runtime.MatchDispatcher) any {
				if function == "loop" {
					act(d)
				}
				return state{}
			}
			w.routed()
			w.tick(1, 1)
			return w.routed()
		}
		expect := func(what string, want []string, act func(d runtime.MatchDispatcher)) {
			t.Helper()
			if got := run(act); !slices.Equal(got, want) {
				t.Errorf("%s: routed %q; want %q", what, got, want)
			}
		}
		okay := func(err error) {
			t.Helper()
			if err != nil {
				t.Error(err)
			}
		}
		fails := func(err error, want string) {
			t.Helper()
			if err == nil || err.Error() != want {
				t.Errorf("error %v; want %q", err, want)
			}
		}
		expect("to all", []string{"a+b <- : 1 x"}, func(d runtime.MatchDispatcher) { okay(d.BroadcastMessage(1, []byte("x"), all, nil, true)) })
		expect("to none", nil, func(d runtime.MatchDispatcher) {
			okay(d.BroadcastMessage(1, nil, []runtime.Presence{}, nil, true))
		})
		expect("to one, from another", []string{"b <- a: 2 y"}, func(d runtime.MatchDispatcher) {
			okay(d.BroadcastMessage(2, []byte("y"), []runtime.Presence{as(b)}, as(a), false))
		})
		expect("to a stranger beside", []string{"a <- : 2 "}, func(d runtime.MatchDispatcher) {
			okay(d.BroadcastMessage(2, nil, []runtime.Presence{as(z), as(a)}, nil, false))
		})
		expect("to a stranger", nil, func(d runtime.MatchDispatcher) {
			okay(d.BroadcastMessage(2, nil, []runtime.Presence{as(z)}, nil, false))
		})
		expect("deferred after direct", []string{"a+b <- : 2 direct", "a+b <- : 1 deferred"}, func(d runtime.MatchDispatcher) {
			buf := []byte("deferred")
			okay(d.BroadcastMessageDeferred(1, buf, all, nil, true))
			copy(buf, "REUSED__")
			okay(d.BroadcastMessage(2, []byte("direct"), all, nil, true))
			if err := d.BroadcastMessageDeferred(1, nil, all, nil, true); !errors.Is(err, runtime.ErrDeferredBroadcastFull) {
				t.Errorf("deferred beyond the queue: %v", err)
			}
		})
		bad := &match.Presence{}
		expect("malformed", nil, func(d runtime.MatchDispatcher) {
			fails(d.BroadcastMessage(1, nil, []runtime.Presence{nil}, nil, true), "Presence was nil")
			fails(d.BroadcastMessage(1, nil, []runtime.Presence{malformed{bad, "x", bad.GetUserId()}}, nil, true), "Presence contains an invalid Session ID")
			fails(d.BroadcastMessage(1, nil, all, malformed{bad, "x", bad.GetUserId()}, true), "Sender contains an invalid Session ID")
			fails(d.BroadcastMessage(1, nil, all, malformed{bad, bad.GetSessionId(), "x"}, true), "Sender contains an invalid User ID")
			fails(d.MatchKick([]runtime.Presence{as(a), malformed{bad, "x", bad.GetUserId()}}), "Presence contains an invalid Session ID")
			fails(d.MatchKick([]runtime.Presence{malformed{bad, bad.GetSessionId(), "x"}}), "Presence contains an invalid User ID")
			fails(d.MatchLabelUpdate(strings.Repeat("x", 2049)), "error updating match label: match label too long, must be 0-2048 bytes")
		})
		s.newCalls()
		run(func(d runtime.MatchDispatcher) {
			okay(d.MatchKick(nil))
			okay(d.MatchKick([]runtime.Presence{as(z), as(a)}))
			okay(d.MatchLabelUpdate("new"))
			s.after = nil
		})
		wantCalls(t, s, "leave a")
		if m, _ := w.Get(w.Context(), id); m.Label.Value != "new" || m.Size != 1 {
			t.Errorf("Get = %v", m)
		}
	})
}

// malformed is a presence with invalid IDs.
type malformed struct {
	runtime.Presence
	session, user string
}

func (m malformed) GetSessionId() string { return m.session }
func (m malformed) GetUserId() string    { return m.user }

func TestAuthoritative_Signal(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		id := w.create(&script{})
		if got, err := w.Signal(w.Context(), id, "ping"); got != "answer to ping" || err != nil {
			t.Errorf("Signal = %q, %v", got, err)
		}
		for bad, want := range map[string]error{
			"nonsense": runtime.ErrMatchIdInvalid, "nonsense.node": runtime.ErrMatchIdInvalid,
			uuid.NewString() + "." + node: runtime.ErrMatchNotFound, uuid.NewString() + ".": runtime.ErrMatchNotFound,
			strings.TrimSuffix(id, node) + "elsewhere": runtime.ErrMatchNotFound,
		} {
			if _, err := w.Signal(w.Context(), bad, ""); !errors.Is(err, want) {
				t.Errorf("Signal(%q) = %v; want %v", bad, err, want)
			}
		}
	})
}
