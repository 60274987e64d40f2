package hooks_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"partyline/hooks"
	"partyline/local/partytest"
	"partyline/party"
	"partyline/party/rules"
)

// trail makes handlers that record their name and return the given error.
type trail struct{ steps []string }

func (tr *trail) step(name string, answer error) func(context.Context, *hooks.Call) error {
	return func(context.Context, *hooks.Call) error {
		tr.steps = append(tr.steps, name)
		return answer
	}
}

func (tr *trail) panics(name string) func(context.Context, *hooks.Call) error {
	return func(context.Context, *hooks.Call) error {
		tr.steps = append(tr.steps, name)
		var none *hooks.Call
		_ = none.In // nil dereference
		return nil
	}
}

func TestChain_BeforeStopsAtTheFirstError(t *testing.T) {
	broken := "internal: Something went wrong on our side, please try again."
	tests := []struct {
		name  string
		steps []string // what each handler does
		ran   int
		want  string // what the client is told; "" = passed on
	}{
		{"all_pass", []string{"pass", "pass"}, 2, ""},
		{"refusal", []string{"refuse", "pass"}, 1, "party_full: This party is full."},
		{"late_refusal", []string{"pass", "refuse"}, 2, "party_full: This party is full."},
		{"plain_error", []string{"fail", "pass"}, 1, broken},
		{"panic", []string{"pass", "panic", "pass"}, 2, broken},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tr := &trail{}
			var table []hooks.Hook
			for i, does := range tt.steps {
				name := does + strconv.Itoa(i)
				step := map[string]func(context.Context, *hooks.Call) error{
					"pass":   tr.step(name, nil),
					"refuse": tr.step(name, party.Refuse(party.PartyFull, "This party is full.")),
					"fail":   tr.step(name, errors.New("pq: SECRET")),
					"panic":  tr.panics(name),
				}[does]
				table = append(table, hooks.Hook{Message: hooks.PartyJoin, Name: name, Before: step})
			}
			h := serve(t, table)
			in := message(hooks.PartyJoin, partyID)
			out, err := h.before("u1", hooks.PartyJoin, in)
			if len(tr.steps) != tt.ran {
				t.Errorf("ran %v; want the first %d", tr.steps, tt.ran)
			}
			if tt.want == "" {
				if out != in || err != nil {
					t.Errorf("before = %v, %v; want the same envelope passed on", out, err)
				}
				return
			}
			// The host checks the error first. A nil envelope without an error would close the socket.
			if err == nil || err.Error() != tt.want {
				t.Errorf("the client is told %v; want %q", err, tt.want)
			}
		})
	}
}

func TestChain_SetsRunInOrderAndMayChangeTheMessage(t *testing.T) {
	tr := &trail{}
	first := []hooks.Hook{
		{Message: hooks.PartyCreate, Name: "size", Before: func(_ context.Context, c *hooks.Call) error {
			c.In.GetPartyCreate().MaxSize = 3
			return nil
		}},
		{Message: hooks.PartyJoin, Name: "x", Before: tr.step("first", nil)},
	}
	second := []hooks.Hook{{Message: hooks.PartyJoin, Name: "y", Before: tr.step("second", nil)}}
	h := serve(t, first, second)
	if _, err := h.before("u1", hooks.PartyJoin, message(hooks.PartyJoin, partyID)); err != nil {
		t.Fatal(err)
	}
	out, err := h.before("u1", hooks.PartyCreate, message(hooks.PartyCreate, ""))
	if err != nil || out.GetPartyCreate().GetMaxSize() != 3 {
		t.Errorf("before PartyCreate = %v, %v; want max_size 3", out, err)
	}
	if want := []string{"first", "second"}; !slices.Equal(tr.steps, want) {
		t.Errorf("ran %v; want %v", tr.steps, want)
	}
}

