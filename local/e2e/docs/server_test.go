package docs

import (
	"path/filepath"
	"testing"
	"time"

	"partyline/local/e2e/target"
	"partyline/local/engine"
	"partyline/module/wiring"
)

// server returns the given server, or starts an embedded engine with the module. The documentation
// assumes the sample rules, local/rules.yml, so a given server has to run with them.
func server(t *testing.T) string {
	t.Helper()
	if addr := target.Address(); addr != "" {
		if !target.HasModule(t, addr) {
			t.Fatalf("the server at %s has no Partyline module, which the documentation is about", addr)
		}
		return addr
	}
	root, err := filepath.Abs(Root)
	if err != nil {
		t.Fatal(err)
	}
	if target.Real() {
		return target.WithRules(t, filepath.Join(root, "local", "rules.yml"))
	}
	s, err := engine.Start(t.Context(), engine.Options{
		MatchmakerInterval: 200 * time.Millisecond,
		RuntimePath:        root, Env: map[string]string{wiring.EnvRules: "local/rules.yml"}, Init: wiring.Register,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s.Addr()
}
