package contract

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"partyline/local/e2e/target"
)

var record = flag.Bool("record", false, "write the transcripts of the server that NAKAMA names instead of comparing")

func transcriptFile(name string) string { return filepath.Join("testdata", name+".json") }

// TestTranscripts compares servers with the recorded transcripts. The server is the one in NAKAMA, or
// the embedded engine, once as a stock server and once with the module and an empty rules file.
func TestTranscripts(t *testing.T) {
	if addr := target.Address(); addr != "" {
		compare(t, addr, target.HasModule(t, addr))
		return
	}
	if *record {
		t.Fatalf("-record needs a server in %s: a stock one, then one with the module", target.Variable)
	}
	t.Run("stock", func(t *testing.T) { compare(t, target.Server(t, false), false) })
	t.Run("module", func(t *testing.T) { compare(t, target.Server(t, true), true) })
}

// compare plays every scenario. With the module, each scenario goes as on a stock server. The
// exceptions are in [differences] and have a separate transcript.
func compare(t *testing.T, addr string, module bool) {
	for _, s := range Scenarios() {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			got := Play(t, addr, s).Encode()
			file := transcriptFile(s.Name)
			if module {
				file = expectedFile(s.Name)
			}
			if *record {
				write(t, s.Name, got, module)
				return
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := Difference(got, want); diff != "" {
				t.Errorf("%s: %s\n%s", s.Name, s.About, diff)
			}
		})
	}
}

// write records a transcript. With the module, it writes a file only if the transcript differs from the stock server's.
func write(t *testing.T, name string, got []byte, module bool) {
	t.Helper()
	file := transcriptFile(name)
	if module {
		stock, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		file = differenceFile(name)
		if Difference(got, stock) == "" {
			if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Fatal(err)
			}
			return
		}
	}
	if err := os.WriteFile(file, got, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestTranscriptFiles asserts that each scenario has a unique name, a description, and exactly one file.
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
