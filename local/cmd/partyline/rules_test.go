package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"partyline/local"
)

// result is the outcome of one call of the program.
type result struct {
	code     int
	out, err string
}

func call(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	var out, err bytes.Buffer
	code := run(&terminal{in: strings.NewReader(stdin), out: &out, err: &err}, args)
	return result{code, out.String(), err.String()}
}

func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRulesCheck(t *testing.T) {
	good := file(t, "good.yml", "version: 1\nrules: [{id: a, on: [join], deny: party.size > 3}]\n")
	if r := call(t, "", "rules", "check", good); r.code != exitOK || r.out != good+": ok: 1 rule, 0 queues, 5 stages\n" || r.err != "" {
		t.Errorf("%+v", r)
	}
	advice := file(t, "advice.yml", "version: 1\nparties: {resume_on_connect: true}\n")
	if r := call(t, "", "rules", "check", advice); r.code != exitOK || !strings.Contains(r.out, "warning: parties.resume_on_connect") || !strings.HasSuffix(r.out, ", 1 warning\n") {
		t.Errorf("%+v", r)
	}
	bad := file(t, "bad.yml", "version: 1\nqueues:\n  arena:\n    teams: 2\n    team_size: 4\n    max_party: 9\n    seat_hold: 5\n")
	want := bad + `:6:16: queues.arena.max_party: 9 is more than a team's 4 seats; allowed 1 to 4
    max_party: 9
               ^

` + bad + `:7:16: queues.arena.seat_hold: 5 has no unit; write 5s or 5m
    seat_hold: 5
               ^

2 errors; a server would keep the rules it has
`
	if r := call(t, "", "rules", "check", bad); r.code != exitProblem || r.out != want || r.err != "" {
		t.Errorf("exit %d, printed\n%s\nwant\n%s", r.code, r.out, want)
	}
	if r := call(t, "version: 1\n", "rules", "check", "-"); r.code != exitOK {
		t.Errorf("from standard input: %+v", r)
	}
	if r := call(t, "", "rules", "check", filepath.Join(t.TempDir(), "none.yml")); r.code != exitUsage || r.out != "" || !strings.Contains(r.err, "no such file") {
		t.Errorf("%+v", r)
	}
}

// rules check loads a font from its path relative to the rules file.
func TestRulesCheck_font(t *testing.T) {
	real, err := os.ReadFile("../../../rpc/landing/card/fonts/NotoSansHebrew-Bold.ttf")
	if err != nil {
		t.Fatal(err)
	}
	const rules = "version: 1\ninvites:\n  page:\n    font: fonts/own.ttf\n"
	for name, tt := range map[string]struct {
		font []byte
		want string
	}{
		"true type": {real, ": ok: 0 rules, 0 queues, 5 stages\n"},
		"missing":   {nil, "no such file or directory; expected a TrueType file (.ttf)\n"},
		"empty":     {[]byte{}, "must be a file of 1 to 33554432 bytes; expected a TrueType file (.ttf)\n"},
		"open type": {[]byte("OTTO\x00\x0b\x00\x80\x00\x03\x000CFF "), "bad TTF version; expected a TrueType file (.ttf)\n"},
	} {
		path := file(t, "rules.yml", rules)
		if tt.font != nil {
			folder := filepath.Join(filepath.Dir(path), "fonts")
			if err := errors.Join(os.Mkdir(folder, 0o700), os.WriteFile(filepath.Join(folder, "own.ttf"), tt.font, 0o600)); err != nil {
				t.Fatal(err)
			}
		}
		r := call(t, "", "rules", "check", path)
		place := strings.Contains(r.out, path+":4:11: warning: invites.page.font: ")
		if r.code != exitOK || !strings.Contains(r.out, tt.want) || place == (name == "true type") {
			t.Errorf("%s: %+v; want %q", name, r, tt.want)
		}
	}
}

