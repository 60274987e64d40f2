package advice_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"partyline/local/advice"
	"partyline/party/rules"
)

func fileWith(condition string) string {
	return "version: 1\nstatus: {stages: [ready]}\nrules:\n  - id: r\n    on: [join]\n    deny: |\n      " + condition + "\n"
}

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

// TestLoad_sound checks that a condition that is reported as never or always true is so for every value that is tried.
func TestLoad_sound(t *testing.T) {
	claims := 0
	rapid.Check(t, func(t *rapid.T) {
		var found rules.Problems
		set, err := advice.Load([]byte(fileWith(drawCondition(t, 2))), "rules.yml")
		if err != nil {
			found = err.(rules.Problems)
		} else {
			found = set.Warnings()
		}
		for _, p := range found {
			part, never := strings.CutSuffix(strings.Split(p.What, ": ")[0], " can never hold")
			part, always := strings.CutSuffix(part, " always holds")
			if !never && !always {
				continue
			}
			claims++
			of, err := rules.Load([]byte(fileWith(part)), "part.yml")
			if err != nil {
				t.Fatalf("%s: %v", part, err)
			}
			for range 50 {
				f := rules.Facts{Action: rules.ActionJoin, Now: time.Unix(int64(rapid.IntRange(0, 86400).Draw(t, "now")), 0), Party: rules.PartyFacts{
					Size:  rapid.IntRange(0, 256).Draw(t, "members"),
					State: rapid.SampledFrom([]string{rules.StateIdle, rules.StateMatchmaking, rules.StateInMatch}).Draw(t, "state"),
				}}
				if rapid.Bool().Draw(t, "leveled") {
					f.User.Metadata = map[string]any{"level": rapid.IntRange(-3, 7).Draw(t, "level")}
				}
				if d, err := of.Try(t.Context(), f, nil); err != nil || !d.Allowed == never {
					t.Fatalf("%s: said of %q, which is %v for some facts (%v)", p.What, part, !d.Allowed, err)
				}
			}
		}
	})
	if claims == 0 {
		t.Error("no condition was found senseless")
	}
}