// The host still handles messages that it has read from an ended socket. Neither a handler nor the host may see
// such a message, also if the socket ends between two handlers.
func TestChain_NothingPassesOfASocketThatHasEnded(t *testing.T) {
	tr := &trail{}
	ctx, end := context.WithCancel(contextOf("u1"))
	closes := func(context.Context, *hooks.Call) error { end(); return nil }
	h := serve(t, []hooks.Hook{
		{Message: hooks.PartyJoin, Name: "first", Before: closes},
		{Message: hooks.PartyJoin, Name: "second", Before: tr.step("second", nil)},
		{Message: hooks.PartyCreate, Name: "only", Before: tr.step("only", nil)},
		{Message: hooks.PartyLeave, Name: "work", After: func(ctx context.Context, _ *hooks.Call) error {
			tr.steps = append(tr.steps, "work")
			if _, limited := ctx.Deadline(); !limited {
				t.Error("work after a message has no time limit")
			}
			return ctx.Err()
		}},
	})
	for _, name := range []string{hooks.PartyJoin, hooks.PartyCreate} {
		if out, err := h.befores[name](ctx, &h.log, nil, nil, message(name, partyID)); party.ReasonOf(err) != party.NoLiveSession || out != nil {
			t.Errorf("before %s = %v, %v; want no_live_session", name, out, err)
		}
	}
	// The after handlers still run for what the host has done.
	if err := h.afters[hooks.PartyLeave](ctx, &h.log, nil, nil, nil, message(hooks.PartyLeave, partyID)); err != nil {
		t.Errorf("after = %v; want it done", err)
	}
	if want := []string{"work"}; !slices.Equal(tr.steps, want) {
		t.Errorf("ran %v; want %v", tr.steps, want)
	}
}

// A socket that closes while a hook works for it is not an error.
func TestChain_SocketClosedMeanwhile(t *testing.T) {
	h := serve(t, []hooks.Hook{
		{Message: hooks.PartyJoin, Name: "gone", After: (&trail{}).step("gone", fmt.Errorf("read: %w", context.Canceled))},
		{Message: hooks.PartyLeave, Name: "broken", After: (&trail{}).step("broken", errors.New("broken"))},
	})
	for _, name := range []string{hooks.PartyJoin, hooks.PartyLeave} {
		_ = h.after("u1", name, nil, message(name, partyID))
	}
	if lines := h.log.lines; len(lines) != 2 || !strings.HasPrefix(lines[0], "debug ") || !strings.HasPrefix(lines[1], "error ") {
		t.Errorf("log = %q; want a detail of the one and an error of the other", lines)
	}
}

func TestChain_AfterRunsEveryHandler(t *testing.T) {
	tr := &trail{}
	h := serve(t, []hooks.Hook{
		{Message: hooks.PartyLeave, Name: "a", After: tr.step("a", errors.New("broken"))},
		{Message: hooks.PartyLeave, Name: "b", After: tr.panics("b")},
		{Message: hooks.PartyLeave, Name: "c", After: tr.step("c", nil)},
	})
	err := h.after("u1", hooks.PartyLeave, nil, message(hooks.PartyLeave, partyID))
	if party.ReasonOf(err) != party.Internal {
		t.Errorf("after = %v; want internal", err)
	}
	if want := []string{"a", "b", "c"}; !slices.Equal(tr.steps, want) {
		t.Errorf("ran %v; want %v", tr.steps, want)
	}
	if len(h.log.lines) != 2 || !contains(h.log.lines, "broken") || !contains(h.log.lines, "hook:b") || !contains(h.log.lines, "chain_test.go") {
		t.Errorf("log = %q; want both failures, by name, the panic with its stack", h.log.lines)
	}
	if _, ok := h.befores[hooks.PartyLeave]; ok {
		t.Error("a before slot is registered for a message with after handlers only")
	}
}

func TestChain_SuccessfulAfterIsSilent(t *testing.T) {
	h := serve(t, []hooks.Hook{{Message: hooks.PartyLeave, Name: "a", After: (&trail{}).step("a", nil)}})
	if err := h.after("u1", hooks.PartyLeave, nil, message(hooks.PartyLeave, partyID)); err != nil {
		t.Errorf("after = %v; want nil", err)
	}
	if len(h.log.lines) != 0 {
		t.Errorf("log = %q; want nothing", h.log.lines)
	}
}

func TestChain_CallIsWhatTheHostSays(t *testing.T) {
	var got *hooks.Call
	h := serve(t, []hooks.Hook{{Message: hooks.PartyJoin, Name: "a",
		After: func(_ context.Context, c *hooks.Call) error { got = c; return nil }}})
	in, out := message(hooks.PartyJoin, partyID), &rtapi.Envelope{Cid: "1"}
	if err := h.after("u1", hooks.PartyJoin, out, in); err != nil {
		t.Fatal(err)
	}
	if got.Session() != sessionOf("u1") || got.ClientIP != "192.0.2.7" || got.In != in || got.Out != out {
		t.Errorf("call = %+v", got)
	}
	parsed, err := got.PartyID()
	if err != nil || parsed != id(t) {
		t.Errorf("PartyID = %v, %v", parsed, err)
	}
	if _, err := (&hooks.Call{In: message(hooks.PartyCreate, "")}).PartyID(); party.ReasonOf(err) != party.PartyNotFound {
		t.Errorf("PartyID of a message that names none = %v; want party_not_found", err)
	}
}

