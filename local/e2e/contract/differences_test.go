package contract

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// differences lists all answers to stock clients that differ between a stock server and a server with
// the module and an empty rules file. The keys are the names in docs/host.md, and the values are the
// scenarios that show the difference. [additions] lists the module's additional messages.
var differences = map[string][]string{
	"a refusal is in the module's words":                   {"party-accept-full", "party-close", "party-join-full", "party-leave-last"},
	"an ID or a presence that cannot be is refused before": {"malformed-empty-messages", "malformed-party-ids", "malformed-presences"},
	"a strange cursor of the party list is refused":        {"party-list-cursor"},
	"a party gets a size":                                  {"party-create-sizes", "party-create-without-size"},
	"a member does not join again":                         {"party-join-again", "party-request-from-member"},
	"a player has one seat":                                {"party-two-sockets"},
	"a party's list of requests is bounded":                {"party-request-cap"},
	"only members act in a party":                          {"malformed-presences", "matchmaker-party-errors", "party-accept-errors"},
	"a member does not look for a match beside the party":  {"matchmaker-party-cap"},
	"a party does not look while a member looks elsewhere": {"matchmaker-party-elsewhere"},
	"a party larger than the match gets no ticket":         {"matchmaker-party-large"},
}

// differenceFile returns the path of a scenario's transcript with the module, if it has its own.
func differenceFile(name string) string { return filepath.Join("testdata", "module", name+".json") }

// expectedFile returns the path of the transcript that a server with the module must give.
func expectedFile(name string) string {
	for _, scenarios := range differences {
		if slices.Contains(scenarios, name) {
			return differenceFile(name)
		}
	}
	return transcriptFile(name)
}

// Each transcript with the module belongs to a difference, and differs from the stock server's.
func TestDifferences(t *testing.T) {
	files, err := filepath.Glob(differenceFile("*"))
	if err != nil {
		t.Fatal(err)
	}
	want := slices.Sorted(func(yield func(string) bool) {
		for _, scenarios := range differences {
			for _, name := range scenarios {
				if !yield(differenceFile(name)) {
					return
				}
			}
		}
	})
	if want = slices.Compact(want); !slices.Equal(files, want) {
		t.Errorf("transcripts with the module:\n%s\nwant those that the differences name:\n%s", strings.Join(files, "\n"), strings.Join(want, "\n"))
	}
	for _, file := range files {
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		stock, err := os.ReadFile(transcriptFile(strings.TrimSuffix(filepath.Base(file), ".json")))
		if err != nil {
			t.Fatal(err)
		}
		if Difference(got, stock) == "" {
			t.Errorf("%s is a stock server's", file)
		}
	}
}

var listed = regexp.MustCompile(`(?m)^- \*\*(.+)\*\*`)

// The documentation lists the same differences and additions.
func TestDifferences_Documented(t *testing.T) {
	text, err := os.ReadFile("../../../docs/host.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(text), "## What an empty rules file changes\n")
	if !found {
		t.Fatal("docs/host.md has no such section")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	var got []string
	for _, match := range listed.FindAllStringSubmatch(section, -1) {
		got = append(got, match[1])
	}
	want := slices.Collect(maps.Keys(differences))
	for _, a := range additions {
		want = append(want, a.what)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("docs/host.md lists\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
