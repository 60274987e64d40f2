package advice_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"partyline/local/advice"
	"partyline/party/rules"
)

var update = flag.Bool("update", false, "write the golden files again")

// TestLoad_golden checks every problem that is reported of the files, with its place: a rules file, a line of dashes, and
// the problems.
func TestLoad_golden(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(paths) < 7 {
		t.Fatalf("found %d golden files, %v", len(paths), err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		const dashes = "-----\n"
		input, want, _ := bytes.Cut(data, []byte(dashes))
		set, err := advice.Load(input, "rules.yml")
		var ps rules.Problems
		if !errors.As(err, &ps) {
			ps = advice.Warnings(set)
		}
		got := ps.Error() + "\n" + ps.Count() + "\n"
		if *update {
			if err := os.WriteFile(path, append(append(bytes.Clone(input), dashes...), got...), 0o644); err != nil {
				t.Fatal(err)
			}
		} else if got != string(want) {
			t.Errorf("%s: Load said\n%s\nwant\n%s", path, got, want)
		}
	}
}
