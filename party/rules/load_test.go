package rules_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"partyline/party/rules"
)

var update = flag.Bool("update", false, "rewrite the expected part of golden files")

// goldens are the accept and reject cases: a file, a line of dashes, and what is
// said about it. They also seed the fuzz targets.
func goldens(t testing.TB) map[string][]byte {
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
	for path, data := range goldens(t) {
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

// verdict is what a person would see of the outcome.
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
	if _, err := rules.Load([]byte(big), "rules.yml"); err == nil || !strings.Contains(err.Error(), "bytes long") {
		t.Errorf("a file of %d bytes: %v", len(big), err)
	}
	many := "version: 1\nqueues:\n" + strings.Repeat("  k: {teams: 2}\n", 15_000)
	if _, err := rules.Load([]byte(many), "rules.yml"); err == nil {
		t.Errorf("a file with 15,000 queues was loaded")
	}
}

// TestLoad_noUTF8 also pins that problems never hold bytes that are not text.
func TestLoad_noUTF8(t *testing.T) {
	_, err := rules.Load([]byte("version: 1\nparties: {open: \xff}\n"), "rules.yml")
	if err == nil || !strings.Contains(err.Error(), "rules.yml:2:1: is not UTF-8 text") {
		t.Errorf("got %v", err)
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