func TestRulesCheck_colour(t *testing.T) {
	bad := file(t, "bad.yml", "version: 2\n")
	var out bytes.Buffer
	run(&terminal{out: &out, err: &out, colour: true}, []string{"rules", "check", bad})
	if !strings.Contains(out.String(), "\x1b[31m") || !strings.Contains(out.String(), "\x1b[0m") {
		t.Errorf("no colour: %q", out.String())
	}
	if r := call(t, "", "rules", "check", bad); strings.Contains(r.out, "\x1b") {
		t.Errorf("colour where nobody sees it: %q", r.out)
	}
}

func TestNewTerminal(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if newTerminal(nil, f, f).colour {
		t.Errorf("a file is taken for a terminal")
	}
}

func TestRulesExplain(t *testing.T) {
	rules := file(t, "rules.yml", `version: 1
rules:
  - {id: newcomers, on: [join], deny: 'user.account_age < duration("24h")'}
  - {id: loading, on: [join], deny: 'not invited and any(party.members, .stage != "ready")', message: Wait a little.}
  - {id: open, on: [join], allow: party.size < 3}
`)
	facts := file(t, "facts.json", `{"user": {"account_age": "36h"}, "party": {"size": 2, "members": [
  {"user_id": "1", "username": "ada", "stage": "ready"}, {"user_id": "2", "username": "bob", "stage": "downloading"}]}}`)
	const want = `before the rules nothing refuses: not banned, not party_locked, not party_full
join is denied by loading
the player reads: Wait a little.

1. newcomers: its condition does not hold
   user.account_age < duration("24h")                     false
     user.account_age                                     36h

2. loading: its condition holds, so it denies
   not invited and any(party.members, .stage != "ready")  true
     not invited                                          true
       invited                                            false
     any(party.members, .stage != "ready")                true
         ada                                              false
         bob                                              true

3. open: not asked
`
	for _, args := range [][]string{
		{rules, "--action", "join", "--facts", facts},
		{"--facts=" + facts, "--action=join", rules},
	} {
		if r := call(t, "", append([]string{"rules", "explain"}, args...)...); r.code != exitOK || r.out != want || r.err != "" {
			t.Errorf("%v: exit %d, printed\n%s%s\nwant\n%s", args, r.code, r.out, r.err, want)
		}
	}
	ready := `{"action": "join", "invited": true, "user": {"account_age": "36h"}, "party": {"size": 2}}`
	if r := call(t, ready, "rules", "explain", rules, "--facts", "-"); !strings.Contains(r.out, "\njoin is allowed by open\n") {
		t.Errorf("%+v", r)
	}
	if r := call(t, "", "rules", "explain", rules, "--action", "kick"); !strings.Contains(r.out, "kick is allowed: no rule is about it") {
		t.Errorf("%+v", r)
	}
	if r := call(t, "{user: {lagn: en}}", "rules", "explain", rules, "--action", "join", "--facts", "-"); r.code != exitProblem || !strings.Contains(r.out, `did you mean "lang"?`) {
		t.Errorf("%+v", r)
	}
	broken := file(t, "broken.yml", "version: 1\nrules: [{id: a, on: [join], deny: user.metadata.level < 3}]\n")
	if r := call(t, "", "rules", "explain", broken, "--action", "join"); r.code != exitOK || !strings.Contains(r.out, "\njoin is refused: rule a: ") {
		t.Errorf("%+v", r)
	}
}

