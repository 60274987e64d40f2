package advice_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"partyline/local/advice"
	"partyline/party/rules"
)

// denyJoin returns a rules file with one rule that denies join under the condition.
func denyJoin(t *testing.T, condition string) *rules.Set {
	t.Helper()
	set, err := advice.Load([]byte(fileWith(condition)), "rules.yml")
	if err != nil {
		t.Fatalf("%s: %v", condition, err)
	}
	return set
}

func fileWith(condition string) string {
	return "version: 1\nstatus: {stages: [ready]}\nrules:\n  - id: r\n    on: [join]\n    deny: |\n      " + condition + "\n"
}

var someFacts = rules.Facts{
	Action: rules.ActionJoin,
	Now:    time.Date(2026, 7, 18, 20, 30, 0, 0, time.UTC),
	User:   rules.UserFacts{ID: "u-bob", Username: "bob"},
	Party: rules.PartyFacts{ID: "p", Size: 2, MaxSize: 4, LeaderID: "u-ada", Members: []rules.MemberFacts{
		{UserID: "u-ada", Username: "ada", Leader: true, Stage: "ready", Progress: 1}, {UserID: "u-cyd", Username: "cyd"},
	}},
}

// TestLoad_missing checks that the file's problems name each field that may be missing where nil cannot be used, and
// that the default they propose is the cure.
func TestLoad_missing(t *testing.T) {
	proposal := regexp.MustCompile(`^give a default: \((.+) \?\? .+\)$`)
	for _, cond := range []string{
		`not user.metadata.vip`, `party.size > 0 and user.metadata.vip`, `party.label.guild or invited`, `user.metadata.vip ? party.open : invited`,
		`not (party.open ? invited : user.metadata.vip)`, `not (user.metadata.vip ?? user.metadata.pro)`, `not user.metadata.nothing?.vip`,
		`any(party.members, .metadata.banned)`, `count(party.members, .attributes.ready) > 0`, `len(filter(party.members, not .metadata.vip)) > 0`,
		`-user.metadata.a < 3`, `user.metadata.nothing.a < 3`, `user.metadata.nothing?.a < 3`, `(user.metadata.a ?? user.metadata.b) < 3`,
		`int(user.metadata.a) < 10`, `float(user.metadata.a) < 10`, `abs(user.metadata.a) < 10`, `max(user.metadata.a, 3) > 2`, `min([user.metadata.a, 3]) > 2`,
		`max(map(party.members, .metadata.a)) > 2`, `sum(party.members, .metadata.a) > 5`, `sum([1, user.metadata.a]) > 5`, `count([user.metadata.a]) > 0`,
		`sum(user.metadata.list) > 2`, `count(user.metadata.list) > 2`, `any(user.metadata.list, # == 5)`, `len(map(user.metadata.list, # == 5)) > 1`,
		`len(user.metadata.list) > 1`, `lower(user.metadata.a) == "x"`, `trim(party.label.a) == "x"`, `trim(user.id, user.metadata.a) == ""`,
		`hash(user.metadata.a) % 2 == 0`, `hash(user.id, user.metadata.a) % 2 == 0`,
	} {
		set := denyJoin(t, cond)
		if _, err := set.Try(t.Context(), someFacts, nil); err == nil || strings.Contains(err.Error(), "cannot be evaluated") {
			t.Errorf("%s: %v; want an error that says why", cond, err)
		}
		warnings := set.Warnings()
		if len(warnings) != 1 || !proposal.MatchString(warnings[0].Allowed) {
			t.Errorf("%s: warnings %v; want one that proposes a default", cond, warnings)
			continue
		}
		cured := strings.Replace(cond, proposal.FindStringSubmatch(warnings[0].Allowed)[1], strings.TrimPrefix(warnings[0].Allowed, "give a default: "), 1)
		set = denyJoin(t, cured)
		if _, err := set.Try(t.Context(), someFacts, nil); err != nil || len(set.Warnings()) > 0 {
			t.Errorf("%s: %v, warnings %v; want an answer and none", cured, err, set.Warnings())
		}
	}
}

// TestLoad_missingAskedFor checks that there is no warning about a field that the condition itself asks for.
func TestLoad_missingAskedFor(t *testing.T) {
	for cond, warnings := range map[string]int{
		`user.metadata.nothing == nil or not user.metadata.nothing`:  0,
		`user.metadata.nothing != nil and user.metadata.nothing > 3`: 0,
		`"nothing" in user.metadata and user.metadata.nothing`:       0,
		`"nothing" in user.metadata and user.metadata.other`:         1,
		`user.metadata.nothing == 1 or not user.metadata.nothing`:    1,
		`user.metadata.other != nil and not user.metadata.nothing`:   1,
	} {
		if got := denyJoin(t, cond).Warnings(); len(got) != warnings {
			t.Errorf("%s: warnings %v; want %d", cond, got, warnings)
		}
	}
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

// FuzzLoad checks that no condition makes the check panic.
func FuzzLoad(f *testing.F) {
	for _, cond := range []string{
		`hour(now, "Europe/Berlin") >= 22 and not (party.state in ["idle", nil])`, `"x" in map(party.members, .stage ?? "")`, `(user.metadata.a ?? -1) % 3 == 2`,
		`lower(user.lang) == "EN" or user.account_age < duration("1d") and now > date("2026-12-24")`, `hash(user.id, "a") in 1..3`, `any(party.members, # == nil)`,
	} {
		f.Add(cond)
	}
	f.Fuzz(func(t *testing.T, cond string) {
		file, err := json.Marshal(map[string]any{"version": 1, "rules": []any{map[string]any{"id": "r", "on": []string{"join", "create"}, "deny": cond}}})
		if err != nil {
			t.Fatal(err)
		}
		_, _ = advice.Load(file, "rules.yml")
	})
}
