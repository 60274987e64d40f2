package rpc_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"partyline/local/partytest"
	"partyline/party"
	"partyline/rpc"
)

type echo struct {
	Text string `json:"text"`
}

func echoSet(serverOnly bool, fn func(context.Context, party.Caller, echo) (echo, error)) []rpc.Row {
	return []rpc.Row{{ID: "party_echo", ServerOnly: serverOnly, Handle: rpc.Call(fn)}}
}

func TestGuard_WhoMayCall(t *testing.T) {
	tests := []struct {
		name string
		only bool
		ctx  context.Context
		want string // the refusal's reason; "" = allowed
	}{
		{"user_over_socket", false, overSocket("u1"), ""},
		{"user_over_http", false, overHTTP("u1"), ""},
		{"server_where_users_call", false, withKey(), "unauthenticated"},
		{"zero_value_keeps_servers_out", rpc.Row{}.ServerOnly, withKey(), "unauthenticated"},
		{"server_with_key", true, withKey(), ""},
		{"user_where_servers_call", true, overSocket("u1"), "unauthenticated"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ran := 0
			h := serve(t, echoSet(tt.only, func(context.Context, party.Caller, echo) (echo, error) {
				ran++
				return echo{}, nil
			}))
			_, err := h.call(tt.ctx, "party_echo", "")
			if tt.want == "" {
				if err != nil || ran != 1 {
					t.Fatalf("call = %v, ran %d times; want it to run once", err, ran)
				}
				return
			}
			text, code := refusal(t, err)
			if !strings.HasPrefix(text, tt.want+": ") || code != 16 {
				t.Errorf("refused with %q, %d; want %s, 16", text, code, tt.want)
			}
			if ran != 0 {
				t.Errorf("the handler ran %d times for somebody who may not call it", ran)
			}
		})
	}
}

func TestGuard_CallerIsWhoTheHostSays(t *testing.T) {
	var got []party.Caller
	h := serve(t, echoSet(false, func(_ context.Context, c party.Caller, _ echo) (echo, error) {
		got = append(got, c)
		return echo{}, nil
	}))
	for _, ctx := range []context.Context{overSocket("u1"), overHTTP("u1")} {
		if _, err := h.call(ctx, "party_echo", ""); err != nil {
			t.Fatal(err)
		}
	}
	want := []party.Caller{
		{UserID: "u1", Username: "name-of-u1", SessionID: "session-of-u1", ClientIP: "192.0.2.7"},
		{UserID: "u1", Username: "name-of-u1", ClientIP: "192.0.2.7"},
	}
	if !slices.Equal(got, want) {
		t.Errorf("callers = %+v; want %+v", got, want)
	}
	if settled := []party.Session{want[0].Session()}; !slices.Equal(h.called, settled) { // calls over plain HTTP have no session
		t.Errorf("settled = %+v; want %+v", h.called, settled)
	}
}

func TestGuard_ErrorsBecomeRefusals(t *testing.T) {
	secret := errors.New("pq: relation storage, value SECRET")
	tests := []struct {
		name    string
		err     error
		text    string
		code    int
		logged  string // part of a log line
		private string // must be only in the log
	}{
		{"refusal", party.Refuse(party.PartyFull, "This party is full."), "party_full: This party is full.", 8, "debug", ""},
		{"wrapped_refusal", fmt.Errorf("deep: %w", party.Refuse(party.Banned, "No.")), "banned: No.", 7, "debug", "deep"},
		{"rule", &party.Error{Reason: party.RuleDenied, Rule: "newcomers", Message: "Wait."}, "rule_denied/newcomers: Wait.", 7, "debug", ""},
		{"anything_else", fmt.Errorf("read: %w", secret), "internal: ", 13, "error", "SECRET"},
		{"refusal_with_cause", &party.Error{Reason: party.Conflict, Message: "Again.", Cause: secret}, "conflict: Again.", 10, "debug", "SECRET"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := serve(t, echoSet(false, func(context.Context, party.Caller, echo) (echo, error) {
				return echo{Text: "half done"}, tt.err
			}))
			answer, err := h.call(overSocket("u1"), "party_echo", `{"text":"PAYLOAD"}`)
			text, code := refusal(t, err)
			if answer != "" || !strings.HasPrefix(text, tt.text) || code != tt.code {
				t.Errorf("got %q, %q, %d; want no answer, %q, %d", answer, text, code, tt.text, tt.code)
			}
			if tt.private != "" && strings.Contains(text, tt.private) {
				t.Errorf("the client was told %q", text)
			}
			if len(h.log.lines) != 1 || !strings.HasPrefix(h.log.lines[0], tt.logged+" ") {
				t.Fatalf("log = %q; want one %s line", h.log.lines, tt.logged)
			}
			for _, field := range []string{"rpc:party_echo", "user:u1"} {
				if !strings.Contains(h.log.lines[0], field) {
					t.Errorf("log line %q lacks %s", h.log.lines[0], field)
				}
			}
			if code == 13 && !strings.Contains(h.log.lines[0], "SECRET") {
				t.Errorf("log line %q lacks the cause", h.log.lines[0])
			}
			if contains(h.log.lines, "PAYLOAD") {
				t.Errorf("the payload was logged: %q", h.log.lines)
			}
		})
	}
}

