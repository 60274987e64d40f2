package overview_test

import (
	"slices"
	"strings"
	"testing"

	"partyline/party/overview"
)

func TestHealth(t *testing.T) {
	w := newWorld(t, "version: 1\n")
	w.vitals = overview.Vitals{
		Tasks:   []overview.Task{{Name: "invite sweep", Runs: 3, Failures: 1, LastError: "timeout", LastErrorAt: 7, LastRun: 9}},
		Storage: overview.StorageVitals{Reads: 5, Writes: 4, Conflicts: 3, Errors: 2}, Tickets: 6, Failures: overview.Failures{Calls: 1},
	}
	h := w.overview.Health()
	if !h.OK || len(h.Problems) != 0 || h.Tickets != 6 || h.Storage.Conflicts != 3 || h.Rules.Version != 1 {
		t.Errorf("Health = %+v; want it well: what failed once works again", h)
	}
	w.vitals.Tasks[0].Failing = true
	w.write("version: 1\nparties: {colour: red}\n")
	_ = w.live.Reload()
	h = w.overview.Health()
	if h.OK || len(h.Problems) != 2 || !h.Rules.Broken || h.Rules.Problems != 1 ||
		!slices.ContainsFunc(h.Problems, func(p string) bool { return strings.Contains(p, "invite sweep fails: timeout") }) {
		t.Errorf("Health = %+v; want a broken file and a failing sweep", h)
	}
}
