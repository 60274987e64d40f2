package rules_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

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

func TestSet_RunCases(t *testing.T) {
	set := mustLoad(t, casedRules)
	cases, err := rules.LoadCases([]byte(`
# comments and empty lines say nothing

join {relation: {friend_of_leader: true}} -> allowed
join {user: {groups: [{name: "Staff -> all"}]}} -> allowed by staff
join -> denied by friends
create {user: {metadata: {}}} -> broken level
create {user: {metadata: {level: 3}}} -> allowed
`), "rules.cases")
	if err != nil {
		t.Fatal(err)
	}
	results, undecided := set.RunCases(context.Background(), cases)
	var got []string
	for _, r := range results {
		got = append(got, fmt.Sprintf("%d %s %v", r.Line, r.Got, r.Got == r.Want))
	}
	want := []string{"4 allowed true", "5 denied by friends false", "6 denied by friends true", "7 broken level true", "8 denied by level false"}
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

func TestLoadCases_problems(t *testing.T) {
	for text, want := range map[string]string{
		"join {}":                        "rules.cases:1:1: says no outcome",
		"jion {} -> allowed":             `unknown action "jion", did you mean "join"?`,
		"join {} -> perhaps":             `"perhaps" is no outcome`,
		"join {usr: {id: 1}} -> allowed": `the facts cannot be used: usr: unknown key, did you mean "user"?`,
		"join {{{ -> allowed":            "the facts cannot be used",
		"join {user: " + strings.Repeat("[", 20_000) + " -> allowed": "the case is too long",
		strings.Repeat("join -> allowed\n", 2001):                    "there are too many cases",
		strings.Repeat("x", 300<<10):                                 "bytes long",
	} {
		cases, err := rules.LoadCases([]byte(text), "rules.cases")
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
		cases, err := rules.LoadCases([]byte(text), "rules.cases")
		if err != nil {
			checkProblems(t, []byte(text), err)
			return
		}
		if results, _ := set.RunCases(context.Background(), cases); len(results) != len(cases) {
			t.Errorf("%d results of %d cases", len(results), len(cases))
		}
	})
}

func TestDiff(t *testing.T) {
	old := mustLoad(t, casedRules+"queues: {duo: {teams: 2, team_size: 2}, old: {teams: 2, team_size: 1}}\n")
	next := mustLoad(t, `
version: 1
parties: {max_size: {default: 4, max: 6}}
rules:
  - {id: friends, on: [join, invite], deny: not relation.friend_of_leader, message: Friends only.}
  - {id: staff, on: [join], allow: 'any(user.groups,   .name == "Staff")'}
  - {id: level, on: [create], deny: (user.metadata.level ?? 0) < 10}
  - {id: new, on: [kick], deny: party.state == "in_match"}
queues: {duo: {teams: 2, team_size: 2, backfill: true}, trio: {teams: 2, team_size: 3}}
`)
	want := []string{
		"queue old is gone (it was 2 teams of 1)",
		"queue trio is new: 2 teams of 3",
		"parties.lock.in_match: false, was true",
		"parties.max_size.max: 6, was 8",
		"queues.duo.backfill: true, was false",
		"rule friends: denies join and invite when not relation.friend_of_leader; before: denies join when not relation.friend_of_leader",
		`rule friends: players read "Friends only.", before ""`,
		"rule level: denies create when (user.metadata.level ?? 0) < 10; before: denies create when user.metadata.level < 10",
		`rule new is new: denies kick when party.state == "in_match"`,
		"rule late is gone: it denies create when hour(now) >= 22",
		"rules are asked in another order: friends, staff, level; before: staff, friends, level",
	}
	if got := rules.Diff(old, next); !slices.Equal(got, want) {
		t.Errorf("Diff:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if got := rules.Diff(old, old); len(got) > 0 {
		t.Errorf("a file differs from itself: %q", got)
	}
}

// TestSet_Explain_before: what a server looks at before it asks the rules.
func TestSet_Explain_before(t *testing.T) {
	set := mustLoad(t, `
version: 1
parties: {max_size: {default: 4, min: 2, max: 8}, lock: {in_match: true}}
invites: {who: leader, overrides_rules: true}
rules: [{id: r, on: [join, create, matchmake, invite], deny: true}]
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
		`{action: matchmake, request: {queue: duo}, party: {size: 1, members: [{stage: failed}]}}`: "not_ready",
		`{action: matchmake, request: {queue: duo}, party: {size: 1, members: [{stage: ready}]}}`:  "",
	} {
		f, err := rules.LoadFacts([]byte(facts), "facts")
		if err != nil {
			t.Fatal(err)
		}
		e := set.Explain(context.Background(), f, nil)
		got := ""
		for _, g := range e.Before {
			if g.Refuses && got == "" {
				got = g.Reason
			}
		}
		if got != want {
			t.Errorf("%s: refused with %q; want %q (%+v)", facts, got, want, e.Before)
		}
		if e.Skipped != strings.Contains(facts, "invited") || e.Skipped == (e.Rules[0].Outcome == rules.Held) {
			t.Errorf("%s: skipped %v, %+v", facts, e.Skipped, e.Rules)
		}
	}
}
