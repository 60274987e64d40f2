package rules

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// drawCondition draws a condition on facts with few enough values to try many of them.
func drawCondition(t *rapid.T, depth int) string {
	if depth > 0 && rapid.Bool().Draw(t, "deeper") {
		l, r := drawCondition(t, depth-1), drawCondition(t, depth-1)
		switch rapid.SampledFrom([]string{"and", "or", "not"}).Draw(t, "operator") {
		case "and":
			return "(" + l + " and " + r + ")"
		case "or":
			return "(" + l + " or " + r + ")"
		}
		return "not (" + l + ")"
	}
	compare := rapid.SampledFrom([]string{"==", "!=", "<", "<=", ">", ">="})
	switch rapid.IntRange(0, 4).Draw(t, "fact") {
	case 0:
		return fmt.Sprintf("hour(now) %s %d", compare.Draw(t, "by"), rapid.IntRange(-2, 26).Draw(t, "hour"))
	case 1:
		return fmt.Sprintf("time_of_day(now) %s %q", compare.Draw(t, "by"), rapid.SampledFrom([]string{"00:00", "06:30", "12:00", "23:59"}).Draw(t, "time"))
	case 2:
		return fmt.Sprintf("party.size %s %d", compare.Draw(t, "by"), rapid.IntRange(-1, 258).Draw(t, "size"))
	case 3:
		return fmt.Sprintf("(user.metadata.level ?? 0) %s %d", compare.Draw(t, "by"), rapid.IntRange(-1, 5).Draw(t, "level"))
	}
	return fmt.Sprintf("party.state in %s", rapid.SampledFrom([]string{`["idle"]`, `["idle", "in_match"]`, `["matchmaking"]`}).Draw(t, "states"))
}

// TestLint_sound checks that a condition that is reported as never or always true is so for every value
// that is tried.
func TestLint_sound(t *testing.T) {
	claims := 0
	rapid.Check(t, func(t *rapid.T) {
		src := drawCondition(t, 2)
		tree, a, bad := parseCondition(src)
		if bad != nil {
			t.Fatalf("%s: %v", src, bad)
		}
		found := lint(tree.Node, scope{actions: []Action{ActionJoin}, stages: []string{"ready"}})
		for _, p := range found {
			claims++
			text, never := strings.CutSuffix(strings.Split(p.what, ": ")[0], " can never hold")
			text = strings.TrimSuffix(text, " always holds")
			if hint := strings.Index(p.what, "can never hold"); hint >= 0 {
				text, never = strings.TrimSpace(p.what[:hint]), true
			} else if hint := strings.Index(p.what, "always holds"); hint >= 0 {
				text = strings.TrimSpace(p.what[:hint])
			}
			for range 50 {
				if holds := evaluate(t, text, a); holds == never {
					t.Fatalf("%s: said of %q, which is %v for some facts", p.what, text, holds)
				}
			}
		}
	})
	if claims == 0 {
		t.Error("no condition was found senseless")
	}
}

func evaluate(t *rapid.T, text string, a *analysis) bool {
	tree, _, bad := parseCondition(text)
	if bad != nil {
		t.Fatalf("%s: %v", text, bad)
	}
	program, err := compileTree(tree)
	if err != nil {
		t.Fatal(err)
	}
	c := &condition{program: program, facts: a.facts, needs: a.needs}
	m := machines.New().(*machine)
	f := Facts{Now: time.Unix(int64(rapid.IntRange(0, 86400).Draw(t, "now")), 0), Party: PartyFacts{
		Size: rapid.IntRange(0, 256).Draw(t, "members"), State: rapid.SampledFrom([]string{StateIdle, StateMatchmaking, StateInMatch}).Draw(t, "state"),
	}}
	if rapid.Bool().Draw(t, "leveled") {
		f.User.Metadata = map[string]any{"level": rapid.IntRange(-3, 7).Draw(t, "level")}
	}
	m.begin(Defaults(), f, nil)
	holds, err := m.eval(t.Context(), c)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return holds
}
