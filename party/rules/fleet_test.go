package rules_test

import (
	"strings"
	"testing"

	"partyline/party/rules"
)

// TestLoad_TickOutsideHasOneProblem checks that a tick outside of its limits gives only one problem.
func TestLoad_TickOutsideHasOneProblem(t *testing.T) {
	for _, tick := range []string{"0", "-1"} {
		_, err := rules.Load([]byte("version: 1\nqueues:\n  a: {teams: 2, team_size: 8, tick: "+tick+"}\n"), "rules.yml")
		if err == nil || strings.Contains(err.Error(), "messages a second") {
			t.Errorf("tick: %s: %v", tick, err)
		}
	}
}

// TestLoad_UnusedFleetIsNoError checks that a fleet without effect is no error.
func TestLoad_UnusedFleetIsNoError(t *testing.T) {
	if _, err := rules.Load([]byte("version: 1\nqueues:\n  a: {teams: 2, team_size: 1, fleet: {metadata: {partyline: x}}}\n"), "rules.yml"); err != nil {
		t.Errorf("Load = %v; want none", err)
	}
}
