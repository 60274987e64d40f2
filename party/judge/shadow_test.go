package judge_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"partyline/local/partytest"
	"partyline/party"
	"partyline/party/judge"
	"partyline/party/reserve"
	"partyline/party/rules"
)

// counter keeps the metrics that are counted.
type counter struct {
	partytest.NoMetrics

	mu     sync.Mutex
	counts map[string]int64
}

func (c *counter) MetricsCounterAdd(name string, tags map[string]string, delta int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts == nil {
		c.counts = map[string]int64{}
	}
	c.counts[fmt.Sprintf("%s %s %q %s", name, tags["action"], tags["rule"], tags["change"])] += delta
}

func (c *counter) all() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return fmt.Sprint(c.counts)
}

// shadowWorld returns a judge over the rules now, and a shadow over next that runs until the test ends.
func shadowWorld(t *testing.T, now, next string) (*world, *judge.Shadow, *counter) {
	t.Helper()
	set, err := rules.Load([]byte("version: 1\n"+next), "next.yml")
	if err != nil {
		t.Fatal(err)
	}
	w, counts := newWorld(t, now), &counter{}
	shadow := judge.NewShadow(func() *rules.Set { return set }, counts, w.log)
	w.deps.Shadow = shadow
	w.startJudge(nil)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { shadow.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	return w, shadow, counts
}

// waitForReport waits until the shadow has compared that many answers, and returns its report.
func waitForReport(t *testing.T, s *judge.Shadow, want uint64) judge.ShadowReport {
	t.Helper()
	synctest.Wait()
	r := s.Report()
	total := r.Other + r.Dropped
	for _, c := range r.Counts {
		total += c.Times
	}
	if total < want {
		t.Fatalf("the shadow has seen %d of %d: %+v", total, want, r)
	}
	return r
}

// TestShadow checks that the next rules are asked the same questions and their answers are counted, and that no
// player gets one of these answers.
func TestShadow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, shadow, counts := shadowWorld(t,
			"rules: [{id: big, on: [create], deny: request.max_size > 6}]",
			`rules: [{id: young, on: [create], deny: 'user.account_age < duration("1h")'}, {id: never, on: [kick], deny: true}]`)
		p := w.host.Players(2)
		w.load.account = rules.Account{CreatedAt: w.clock.Now()}
		ask := func(size int) error {
			return w.judge.Decide(t.Context(), party.Question{Action: rules.ActionCreate, Caller: caller(p[0]), Request: rules.RequestFacts{MaxSize: size}})
		}
		for range 3 {
			if err := ask(4); err != nil {
				t.Errorf("the shadow's answer was given: %v", err)
			}
		}
		w.denied(ask(8), "big")
		if err := w.judge.Decide(t.Context(), party.Question{Action: rules.ActionKick, Caller: caller(p[0])}); err != nil {
			t.Errorf("an action without rules in force: %v", err)
		}
		if err := w.judge.Dry().Decide(t.Context(), party.Question{Action: rules.ActionKick, Caller: caller(p[0])}); err != nil {
			t.Error(err)
		}
		r := waitForReport(t, shadow, 5)
		want := []judge.ShadowCount{
			{Action: "create", Now: "allowed", Next: "denied by young", Times: 3},
			{Action: "create", Now: "denied by big", Next: "denied by young", Times: 1},
			{Action: "kick", Now: "allowed", Next: "denied by never", Times: 1},
		}
		if fmt.Sprint(r.Counts) != fmt.Sprint(want) || len(r.Examples) != 5 || r.Dropped != 0 {
			t.Errorf("report %+v; want %+v", r, want)
		}
		if e := r.Examples[0]; e.Action != rules.ActionKick || e.UserID != p[0].UserID || e.Explain(t.Context()).Decision.Rule != "never" {
			t.Errorf("the newest example is %+v", e)
		}
		for _, line := range []string{`partyline_rules_shadow create "young" stricter:3`, `create "young" other:1`, `kick "never" stricter:1`} {
			if !strings.Contains(counts.all(), line) {
				t.Errorf("metrics %s; want %s", counts.all(), line)
			}
		}
		if len(w.judge.Denials()) != 1 {
			t.Errorf("denials %+v; want the one that was given", w.judge.Denials())
		}
		shadow.Reset()
		if r := shadow.Report(); len(r.Counts)+len(r.Examples) != 0 {
			t.Errorf("after a reset: %+v", r)
		}
	})
}