// A panic around the steps cannot end the host's process either.
func TestChain_PanicOutsideOfTheSteps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := &trail{}
		step := func(context.Context, *hooks.Call) error { return tr.step("step", nil)(t.Context(), nil) }
		session := func(context.Context, party.Session) error { return tr.step("session", nil)(t.Context(), nil) }
		table := []hooks.Hook{{Message: hooks.PartyJoin, Name: "a", Before: step, After: step}, hooks.Started("a", session), hooks.Ended("a", session)}
		h, in := newHost(), message(hooks.PartyJoin, "")
		own := func(context.Context, party.Session, bool) bool { panic("as asked") }
		if err := hooks.Register(h, hooks.Chain{Metrics: badMetrics{}, Now: time.Now, IsOwn: own}, rules.Default, table); err != nil {
			t.Fatal(err)
		}
		if out, err := h.before("u1", hooks.PartyJoin, in); out != nil || party.ReasonOf(err) != party.Internal {
			t.Errorf("before: %v, %v; want an internal error", out, err)
		}
		if err := h.after("u1", hooks.PartyJoin, nil, in); party.ReasonOf(err) != party.Internal {
			t.Errorf("after: %v; want an internal error", err)
		}
		h.start("u1")
		h.end("u1")
		out, err := h.list(contextOf("u1"), &h.log, nil, nil, &api.ListPartiesRequest{})
		var answer *runtime.Error
		if out != nil || !errors.As(err, &answer) || answer.Code != 13 {
			t.Errorf("list: %v, %v; want an internal error", out, err)
		}
		if len(tr.steps) != 0 {
			t.Errorf("ran %v", tr.steps)
		}
		if got := strings.Count(strings.Join(h.log.lines, "\n"), "panic: as asked"); got != 5 {
			t.Errorf("log = %q; want 5 panics", h.log.lines)
		}
	})
}

// badMetrics are metrics that panic.
type badMetrics struct{ partytest.NoMetrics }

func (badMetrics) MetricsCounterAdd(string, map[string]string, int64)          { panic("as asked") }
func (badMetrics) MetricsTimerRecord(string, map[string]string, time.Duration) { panic("as asked") }

func TestChain_SessionEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []string
		note := func(stage string, answer error) func(context.Context, party.Session) error {
			return func(_ context.Context, s party.Session) error {
				got = append(got, stage+" "+s.SessionID)
				if answer == nil {
					panic("as asked")
				}
				return answer
			}
		}
		h := serve(t,
			[]hooks.Hook{hooks.Started("a", note("start", errors.New("x"))), hooks.Ended("a", note("end", nil))},
			[]hooks.Hook{hooks.Ended("b", note("end again", errors.New("x")))},
		)
		if len(h.starts) != 1 || len(h.ends) != 1 {
			t.Fatalf("registered %d start and %d end functions; want one each", len(h.starts), len(h.ends))
		}
		h.start("u1")
		h.end("u1")
		if want := []string{"start session-of-u1", "end session-of-u1", "end again session-of-u1"}; !slices.Equal(got, want) {
			t.Errorf("ran %v; want %v", got, want)
		}
	})
}

// The session starts and ends of a crowd wait for storage together, even if the host has few workers. There is a
// limit: further ones wait for their turn. Ends do not wait for starts.
func TestChain_SessionsOfACrowd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const crowd = 2000
		var begun, done [2]atomic.Int64
		storage := make(chan struct{})
		h := newHost()
		handler := func(i int) func(context.Context, party.Session) error {
			return func(context.Context, party.Session) error {
				begun[i].Add(1)
				<-storage
				done[i].Add(1)
				return nil
			}
		}
		table := []hooks.Hook{hooks.Started("return", handler(0)), hooks.Ended("keep", handler(1))}
		if err := hooks.Register(h, hooks.Chain{Metrics: partytest.NoMetrics{}, Now: time.Now}, rules.Default, table); err != nil {
			t.Fatal(err)
		}
		go func() { // the host's only worker
			for _, event := range []eventFunc{h.starts[0], h.ends[0]} {
				for range crowd {
					event(contextOf("u1"), &h.log, &api.Event{})
				}
			}
		}()
		synctest.Wait()
		for i, least := range []int64{50, 500} {
			if n := begun[i].Load(); n < least || n == crowd {
				t.Errorf("%d of %d are handled at once; want at least %d, and not all", n, crowd, least)
			}
		}
		close(storage)
		synctest.Wait()
		for i := range done {
			if n := done[i].Load(); n != crowd {
				t.Errorf("%d of %d were handled", n, crowd)
			}
		}
	})
}

