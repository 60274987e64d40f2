package rules_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"partyline/party/rules"
)

var update = flag.Bool("update", false, "rewrite the expected part of golden files")

// goldenCases are the files to accept and to reject: a rules file, a line of dashes, and the expected problems.
// They also seed the fuzz targets.
func goldenCases(t testing.TB) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob("testdata/load/*.txt")
	if err != nil || len(paths) < 30 {
		t.Fatalf("found %d golden files, %v", len(paths), err)
	}
	out := map[string][]byte{}
	for _, p := range paths {
		data, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		out[p] = data
	}
	return out
}

const dashes = "-----\n"

func TestLoad_golden(t *testing.T) {
	for path, data := range goldenCases(t) {
		name := strings.TrimSuffix(filepath.Base(path), ".txt")
		t.Run(name, func(t *testing.T) {
			input, want, ok := bytes.Cut(data, []byte(dashes))
			if !ok {
				t.Fatalf("%s has no line of dashes", path)
			}
			set, err := rules.Load(input, "rules.yml")
			got := verdict(t, set, err)
			if *update {
				if err := os.WriteFile(path, append(append(bytes.Clone(input), dashes...), got...), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(want) {
				t.Errorf("Load said\n%s\nwant\n%s", got, want)
			}
			kind, _, _ := strings.Cut(name, "_")
			accepted := map[string]bool{"ok": true, "warn": true, "bad": false}[kind]
			if accepted != (err == nil) {
				t.Errorf("accepted %v, but the file is called %s", err == nil, name)
			}
		})
	}
}

// verdict returns the outcome as text.
func verdict(t *testing.T, set *rules.Set, err error) string {
	t.Helper()
	if err == nil {
		ws := set.Warnings()
		if len(ws) == 0 {
			return "ok\n"
		}
		return ws.Error() + "\n" + ws.Count() + "\n"
	}
	if set != nil {
		t.Errorf("a Set beside an error")
	}
	var ps rules.Problems
	if !errors.As(err, &ps) {
		t.Fatalf("the error is %T, not Problems", err)
	}
	if len(ps.Errors()) == 0 {
		t.Errorf("refused without an error among %v", ps)
	}
	return ps.Error() + "\n" + ps.Count() + "\n"
}

func TestLoad_emptyIsDefault(t *testing.T) {
	for _, text := range []string{"", "\n", "# c\n", "---\n", "version: 1\n", "{version: 1}"} {
		set, err := rules.Load([]byte(text), "rules.yml")
		if err != nil {
			t.Fatalf("Load(%q): %v", text, err)
		}
		if got, want := asJSON(t, set.Config()), asJSON(t, rules.Default()); got != want {
			t.Errorf("Load(%q) = %s\nwant the defaults %s", text, got, want)
		}
	}
}

func TestLoad_tooLarge(t *testing.T) {
	big := "version: 1\n" + strings.Repeat("# a comment that is there to be long\n", 10_000)
	if _, err := rules.Load([]byte(big), "rules.yml"); err == nil || !strings.Contains(err.Error(), "is longer than 262144 bytes") {
		t.Errorf("a file of %d bytes: %v", len(big), err)
	}
	many := "version: 1\nqueues:\n" + strings.Repeat("  k: {teams: 2}\n", 15_000)
	if _, err := rules.Load([]byte(many), "rules.yml"); err == nil {
		t.Errorf("a file with 15,000 queues was loaded")
	}
}

// TestLoad_noUTF8 also checks that problems contain only valid text.
func TestLoad_noUTF8(t *testing.T) {
	_, err := rules.Load([]byte("version: 1\nparties: {open: \xff}\n"), "rules.yml")
	if err == nil || !strings.Contains(err.Error(), "rules.yml:2:1: is not UTF-8 text") {
		t.Errorf("got %v", err)
	}
}

// TestLoad_syntax checks that syntax errors are reported in plain words and with their place.
func TestLoad_syntax(t *testing.T) {
	for _, c := range []struct{ file, want string }{
		{"rules:\n  - id: a\n    message: Hi: there", "3:14: a key begins within a value; a text or a condition with : "},
		{"parties:\n  open: any\n   one_per_user: true", "2:9: a key begins within a value; "},
		{"parties:\n   open: any\n  one_per_user: true", "3:3: begins in another column than what it belongs to; "},
		{"rules:\n  - id: a\n     on: [join]", "2:9: a key begins within a value; "},
		{"rules:\n  - id: a\n    deny: \"user.id == \"x\"\"", "3:24: something is after the end of a value; "},
		{"invites: {page: {title: \"a \"b\" c\"}}", "1:29: a comma or a closing bracket is missing; "},
		{"status: {stages: [a, b", "1:18: a bracket is opened and never closed; "},
		{"status:\n  stages: [a, b", "2:11: a bracket is opened and never closed; "},
		{"status:\n  stages: [a, b\nparties:", "3:1: a comma or a closing bracket is missing; "},
		{"parties: {open: any}}", "1:21: a bracket is closed that was not opened; "},
		{"parties\n  open: any", "1:1: a colon is missing behind a key; "},
		{"rules:\n  - id: a\n    deny: |\n    invited", "4:5: a text stands where a key is expected; "},
		{"invites: {page: {title: @home}}", "1:25: a text cannot begin with @; put it in quotes"},
		{"invites: {page: {title: \"a\\q\"}}", `a text in double quotes has a \ that means nothing; `},
		{"parties:\n\topen: any", "2:1: a tab cannot be used for indentation; "},
	} {
		_, err := rules.Load([]byte(c.file+"\n"), "rules.yml")
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s\ngives %v; want %q", c.file, err, c.want)
			continue
		}
		for _, own := range []string{"mapping", "sequence", "context", "token", "pre-defined", "flow"} {
			if what, _, _ := strings.Cut(err.Error(), "\n"); strings.Contains(what, own) {
				t.Errorf("%s\ngives %v, which speaks of %s", c.file, err, own)
			}
		}
	}
}

func TestProblem_sentences(t *testing.T) {
	ps := rules.Problems{{Severity: rules.Warning}, {}, {}}
	if got := ps.Count(); got != "2 errors, 1 warning" {
		t.Errorf("Count() = %q", got)
	}
	if got := ps[:1].Count(); got != "1 warning" {
		t.Errorf("Count() of a warning = %q", got)
	}
}

// TestLoad_derivedDefaults checks defaults that are the value of another key, where a key is left out or has no value.
func TestLoad_derivedDefaults(t *testing.T) {
	for _, keys := range []string{"max_party: , ", ""} {
		set := mustLoad(t, "version: 1\nparties: {kick_ban: }\nqueues:\n  q: {teams: 2, team_size: 3, "+keys+"skill: {property: mmr, window: 70, max: }, latency: {regions: [eu], start: 50}}\n")
		q := set.Config().Queues["q"]
		if q.MaxParty != 3 || q.Skill.Max != 70 || q.Skill.Storage.Field != "mmr" || q.Latency.Max != 50 {
			t.Errorf("with %q: max_party %d, skill %+v, latency %+v", keys, q.MaxParty, *q.Skill, *q.Latency)
		}
		if set.Config().Parties.KickBanJoins {
			t.Error("kick_ban without a value holds for native joins")
		}
	}
}

// A file with very many problems is refused in bounded time: the list has 200, and the number of the others. An error
// among the others refuses the file too.
func TestLoad_ManyProblems(t *testing.T) {
	var unknown, comments strings.Builder
	for i := range 300 {
		fmt.Fprintf(&unknown, "key%d: 1\n", i)
	}
	for range 250 {
		comments.WriteString("  - {id: a, on: [join], deny: invited} #a\n")
	}
	for name, tt := range map[string]struct{ text, last string }{
		"errors":                       {"version: 1\n" + unknown.String(), "rules.yml: 100 more problems are not listed; correct the listed ones first"},
		"an error behind the warnings": {"version: 1\nparties: {ope: any}\nrules:\n" + comments.String(), ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := rules.Load([]byte(tt.text), "rules.yml")
			var ps rules.Problems
			if !errors.As(err, &ps) || len(ps.Errors()) == 0 || len(ps) > 201 {
				t.Fatalf("%d problems, error %v", len(ps), err)
			}
			if last := ps[len(ps)-1]; last.Severity != rules.Error || tt.last != "" && last.String() != tt.last {
				t.Errorf("the last is %+v", last)
			}
		})
	}
}
