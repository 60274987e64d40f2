package rulebook_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"partyline/local/rulebook"
	"partyline/party/rules"
)

const casedRules = `
version: 1
parties: {max_size: {default: 4, max: 8}, lock: {in_match: true}}
rules:
  - {id: staff, on: [join], allow: 'any(user.groups, .name == "Staff")'}
  - {id: friends, on: [join], deny: not relation.friend_of_leader}
  - {id: level, on: [create], deny: user.metadata.level < 10}
  - {id: late, on: [create], deny: hour(now) >= 22}
`

func TestRunCases(t *testing.T) {
	set := mustLoad(t, casedRules)
	cases, err := rulebook.LoadCases([]byte("\ufeffkick -> allowed\r\n"+`# comments and empty lines say nothing

join {relation: {friend_of_leader: true}} -> allowed
join {user: {groups: [{name: "Staff -> all"}]}} -> allowed by staff
join -> denied by friends
create {user: {metadata: {}}} -> broken level
create {user: {metadata: {level: 3}}} -> allowed
`), "rules.cases")
	if err != nil {
		t.Fatal(err)
	}
	results, undecided := rulebook.RunCases(context.Background(), set, cases)
	var got []string
	for _, r := range results {
		got = append(got, fmt.Sprintf("%d %s %v", r.Line, r.Got, r.Got == r.Want))
	}
	want := []string{"1 allowed true", "4 allowed true", "5 denied by friends false", "6 denied by friends true", "7 broken level true", "8 denied by level false"}
	if !slices.Equal(got, want) {
		t.Errorf("results %q; want %q", got, want)
	}
	if !slices.Equal(undecided, []string{"staff", "late"}) {
		t.Errorf("not covered: %v", undecided)
	}
	if h := set.Hits()[1]; h.Asked != 0 {
		t.Errorf("cases were counted: %+v", h)
	}
}

// TestRunCases_server checks that cases and explanations have the outcome of a server. An invite may override
// the rules, and the file changes the size and openness asked for.
func TestRunCases_server(t *testing.T) {
	const big, small, open = "{id: big, on: [create], deny: request.max_size > 8}", "{id: small, on: [create], deny: request.max_size < 3}", "{id: open, on: [create, update], deny: request.open}"
	const idle = "{id: idle, on: [create], deny: 'request.max_size == 5 and party.state == \"idle\"'}"
	for _, c := range []struct{ keys, line, without, with string }{
		{"invites: {overrides_rules: true}", "join {invited: true}", "denied by nobody", "allowed"},
		{"invites: {overrides_rules: true}", "join {}", "denied by nobody", "denied by nobody"},
		{"invites: {overrides_rules: true}", "kick {invited: true}", "denied by nobody", "denied by nobody"},
		{"parties: {max_size: {default: 4, min: 2, max: 8, outside: clamp}}", "create {request: {max_size: 12}}", "denied by big", "allowed"},
		{"parties: {max_size: {default: 4, min: 2, max: 8, outside: refuse}}", "create {request: {max_size: 12}}", "denied by big", "refused for max_size"},
		{"parties: {max_size: {default: 2}}", "create", "allowed", "denied by small"},
		{"parties: {open: closed}", "create {request: {open: true}}", "denied by open", "allowed"},
		{"parties: {open: closed}", "update {request: {open: true}}", "denied by open", "allowed"},
		{"parties: {open: open}", "update", "allowed", "denied by open"},
		{"", "create {request: {max_size: 5}}", "denied by idle", "denied by idle"},
	} {
		for keys, want := range map[string]string{"": c.without, c.keys: c.with} {
			set := mustLoad(t, "version: 1\n"+keys+"\nrules: [{id: nobody, on: [join, kick], deny: true}, "+big+", "+small+", "+open+", "+idle+"]")
			cases, err := rulebook.LoadCases([]byte(c.line+" -> "+want), "rules.cases")
			if err != nil {
				t.Fatal(err)
			}
			results, _ := rulebook.RunCases(t.Context(), set, cases)
			e := rulebook.Explain(t.Context(), set, cases[0].Facts)
			explained := e.Decision.Outcome(e.Err)
			if g := e.Refusal(); g != nil && g.Reason == "invalid_request" {
				explained = rules.SizeRefused
			}
			if results[0].Got != want || explained != want {
				t.Errorf("%s with %q: %s, explained as %s; want %s", c.line, keys, results[0].Got, explained, want)
			}
		}
	}
}