// A request for a list of parties or matches is checked before the host sees it. The refusal has its number.
func TestChain_Lists(t *testing.T) {
	h := serve(t)
	const bad, literal = `+label.a:/(a|b)*c/`, `+label.a:/abc.*/`
	for _, call := range []func(query string) (passed bool, err error){
		func(query string) (bool, error) {
			in := &api.ListPartiesRequest{Query: wrapperspb.String(query)}
			out, err := h.list(contextOf("u1"), &h.log, nil, nil, in)
			return out == in, err
		},
		func(query string) (bool, error) {
			in := &api.ListMatchesRequest{Query: wrapperspb.String(query)}
			out, err := h.matches(contextOf("u1"), &h.log, nil, nil, in)
			return out == in, err
		},
	} {
		if passed, err := call(literal); !passed || err != nil {
			t.Errorf("list = %v, %v; want the request passed on", passed, err)
		}
		_, err := call(bad)
		var told *runtime.Error
		if !errors.As(err, &told) || !strings.HasPrefix(told.Message, "query_not_allowed: ") || told.Code != 3 {
			t.Errorf("list = %v; want query_not_allowed with number 3", err)
		}
	}
}

func TestChain_MetricsAndLog(t *testing.T) {
	tr := &trail{}
	h := serve(t, []hooks.Hook{
		{Message: hooks.PartyJoin, Name: "full", Before: tr.step("0", party.Refuse(party.PartyFull, "Full."))},
		{Message: hooks.PartyLeave, Name: "fine", After: tr.step("1", nil)},
	})
	_, _ = h.before("u1", hooks.PartyJoin, message(hooks.PartyJoin, partyID))
	_ = h.after("u1", hooks.PartyLeave, nil, message(hooks.PartyLeave, partyID))
	want := []string{
		"partyline_hook PartyJoin before party_full +1", "partyline_hook_duration PartyJoin before party_full 5ms",
		"partyline_hook PartyLeave after ok +1", "partyline_hook_duration PartyLeave after ok 5ms",
	}
	if !slices.Equal(h.metrics.lines, want) {
		t.Errorf("metrics = %q; want %q", h.metrics.lines, want)
	}
	if len(h.log.lines) != 1 || !strings.HasPrefix(h.log.lines[0], "debug ") || !strings.Contains(h.log.lines[0], "hook:full") {
		t.Errorf("log = %q; want one debug line naming the handler", h.log.lines)
	}
}

// Every refusal and the first calls that pass are counted and timed. Of the other calls, one in 64 is timed, and
// all are counted in the end.
func TestChain_MetricsOfManyCalls(t *testing.T) {
	h := serve(t, []hooks.Hook{
		{Message: hooks.PartyJoin, Name: "full", Before: (&trail{}).step("0", party.Refuse(party.PartyFull, "Full."))},
		{Message: hooks.PartyLeave, Name: "fine", After: (&trail{}).step("1", nil)},
	})
	for range 150 {
		_, _ = h.before("u1", hooks.PartyJoin, message(hooks.PartyJoin, partyID))
		_ = h.after("u1", hooks.PartyLeave, nil, message(hooks.PartyLeave, partyID))
	}
	got := map[string]int{}
	for _, line := range h.metrics.lines {
		got[line]++
	}
	want := map[string]int{
		"partyline_hook PartyJoin before party_full +1": 150, "partyline_hook_duration PartyJoin before party_full 5ms": 150,
		"partyline_hook PartyLeave after ok +1": 16, "partyline_hook PartyLeave after ok +64": 2, "partyline_hook_duration PartyLeave after ok 5ms": 18,
	}
	if !maps.Equal(got, want) {
		t.Errorf("metrics = %v; want %v", got, want)
	}
}

// Measures what a slot of five handlers that do nothing adds to a message.
func BenchmarkChain(b *testing.B) {
	var table []hooks.Hook
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		table = append(table, hooks.Hook{Message: hooks.PartyJoin, Name: name,
			Before: func(_ context.Context, c *hooks.Call) error { _, err := c.PartyID(); return err }})
	}
	h := newHost()
	if err := hooks.Register(h, hooks.Chain{Metrics: partytest.NoMetrics{}, Now: time.Now}, rules.Default, table); err != nil {
		b.Fatal(err)
	}
	ctx, in := contextOf("u1"), message(hooks.PartyJoin, partyID)
	fn := h.befores[hooks.PartyJoin]
	b.ReportAllocs()
	for b.Loop() {
		if _, err := fn(ctx, &h.log, nil, nil, in); err != nil {
			b.Fatal(err)
		}
	}
}
