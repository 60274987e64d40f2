package main

import (
	"os"
	"strings"
	"testing"
)

func TestRulesTest(t *testing.T) {
	path := file(t, "rules.yml", "version: 1\nrules:\n  - {id: big, on: [join], deny: party.size > 3}\n  - {id: late, on: [join], deny: hour(now) > 21}\n")
	cases := strings.TrimSuffix(path, ".yml") + ".cases"
	write := func(text string) {
		if err := os.WriteFile(cases, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("join {party: {size: 4}} -> denied by big\njoin -> allowed\n")
	want := "not covered: no case is decided by late\n" + path + ": 2 cases, 2 as expected, 0 not; 1 of 2 rules covered\n"
	if r := call(t, "", "rules", "test", path); r.code != exitOK || r.out != want {
		t.Errorf("%+v; want %s", r, want)
	}
	write("join {party: {size: 4}} -> allowed\n")
	if r := call(t, "", "rules", "test", path); r.code != exitProblem || !strings.Contains(r.out, cases+":1: join {party: {size: 4}}\n    want allowed, got denied by big\n") {
		t.Errorf("%+v", r)
	}
	write("join {party: {size: 4}} -> alowed\n")
	if r := call(t, "", "rules", "test", path); r.code != exitProblem || !strings.Contains(r.out, "is not an outcome") {
		t.Errorf("%+v", r)
	}
	if r := call(t, "join -> allowed\n", "rules", "test", path, "-"); r.code != exitOK {
		t.Errorf("%+v", r)
	}
	for _, args := range [][]string{{"rules", "test"}, {"rules", "test", path, "none.cases"}, {"rules", "test", "none.yml"}} {
		if r := call(t, "", args...); r.code != exitUsage {
			t.Errorf("%v: %+v", args, r)
		}
	}
}

func TestRulesDiff(t *testing.T) {
	old := file(t, "old.yml", "version: 1\nrules: [{id: big, on: [join], deny: party.size > 3}]\n")
	next := file(t, "new.yml", "version: 1\nrules: [{id: big, on: [join], deny: party.size > 5}]\n")
	want := "rule big: denies join when party.size > 5; before: denies join when party.size > 3\n"
	if r := call(t, "", "rules", "diff", old, next); r.code != exitOK || r.out != want {
		t.Errorf("%+v", r)
	}
	r := call(t, "join {party: {size: 4}} -> denied by big\njoin -> allowed\n", "rules", "diff", old, next, "-")
	if r.code != exitOK || r.out != want+"-:1: join {party: {size: 4}}: allowed, was denied by big\n1 of 2 cases have another outcome\n" {
		t.Errorf("%+v", r)
	}
	if r := call(t, "", "rules", "diff", old, old); r.out != "both files mean the same\n" {
		t.Errorf("%+v", r)
	}
	if r := call(t, "", "rules", "diff", old); r.code != exitUsage {
		t.Errorf("%+v", r)
	}
}

func TestRulesExplain_gates(t *testing.T) {
	path := file(t, "rules.yml", "version: 1\nrules: [{id: big, on: [join], deny: party.size > 5}]\n")
	r := call(t, "{party: {size: 4, max_size: 4}}", "rules", "explain", path, "--action", "join", "--facts", "-")
	if !strings.HasPrefix(r.out, "join is refused before the rules: party_full (4 members and 0 kept seats of 4)\n") {
		t.Errorf("%+v", r)
	}
	r = call(t, "{party: {size: 3, max_size: 4}}", "rules", "explain", path, "--action", "join", "--facts", "-")
	if !strings.Contains(r.out, "before the rules nothing refuses: not banned, not party_locked, not party_full\n") || !strings.Contains(r.out, "join is allowed: no rule's condition holds") {
		t.Errorf("%+v", r)
	}
	path = file(t, "rules.yml", "version: 1\nqueues: {solo: {teams: 2, team_size: 1}}\nrules: [{id: never, on: [matchmake], deny: party.size > 2}]\n")
	for size, want := range map[string]string{
		"1": "matchmake is allowed: no rule's condition holds\nafter the rules nothing refuses: not unknown_queue, not party_too_large\n\n1. never",
		"2": "matchmake is allowed: no rule's condition holds\nmatchmake is refused after the rules: party_too_large (members: 2, the queue takes up to 1)\n\n1. never",
		"3": "matchmake is denied by never\nthe player reads: ",
	} {
		r := call(t, "{request: {queue: solo}, party: {size: "+size+"}}", "rules", "explain", path, "--action", "matchmake", "--facts", "-")
		if !strings.HasPrefix(r.out, want) || size == "3" && strings.Contains(r.out, "refuse") {
			t.Errorf("%s: %+v", size, r)
		}
	}
}
