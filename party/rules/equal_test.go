package rules_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"partyline/party/rules"
)

// TestSet_Decide_byValue checks that metadata compares by value, whether a game writes it as text or as a
// number. Values that cannot be compared refuse the action instead of counting as false.
func TestSet_Decide_byValue(t *testing.T) {
	for _, c := range []struct {
		metadata, cond string
		want           string // true, false, or part of the error
	}{
		{`{"level": "10"}`, `user.metadata.level == 10`, "true"},
		{`{"level": 10}`, `user.metadata.level == "10"`, "true"},
		{`{"level": 10.0}`, `"10" == user.metadata.level`, "true"},
		{`{"level": "11"}`, `user.metadata.level != 10`, "true"},
		{`{}`, `user.metadata.level == 10`, "false"},
		{`{"level": null}`, `user.metadata.level in [1, 2]`, "false"},
		{`{"level": "ten"}`, `user.metadata.level == 10`, `a text "ten" is compared with a whole number 10`},
		{`{"level": "ten"}`, `user.metadata.level != 10`, `a text "ten" is compared with a whole number 10`},
		{`{"level": "NaN"}`, `user.metadata.level != 10`, `a text "NaN" is compared with a whole number 10`},
		{`{"level": "-Inf"}`, `user.metadata.level == 10`, `a text "-Inf" is compared with a whole number 10`},
		{`{"level": [10]}`, `user.metadata.level == 10`, "a list is compared with a whole number 10"},
		{`{"level": true}`, `user.metadata.level == 1`, "is compared with"},
		{`{"level": "true"}`, `user.metadata.level == true`, "true"},
		{`{"level": "2"}`, `user.metadata.level in [1, 2]`, "true"},
		{`{"level": "x"}`, `user.metadata.level in [1, 2]`, "is compared with"},
		{`{"unlocked": ["1", 2]}`, `1 in user.metadata.unlocked and "2" in user.metadata.unlocked`, "true"},
		{`{"unlocked": "12"}`, `1 in user.metadata.unlocked`, "a list is expected behind in"},
		{`{"a": {"b": 1}}`, `"b" in user.metadata.a and "c" not in user.metadata.a`, "true"},
		{`{"a": [1, "x"]}`, `user.metadata.a == user.metadata.a`, "true"},
		{`{"level": 10, "needed": "10"}`, `user.metadata.level == user.metadata.needed`, "true"},
		{`{"level": 10}`, `user.metadata.level < "11"`, `"<" cannot be used between a whole number and a text`},
	} {
		d, err := denyJoin(t, c.cond).Try(context.Background(), someFacts(), &fakeLoader{account: rules.Account{Metadata: c.metadata}})
		switch {
		case c.want == "true" || c.want == "false":
			if err != nil || d.Allowed == (c.want == "true") {
				t.Errorf("%s for %s: denied %v, %v", c.cond, c.metadata, !d.Allowed, err)
			}
		case err == nil || d.Allowed || !strings.Contains(err.Error(), c.want):
			t.Errorf("%s for %s: %+v, %v; want a refusal with %q", c.cond, c.metadata, d, err, c.want)
		}
	}
}

// TestSet_Decide_failureMessage checks that a player is told to try again only if that can help.
func TestSet_Decide_failureMessage(t *testing.T) {
	for _, c := range []struct {
		cond  string
		load  rules.Loader
		again bool
	}{
		{"relation.blocked", &fakeLoader{err: errors.New("no database")}, true},
		{"user.account_age < duration(\"1h\")", &fakeLoader{err: errors.New("no database")}, true},
		{"user.metadata.level < 10", &fakeLoader{}, false},
		{"user.metadata.level == 10", &fakeLoader{account: rules.Account{Metadata: `{"level": "high"}`}}, false},
		{"relation.blocked", panicLoader{}, false},
	} {
		d, err := denyJoin(t, c.cond).Try(context.Background(), someFacts(), c.load)
		if err == nil || strings.Contains(d.Message, "please try again") != c.again || d.Rule != "r" {
			t.Errorf("%s: %+v, %v", c.cond, d, err)
		}
	}
}