func TestGuard_PanicIsAnInternalErrorWithStackInTheLog(t *testing.T) {
	h := serve(t, echoSet(false, func(_ context.Context, _ party.Caller, e echo) (echo, error) {
		return echo{Text: e.Text[7:]}, nil
	}))
	answer, err := h.call(overSocket("u1"), "party_echo", "")
	text, code := refusal(t, err)
	if answer != "" || code != 13 || !strings.HasPrefix(text, "internal: ") || strings.Contains(text, "slice") {
		t.Errorf("got %q, %q, %d; want internal, 13, without details", answer, text, code)
	}
	if len(h.log.lines) != 1 || !strings.Contains(h.log.lines[0], "slice bounds") || !strings.Contains(h.log.lines[0], "guard_test.go") {
		t.Errorf("log = %q; want one line with the panic and its stack", h.log.lines)
	}
}

// A player who disconnects during a call is not an error: the failure of the call raises no alarm. A timeout does.
func TestGuard_CallerGoneMeanwhile(t *testing.T) {
	h := serve(t, echoSet(false, func(context.Context, party.Caller, echo) (echo, error) {
		return echo{}, errors.New("read tcp: i/o timeout")
	}))
	gone, leave := context.WithCancel(overSocket("u1"))
	leave()
	late, stop := context.WithDeadline(overSocket("u1"), time.Time{})
	defer stop()
	for _, ctx := range []context.Context{gone, late} {
		_, _ = h.call(ctx, "party_echo", "")
	}
	if l := h.log.lines; len(l) != 2 || !strings.HasPrefix(l[0], "debug ") || !strings.HasPrefix(l[1], "error ") {
		t.Errorf("log = %q; want a detail of the one and an error of the other", l)
	}
	if m := h.metrics.lines; len(m) != 4 || m[0] != "partyline_rpc party_echo no_live_session +1" || m[2] != "partyline_rpc party_echo internal +1" {
		t.Errorf("metrics = %q; want no failure counted of the first", m)
	}
}

// TestGuard_AnswerKeepsItsLength: the answer does not escape characters of HTML, so a bounded text stays bounded.
func TestGuard_AnswerKeepsItsLength(t *testing.T) {
	h := serve(t, echoSet(false, func(_ context.Context, _ party.Caller, e echo) (echo, error) { return e, nil }))
	if answer, err := h.call(overSocket("u1"), "party_echo", `{"text":"<&>"}`); err != nil || answer != `{"text":"<&>"}` {
		t.Errorf("answer = %s, %v; want the text as it is", answer, err)
	}
}

func TestGuard_AnswerThatCannotBeEncodedIsInternal(t *testing.T) {
	type endless struct {
		Speed float64 `json:"speed"`
	}
	h := serve(t, []rpc.Row{{ID: "party_echo", Handle: rpc.Call(
		func(context.Context, party.Caller, echo) (endless, error) {
			zero := 0.0
			return endless{Speed: 1 / zero}, nil
		})}})
	_, err := h.call(overSocket("u1"), "party_echo", "")
	if _, code := refusal(t, err); code != 13 {
		t.Errorf("code = %d; want 13", code)
	}
}

func TestGuard_Metrics(t *testing.T) {
	h := serve(t, echoSet(false, func(_ context.Context, _ party.Caller, e echo) (echo, error) {
		if e.Text == "panic" {
			panic("as asked")
		}
		return e, nil
	}))
	for _, payload := range []string{"", `{"text":"panic"}`, `{"txt":""}`} {
		_, _ = h.call(overSocket("u1"), "party_echo", payload)
	}
	want := []string{
		"partyline_rpc party_echo ok +1", "partyline_rpc_duration party_echo ok 5ms",
		"partyline_rpc party_echo internal +1", "partyline_rpc_duration party_echo internal 5ms",
		"partyline_rpc party_echo invalid_request +1", "partyline_rpc_duration party_echo invalid_request 5ms",
	}
	if !slices.Equal(h.metrics.lines, want) {
		t.Errorf("metrics = %q; want %q", h.metrics.lines, want)
	}
}

// Measures what the guard, the codec and the metrics add to a call that does nothing.
func BenchmarkGuard(b *testing.B) {
	h := serve(b, echoSet(false, func(_ context.Context, _ party.Caller, e echo) (echo, error) { return e, nil }))
	fn := rpc.Guard{Metrics: partytest.NoMetrics{}, Now: time.Now, Parties: still{}}
	if err := rpc.Register(h, fn, echoSet(false, func(_ context.Context, _ party.Caller, e echo) (echo, error) { return e, nil })); err != nil {
		b.Fatal(err)
	}
	ctx := overSocket("u1")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := h.call(ctx, "party_echo", `{"text":"hello"}`); err != nil {
			b.Fatal(err)
		}
	}
}
