package rules_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"partyline/party/rules"
)

// formatExplanation formats an explanation as lines.
func formatExplanation(e rules.Explanation) string {
	var b strings.Builder
	fmt.Fprintf(&b, "allowed=%v rule=%q\n", e.Decision.Allowed, e.Decision.Rule)
	for _, r := range e.Rules {
		fmt.Fprintf(&b, "%s denies=%v %s\n", r.Rule, r.Denies, r.Outcome)
		for _, p := range r.Parts {
			fmt.Fprintf(&b, "%s%s = %s\n", strings.Repeat("  ", p.Depth+1), p.Text, p.Value)
			for _, each := range p.Each {
				fmt.Fprintf(&b, "%s- %s = %s\n", strings.Repeat("  ", p.Depth+2), each.Text, each.Value)
			}
		}
	}
	return b.String()
}

func TestSet_Explain(t *testing.T) {
	set := mustLoad(t, `
version: 1
rules:
  - {id: newcomers, on: [join], deny: 'user.account_age < duration("24h")'}
  - {id: loading, on: [join], deny: 'not invited and (any(party.members, .stage != "ready") or (user.metadata.level ?? 0) > 50)'}
  - {id: never, on: [join], allow: 'hour(now, "Europe/Berlin") in 1..3'}
`)
	const want = `allowed=false rule="loading"
newcomers denies=true not held
  user.account_age < duration("24h") = false
    user.account_age = 36h
loading denies=true held
  not invited and (any(party.members, .stage != "ready") or (user.metadata.level ?? 0) > 50) = true
    not invited = true
      invited = false
    any(party.members, .stage != "ready") or (user.metadata.level ?? 0) > 50 = true
      any(party.members, .stage != "ready") = true
        - ada = false
        - cyd = true
      (user.metadata.level ?? 0) > 50 = false
        user.metadata.level ?? 0 = 12
          user.metadata.level = 12
never denies=false not asked
`
	if got := formatExplanation(set.Explain(context.Background(), someFacts(), nil)); got != want {
		t.Errorf("Explain:\n%s\nwant:\n%s", got, want)
	}
	if h := set.Hits(); h[0].Asked != 0 {
		t.Errorf("explaining was counted: %+v", h)
	}
}

func TestSet_Explain_broken(t *testing.T) {
	set := denyJoin(t, `user.metadata.missing < 10`)
	e := set.Explain(context.Background(), someFacts(), nil)
	var ee *rules.EvalError
	if e.Decision.Allowed || !errors.As(e.Err, &ee) || e.Rules[0].Outcome != rules.Broken {
		t.Errorf("%+v", e)
	}
	if got := formatExplanation(e); !strings.Contains(got, "user.metadata.missing = nil (missing)") {
		t.Errorf("does not show what is missing:\n%s", got)
	}
	e = denyJoin(t, `relation.blocked`).Explain(context.Background(), someFacts(), &fakeLoader{err: errors.New("no database")})
	if e.Err == nil || len(e.Rules[0].Parts) != 0 {
		t.Errorf("values of facts that could not be read: %s", formatExplanation(e))
	}
}

// TestSet_Explain_agrees checks that Explain and Decide give the same decision, and that the value of the first
// part is the value of the condition.
func TestSet_Explain_agrees(t *testing.T) {
	for _, c := range conditions {
		e := denyJoin(t, c.cond).Explain(context.Background(), someFacts(), nil)
		if e.Err != nil || e.Decision.Allowed == c.want {
			t.Errorf("%s: denied %v, %v; want %v", c.cond, !e.Decision.Allowed, e.Err, c.want)
			continue
		}
		parts := e.Rules[0].Parts
		if len(parts) == 0 || parts[0].Value != fmt.Sprint(c.want) {
			t.Errorf("%s: first part %+v; want %v", c.cond, parts, c.want)
		}
		for _, p := range parts {
			if strings.HasPrefix(p.Value, "?") {
				t.Errorf("%s: the part %s has no value: %s", c.cond, p.Text, p.Value)
			}
		}
	}
}

func TestLoadFacts(t *testing.T) {
	f, err := rules.LoadFacts([]byte(`{
  "action": "join", "now": "2026-07-18T20:30:00Z", "invited": true,
  "user": {"id": "u1", "account_age": "36h", "metadata": {"level": 12, "tags": ["a", 1.5, null, true]}, "vars": {"platform": "ps5"}, "groups": [{"id": "g", "name": "Owls"}]},
  "party": {"size": 2, "age": "5m", "label": {"mode": "ranked"}, "members": [{"user_id": "u2", "leader": true, "progress": 5e-1}]},
  "relation": {"blocked": true}, "request": {"max_size": 4, "target_id": "u3"}
}`), "facts.json")
	if err != nil {
		t.Fatal(err)
	}
	set := denyJoin(t, `invited and user.account_age == duration("36h") and user.metadata.level == 12 and user.metadata.tags[1] == 1.5 and
user.metadata.tags[2] == nil and user.metadata.tags[3] == true and user.vars.platform == "ps5" and any(user.groups, .name == "Owls") and
party.label.mode == "ranked" and any(party.members, .leader and .progress == 0.5) and relation.blocked and request.target_id == "u3" and
hour(now) == 20 and party.age == duration("5m") and request.max_size == 4`)
	if d, err := set.Try(context.Background(), f, nil); err != nil || d.Allowed {
		t.Errorf("the facts are %+v; %v", f, err)
	}
	_, err = rules.LoadFacts([]byte("user: {account_ag: 36h}\nparty: {size: two, label_json: x}\nnow: today\n"), "facts.yml")
	for _, want := range []string{
		`facts.yml:1:8: user.account_ag: unknown key, did you mean "account_age"?`,
		`facts.yml:2:15: party.size: is "two"; expected a whole number`,
		`facts.yml:2:20: party.label_json: unknown key`,
		`facts.yml:3:6: now: is "today"; expected a time`,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("LoadFacts = %v; want %q among it", err, want)
		}
	}
}