func TestLoadCases_problems(t *testing.T) {
	for text, want := range map[string]string{
		"join {}": "rules.cases:1:1: has no outcome",
		"join {user: {id: }, relation: {friend_of_leeder: true}} -> allowed": "friend_of_leeder: unknown key",
		"jion {} -> allowed":             `unknown action "jion"; allowed: [create join`,
		"join {} -> perhaps":             `"perhaps" is not an outcome`,
		"join {usr: {id: 1}} -> allowed": `the facts cannot be used: usr: unknown key, did you mean "user"?`,
		"join {{{ -> allowed":            "the facts cannot be used",
		"join {user: " + strings.Repeat("[", 20_000) + " -> allowed": "the case is too long",
		strings.Repeat("join -> allowed\n", 2001):                    "there are too many cases",
		strings.Repeat("x", 300<<10):                                 "is longer than 262144 bytes",
	} {
		cases, err := rulebook.LoadCases([]byte(text), "rules.cases")
		if err == nil || cases != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v; want %q", text, err, want)
		}
	}
}

func FuzzLoadCases(f *testing.F) {
	f.Add("join {invited: true} -> denied by friends\n# x\ncreate -> allowed")
	f.Add("join {now: \"2026-01-01T00:00:00Z\"} -> allowed by -> x")
	set := mustLoad(f, casedRules)
	f.Fuzz(func(t *testing.T, text string) {
		cases, err := rulebook.LoadCases([]byte(text), "rules.cases")
		if err != nil {
			if cases != nil || len(err.Error()) > 10*len(text)+2000 {
				t.Errorf("%d cases beside %d bytes of problems", len(cases), len(err.Error()))
			}
			return
		}
		if results, _ := rulebook.RunCases(context.Background(), set, cases); len(results) != len(cases) {
			t.Errorf("%d results of %d cases", len(results), len(cases))
		}
	})
}

// TestExplain checks what a server checks besides the rules, and that it checks a queue after them.
func TestExplain(t *testing.T) {
	set := mustLoad(t, `
version: 1
parties: {max_size: {default: 4, min: 2, max: 8}, lock: {in_match: true}}
invites: {who: leader, overrides_rules: true}
rules:
- {id: r, on: [join, create, invite], deny: true}
- {id: m, on: [matchmake], deny: user.username == "barred"}
queues: {duo: {teams: 2, team_size: 2, require_ready: true}}
`)
	for facts, want := range map[string]string{
		`{action: join}`: "",
		`{action: join, banned: true, party: {state: in_match}}`:                                   "banned",
		`{action: join, party: {state: in_match}}`:                                                 "party_locked",
		`{action: join, party: {state: matchmaking}}`:                                              "",
		`{action: join, party: {size: 3, held: 1, max_size: 4}}`:                                   "party_full",
		`{action: join, invited: true, relation: {blocked: true}}`:                                 "blocked",
		`{action: create, request: {max_size: 9}}`:                                                 "invalid_request",
		`{action: create, request: {max_size: 8}}`:                                                 "",
		`{action: invite, user: {id: a}, party: {leader_id: b}}`:                                   "not_leader",
		`{action: matchmake, request: {queue: trio}}`:                                              "unknown_queue",
		`{action: matchmake, request: {queue: duo}, party: {size: 3}}`:                             "party_too_large",
		`{action: matchmake, request: {queue: duo}, party: {size: 3}, user: {username: barred}}`:   "",
		`{action: matchmake, request: {queue: trio}, user: {username: barred}}`:                    "",
		`{action: matchmake, request: {queue: duo}, party: {size: 1, members: [{stage: failed}]}}`: "not_ready",
		`{action: matchmake, request: {queue: duo}, party: {size: 1, members: [{stage: ready}]}}`:  "",
	} {
		f, err := rules.LoadFacts([]byte(facts), "facts")
		if err != nil {
			t.Fatal(err)
		}
		e, got := rulebook.Explain(context.Background(), set, f), ""
		if g := e.Refusal(); g != nil {
			got = g.Reason
		}
		if got != want || e.GatesAfterRules != (f.Action == rules.ActionMatchmake) {
			t.Errorf("%s: refused with %q behind the rules %v; want %q (%+v)", facts, got, e.GatesAfterRules, want, e.Gates)
		}
		if e.Skipped != strings.Contains(facts, "invited") || e.Skipped != (e.Rules[0].Outcome == rules.NotAsked) {
			t.Errorf("%s: skipped %v, %+v", facts, e.Skipped, e.Rules)
		}
	}
}

func mustLoad(t testing.TB, text string) *rules.Set {
	t.Helper()
	set, err := rules.Load([]byte(text), "rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	return set
}
