package advice_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"partyline/local/advice"
	"partyline/party/rules"
)

var updateKeys = flag.Bool("update-keys", false, "write the golden files of warnings about keys again")

// TestWarnings_golden checks every warning of the files, with its place: a rules file, a line of dashes, and the
// warnings.
func TestWarnings_golden(t *testing.T) {
	paths, err := filepath.Glob("testdata/keys/*.txt")
	if err != nil || len(paths) < 3 {
		t.Fatalf("found %d golden files, %v", len(paths), err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		const dashes = "-----\n"
		input, want, _ := bytes.Cut(data, []byte(dashes))
		set, err := rules.Load(input, "rules.yml")
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		warnings := advice.Warnings(set)
		got := warnings.Error() + "\n" + warnings.Count() + "\n"
		if *updateKeys {
			if err := os.WriteFile(path, append(append(bytes.Clone(input), dashes...), got...), 0o644); err != nil {
				t.Fatal(err)
			}
		} else if got != string(want) {
			t.Errorf("%s: Warnings said\n%s\nwant\n%s", path, got, want)
		}
	}
}