func TestRulesSchemaAndInit(t *testing.T) {
	r := call(t, "", "rules", "schema")
	var schema map[string]any
	if err := json.Unmarshal([]byte(r.out), &schema); err != nil || r.code != exitOK || schema["title"] != "Partyline rules" {
		t.Errorf("schema: %v, %v", err, schema["title"])
	}
	r = call(t, "", "rules", "init")
	if r.code != exitOK || r.out != string(local.SampleRules) {
		t.Errorf("init printed %d bytes", len(r.out))
	}
	if r := call(t, r.out, "rules", "check", "-"); r.code != exitOK {
		t.Errorf("what init prints is not right: %+v", r)
	}
	dir := t.TempDir()
	if r := call(t, "", "rules", "init", dir); r.code != exitOK {
		t.Errorf("init into a folder: %+v", r)
	}
	for name, want := range map[string]string{"rules.yml": string(local.SampleRules), "rules.schema.json": call(t, "", "rules", "schema").out} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
	if r := call(t, "", "rules", "init", dir); r.code != exitUsage || !strings.Contains(r.err, "rules.yml: file exists") {
		t.Errorf("init over a file that is there: %+v", r)
	}
}

func TestMisuse(t *testing.T) {
	for _, args := range [][]string{
		{}, {"nonsense"}, {"rules"}, {"rules", "nonsense"}, {"rules", "nonsense", "--help"}, {"rules", "check"}, {"rules", "check", "a", "b"},
		{"rules", "explain"}, {"rules", "explain", "a", "b"}, {"rules", "explain", "-", "--action", "fly"}, {"rules", "explain", "--nonsense"},
		{"rules", "schema", "x"}, {"rules", "init", "x", "y"}, {"rules", "init", "--nonsense"},
		{"api"}, {"version", "x"}, {"gameserver", "x"}, {"playground", "x"},
	} {
		if r := call(t, "version: 1", args...); r.code != exitUsage || r.out != "" || !strings.Contains(r.err, "usage: partyline") {
			t.Errorf("%v: %+v", args, r)
		}
	}
	for _, args := range [][]string{{"rules", "diff", "-", "-"}, {"rules", "test", "-", "-"}, {"rules", "explain", "-", "--action", "join", "--facts", "-"}} {
		if r := call(t, "", args...); r.code != exitUsage || !strings.Contains(r.err, "standard input can stand for one file only") {
			t.Errorf("%v: %+v", args, r)
		}
	}
	if r := call(t, strings.Repeat("x", 3<<20), "rules", "check", "-"); r.code != exitProblem || !strings.Contains(r.out, "is longer than 262144 bytes") {
		t.Errorf("a file without end: %+v", r)
	}
	if r := call(t, "", "run", "--config", "nonsense", "extra"); r.code != exitUsage || !strings.Contains(r.err, "run takes flags alone") {
		t.Errorf("run extra: %+v", r)
	}
	asked := [][]string{{"help"}, {"rules", "help"}, {"rules", "-h"}, {"api", "client", "--help"}, {"rules", "check", "file", "--help"}}
	for _, c := range commands {
		asked = append(asked, []string{c.name, "--help"})
	}
	for _, c := range rulesCommands {
		asked = append(asked, []string{"rules", c.name, "--help"}, []string{"rules", c.name, "-h"}, []string{"rules", c.name, "file", "-help"})
	}
	for _, args := range asked {
		if r := call(t, "", args...); r.code != exitOK || !strings.HasPrefix(r.out, "usage: partyline") || !strings.Contains(r.out, "usage: partyline "+args[0]) && args[0] != "help" || r.err != "" {
			t.Errorf("%v: %+v", args, r)
		}
	}
}

// fullDisk is a disk without space.
type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

// TestOutput_lost: a command fails if nobody could read its answer.
func TestOutput_lost(t *testing.T) {
	good := file(t, "good.yml", "version: 1\n")
	for _, args := range [][]string{{"rules", "schema"}, {"rules", "init"}, {"rules", "check", good}, {"version"}, {"--help"}, {"doctor", "--help"}, {"api", "schema"}} {
		var err bytes.Buffer
		if code := run(&terminal{in: strings.NewReader(""), out: fullDisk{}, err: &err}, args); code != exitUsage || !strings.Contains(err.String(), "no space left") {
			t.Errorf("%q: %d, %s", args, code, err.String())
		}
	}
}
