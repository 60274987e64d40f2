package contract

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"partyline/local/e2e/target"
)

var record = flag.Bool("record", false, "write the transcripts of the stock server that NAKAMA names instead of comparing")

func transcriptFile(name string) string { return filepath.Join("testdata", name+".json") }

// TestTranscripts compares servers with the recorded transcripts: the one that NAKAMA names, or
// the embedded engine, as a stock server and with the module.
func TestTranscripts(t *testing.T) {
	if addr := target.Given(); addr != "" {
		module := target.HasModule(t, addr)
		if *record && module {
			t.Fatalf("%s has the module loaded; transcripts are recorded from a stock server", addr)
		}
		compare(t, addr, module)
		return
	}
	if *record {
		t.Fatalf("-record needs a stock server in %s", target.Variable)
	}
	t.Run("stock", func(t *testing.T) { compare(t, target.Server(t, false), false) })
	t.Run("module", func(t *testing.T) { compare(t, target.Server(t, true), true) })
}

// compare plays every scenario. With the module, those that it guards on purpose are left to the module's own suites,
// and a refusal may be in the module's words, as long as it is one.
func compare(t *testing.T, addr string, module bool) {
	for _, s := range Scenarios() {
		if module && s.Guarded != "" {
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			got := Play(t, addr, s).Encode()
			file := transcriptFile(s.Name)
			if *record {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if module {
				got, want = anyRefusal(got), anyRefusal(want)
			}
			if diff := Difference(got, want); diff != "" {
				t.Errorf("%s: %s\n%s", s.Name, s.About, diff)
			}
		})
	}
}

var refusal = regexp.MustCompile(`"error":\{"code":\d+,"message":"(\\.|[^"\\])*"\}`)

// anyRefusal makes all realtime errors alike.
func anyRefusal(transcript []byte) []byte {
	return refusal.ReplaceAll(transcript, []byte(`"error":"any"`))
}

// TestTranscriptFiles asserts that scenarios have distinct names, a meaning, and exactly one file each.
func TestTranscriptFiles(t *testing.T) {
	var want []string
	for _, s := range Scenarios() {
		if s.Name == "" || s.About == "" || s.Run == nil {
			t.Errorf("scenario %q lacks a name, a meaning or a story", s.Name)
		}
		want = append(want, transcriptFile(s.Name))
	}
	slices.Sort(want)
	if twice := slices.Compact(slices.Clone(want)); len(twice) != len(want) {
		t.Errorf("%d scenarios, %d names", len(want), len(twice))
	}
	got, err := filepath.Glob(transcriptFile("*"))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(got)
	if !*record && !slices.Equal(got, want) {
		t.Errorf("transcripts:\n%s\nwant one for each scenario:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