// TestShadow_shape checks that each file is asked about the party that it makes of the wish.
func TestShadow_shape(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const big = "\nrules: [{id: big, on: [create], deny: request.max_size > 6}, {id: open, on: [create, update], deny: request.open}]"
		for _, tt := range []struct {
			next   string
			action rules.Action
			wish   rules.PartyRequest
			want   [2]string
		}{
			{"parties: {max_size: {default: 4, max: 6, outside: clamp}}", rules.ActionCreate, rules.PartyRequest{}, [2]string{"denied by big", "allowed"}},
			{"parties: {max_size: {default: 4, max: 6, outside: clamp}}", rules.ActionCreate, rules.PartyRequest{MaxSize: 7}, [2]string{"denied by big", "allowed"}},
			{"parties: {max_size: {default: 4, max: 6}}", rules.ActionCreate, rules.PartyRequest{MaxSize: 7}, [2]string{"denied by big", "refused for max_size"}},
			{"parties: {open: closed}", rules.ActionCreate, rules.PartyRequest{MaxSize: 4, Open: true}, [2]string{"denied by open", "allowed"}},
			{"parties: {open: open}", rules.ActionUpdate, rules.PartyRequest{}, [2]string{"allowed", "denied by open"}},
		} {
			w, shadow, _ := shadowWorld(t, big[1:], tt.next+big)
			w.startJudge(func() rules.Config { return w.set.Config() })
			p := w.host.Players(1)
			if tt.action == rules.ActionCreate {
				_, _ = w.checks.Create(t.Context(), caller(p[0]), party.CreateParams{MaxSize: tt.wish.MaxSize, Open: tt.wish.Open})
			} else {
				_ = w.checks.MemberAction(t.Context(), tt.action, caller(p[0]), w.look(w.newParty(true, 4, p[0])), rules.RequestFacts{Wish: &tt.wish})
			}
			r := waitForReport(t, shadow, 1)
			if got := [2]string{r.Counts[0].Now, r.Counts[0].Next}; got != tt.want {
				t.Errorf("%s, %s %+v: %q; want %q", tt.next, tt.action, tt.wish, got, tt.want)
			}
		}
	})
}

// TestShadow_sizes compares files without rules that allow different sizes.
func TestShadow_sizes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, shadow, _ := shadowWorld(t, "parties: {max_size: {default: 2, min: 2, max: 4}}", "parties: {max_size: {default: 2, max: 3}}")
		w.startJudge(func() rules.Config { return w.set.Config() })
		p := w.host.Players(1)
		for _, size := range []int{1, 3, 4, 5} {
			_, _ = w.checks.Create(t.Context(), caller(p[0]), party.CreateParams{MaxSize: size})
			_, _ = w.checks.Dry(w.judge).Create(t.Context(), caller(p[0]), party.CreateParams{MaxSize: size})
		}
		want := []judge.ShadowCount{
			{Action: "create", Now: "allowed", Next: "allowed", Times: 1},
			{Action: "create", Now: "allowed", Next: "refused for max_size", Times: 1},
			{Action: "create", Now: "refused for max_size", Next: "allowed", Times: 1},
			{Action: "create", Now: "refused for max_size", Next: "refused for max_size", Times: 1},
		}
		if r := waitForReport(t, shadow, 4); fmt.Sprint(r.Counts) != fmt.Sprint(want) {
			t.Errorf("%+v; want %+v", r.Counts, want)
		}
	})
}

// TestShadow_bounds checks that questions beyond the bounds are dropped, and that no answer waits for the
// shadow.
func TestShadow_bounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		set, err := rules.Load([]byte("version: 1\nrules: [{id: no, on: [create], deny: true}]"), "next.yml")
		if err != nil {
			t.Fatal(err)
		}
		w := newWorld(t, "")
		shadow := judge.NewShadow(func() *rules.Set { return set }, &counter{}, w.log) // it does not run
		w.deps.Shadow = shadow
		w.startJudge(nil)
		p := w.host.Players(1)
		for range 3000 {
			if err := w.judge.Decide(t.Context(), party.Question{Action: rules.ActionCreate, Caller: caller(p[0])}); err != nil {
				t.Fatal(err)
			}
		}
		if r := shadow.Report(); r.Dropped < 1000 {
			t.Errorf("%+v; want the rest dropped", r)
		}
	})
}

// TestShadow_failures checks that a failing next rule, or facts that cannot be read for it, affect only the
// shadow.
func TestShadow_failures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, shadow, _ := shadowWorld(t, "", `rules: [{id: friends, on: [create, join], deny: 'user.metadata.level < 3'}]`)
		w.load.err = errDown
		p := w.host.Players(1)
		if err := w.judge.Decide(t.Context(), party.Question{Action: rules.ActionCreate, Caller: caller(p[0])}); err != nil {
			t.Errorf("refused: %v", err)
		}
		if r := waitForReport(t, shadow, 1); r.Counts[0].Next != "broken friends" {
			t.Errorf("%+v", r)
		}
		checks := judge.Checks{Judge: w.judge, Entrance: w.admission}
		if checks.Enforces(rules.ActionKick) || checks.Enforces(rules.ActionJoin) || !checks.Has(rules.ActionJoin) {
			t.Error("no rule in force is about kicking or joining, only a next one about joining")
		}
		nobody := party.Session{UserID: "nobody"}
		if err := checks.Accept(t.Context(), p[0], nobody, reserve.Look{}); err != nil {
			t.Errorf("only next rules are about joining: %v", err)
		}
	})
}

// An action without a rule in the next file is allowed there, even if a rule refuses it now.
func TestShadow_RuleIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, shadow, counts := shadowWorld(t, "rules: [{id: closed, on: [create], deny: true}]", "rules: [{id: other, on: [kick], deny: true}]")
		w.denied(w.judge.Decide(t.Context(), party.Question{Action: rules.ActionCreate, Caller: caller(w.host.Player("p"))}), "closed")
		r := waitForReport(t, shadow, 1)
		if want := []judge.ShadowCount{{Action: "create", Now: "denied by closed", Next: "allowed", Times: 1}}; fmt.Sprint(r.Counts) != fmt.Sprint(want) {
			t.Errorf("report %+v; want %+v", r.Counts, want)
		}
		if got, want := counts.all(), `map[`+judge.MetricShadow+` create "" looser:1]`; got != want {
			t.Errorf("counted %s; want %s", got, want)
		}
	})
}
