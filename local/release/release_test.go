package release_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"partyline/local/release"
)

func TestBill(t *testing.T) {
	bill := release.Bill("partyline.so", "1.0.0", "ab", &debug.BuildInfo{GoVersion: "go1.26.5 X:none", Deps: []*debug.Module{
		{Path: "example.com/a", Version: "v1.0.0+incompatible"},
		{Path: "example.com/b", Version: "v1.0.0", Replace: &debug.Module{Path: "example.com/fork", Version: "v2.0.0"}},
	}})
	var got []string
	for _, c := range bill.Components {
		got = append(got, c.PURL)
	}
	want := []string{"pkg:golang/std@1.26.5", "pkg:golang/example.com/a@v1.0.0%2Bincompatible", "pkg:golang/example.com/fork@v2.0.0"}
	if !slices.Equal(got, want) {
		t.Errorf("components %q; want %q", got, want)
	}
	if of := bill.Metadata.Component; of.Name != "partyline.so" || of.Version != "1.0.0" || of.Hashes[0].Content != "ab" {
		t.Errorf("the bill is of %+v", of)
	}
}

// The test's own program stands for a released file.
func TestDescribe(t *testing.T) {
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(own)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "partyline"), content, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := release.Describe(folder, "1.0.0"); err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile(filepath.Join(folder, release.Sums))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for row := range strings.Lines(string(sums)) {
		sum, name, _ := strings.Cut(strings.TrimSuffix(row, "\n"), "  ")
		content, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		if is := sha256.Sum256(content); hex.EncodeToString(is[:]) != sum {
			t.Errorf("%s has another checksum than %s", name, sum)
		}
		names = append(names, name)
	}
	if !slices.Equal(names, []string{"partyline", "partyline.cdx.json"}) {
		t.Errorf("checksums of %q", names)
	}
	text, err := os.ReadFile(filepath.Join(folder, "partyline.cdx.json"))
	if err != nil {
		t.Fatal(err)
	}
	var bill map[string]any
	if err := json.Unmarshal(text, &bill); err != nil || bill["bomFormat"] != "CycloneDX" || bill["specVersion"] != "1.6" {
		t.Errorf("the bill %s: %v", text, err)
	}
}

func TestDescribe_RefusesWhatIsNoProgram(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "notes.txt"), []byte("notes"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := release.Describe(folder, "1.0.0"); err == nil || !strings.Contains(err.Error(), "notes.txt") {
		t.Errorf("Describe = %v; want the file named", err)
	}
	if _, err := os.Stat(filepath.Join(folder, release.Sums)); err == nil {
		t.Error("checksums were written all the same")
	}
}
