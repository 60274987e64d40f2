package rules_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"partyline/party/rules"
)

// FuzzLoad checks that no input panics. Refused input has problems with a place in the file. Accepted input
// stays the same after it is written and loaded again.
func FuzzLoad(f *testing.F) {
	for _, data := range goldenCases(f) {
		input, _, _ := bytes.Cut(data, []byte(dashes))
		f.Add(input)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		set, err := rules.Load(data, "rules.yml")
		if err != nil {
			checkProblems(t, data, err)
			return
		}
		once, err := json.Marshal(set.Config())
		if err != nil {
			t.Fatalf("accepted, but cannot be written: %v", err)
		}
		again, err := rules.Load(once, "again.json")
		if err != nil {
			t.Fatalf("accepted, but its JSON is not: %v\n%s", err, once)
		}
		if twice, _ := json.Marshal(again.Config()); !bytes.Equal(once, twice) {
			t.Fatalf("not stable:\n%s\n%s", once, twice)
		}
		for _, a := range rules.Actions() {
			facts := someFacts()
			facts.Action = a
			if _, err := set.Try(context.Background(), facts, nil); err != nil {
				var ee *rules.EvalError
				if !errors.As(err, &ee) {
					t.Fatalf("Decide gave %T", err)
				}
			}
		}
	})
}

func checkProblems(t *testing.T, data []byte, err error) {
	t.Helper()
	var ps rules.Problems
	if !errors.As(err, &ps) || len(ps.Errors()) == 0 {
		t.Fatalf("refused with %T %v", err, err)
	}
	lines := bytes.Count(data, []byte("\n")) + 1
	for _, p := range ps {
		if p.What == "" || p.Line < 0 || p.Line > lines || p.Line > 0 && p.Col < 1 {
			t.Errorf("problem %+v of a file with %d lines", p, lines)
		}
		if s := p.String(); !utf8.ValidString(s) || strings.ContainsAny(s, "\n\x1b") {
			t.Errorf("a problem that breaks a log: %q", s)
		}
	}
	if len(err.Error()) > 1<<21 {
		t.Errorf("%d bytes of problems for %d bytes", len(err.Error()), len(data))
	}
}

// FuzzDecide checks that a hostile condition over hostile facts ends in bounded time and memory, with a
// decision or an EvalError.
func FuzzDecide(f *testing.F) {
	for _, c := range conditions {
		f.Add(c.cond, `{"level": 12, "unlocked": ["raid"]}`, "ps5")
	}
	for _, cond := range hostileConditions {
		f.Add(cond, hostileMetadata, strings.Repeat("a", 5000))
	}
	f.Fuzz(func(t *testing.T, cond, metadata, hostile string) {
		c := rules.Default()
		c.Rules = []rules.Rule{{ID: "r", On: []rules.Action{rules.ActionJoin}, Deny: cond}}
		text, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		set, err := rules.Load(text, "rules.json")
		if err != nil {
			return
		}
		facts := hostileFacts(hostile)
		begin := time.Now()
		d, err := set.Try(context.Background(), facts, &fakeLoader{account: rules.Account{Metadata: metadata}})
		if took := time.Since(begin); took > 20*time.Second {
			t.Errorf("%q took %v", cond, took)
		}
		if err == nil {
			return
		}
		var ee *rules.EvalError
		if !errors.As(err, &ee) || d.Allowed {
			t.Errorf("%q: %+v, %T %v", cond, d, err, err)
		}
	})
}

var hostileConditions = []string{
	`all(party.members, count(party.members, .username == "x") >= 0)`,
	`all(user.metadata.list, # matches "^(a+)+$")`,
	`user.vars.platform matches "(a|aa)+(b|bb)+c"`,
	`len(map(1..1000, "x")) > 0 and all(1..1000, any(1..500, # > 600 or true))`,
	`all(party.members, lower(user.vars.platform) != .username)`,
	`string(user.metadata) == string(party.label)`,
	`user.metadata == party.label`,
	`all(user.metadata.list, # in user.metadata.list)`,
	`map(map(user.metadata.list, (# ?? [1, 2])), # == #) == nil`,
	`min(user.metadata.list) < max(user.metadata)`,
	`user.metadata.a.b.c.d.e == 1`,
	`1 / 0 > party.size and party.size % 0 == 1`,
	`9223372036854775807 + party.size > 0`,
	`abs(-9223372036854775807 - 1) > 0`,
	`int(user.vars.platform) == float(user.vars.platform)`,
	`date("2026-01-01") - now > duration("36500d")`,
	strings.Repeat("(", 500) + "true" + strings.Repeat(")", 500),
	strings.Repeat("not ", 240) + "true",
	`"` + strings.Repeat("é", 1000) + `" == user.lang`,
}

var hostileMetadata = `{"list": [` + strings.Repeat(`"aaaaaaaaaaaa", `, 4000) + `1], "a": ` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}`

func hostileFacts(text string) rules.Facts {
	f := someFacts()
	f.User.Username, f.User.Lang, f.User.ID = text, text, text
	f.User.Vars = map[string]string{"platform": text, text: text}
	f.Party.Label, f.Party.LabelJSON = nil, `{"mode": "`+strings.Repeat("x", 2000)+`"}`
	for range 300 {
		f.Party.Members = append(f.Party.Members, rules.MemberFacts{UserID: text, Username: text})
	}
	return f
}
