package target

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"partyline/local/e2e/client"
)

// Variable is the environment variable that names a running server.
const Variable = "NAKAMA"

// Given is the address of the server that the environment names; "" for none.
func Given() string { return os.Getenv(Variable) }

// Engine starts an embedded engine for the duration of a test, with Partyline's module and
// a rules file that says nothing, or as a stock server, and returns its address.
func Engine(t testing.TB, module bool) string {
	t.Helper()
	rules := ""
	if module {
		rules = filepath.Join(t.TempDir(), "rules.yml")
		if err := os.WriteFile(rules, []byte("version: 1\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return run(t, rules)
}

// run starts an engine; rules is as start takes it.
func run(t testing.TB, rules string) string {
	t.Helper()
	addr, stop, err := start(t.Context(), rules)
	if err != nil {
		t.Fatalf("embedded engine: %v; %s=host:port runs this against a real server", err, Variable)
	}
	t.Cleanup(stop)
	return addr
}

// QueuesVariable names a running server whose module reads the rules file that [Queues]
// is given, beside [Variable]. A server takes its matchmaker at its start only, so a
// server with queues is another one than a server without.
const QueuesVariable = "NAKAMA_QUEUES"

// Queues is a server with queues: an embedded engine, unless the environment names a real
// server for the other suites; then it has to name one with queues too.
func Queues(t testing.TB, rulesFile string) string {
	t.Helper()
	if addr := os.Getenv(QueuesVariable); addr != "" {
		return addr
	}
	if Given() != "" {
		t.Fatalf("%s=host:port has to name a server whose rules are %s", QueuesVariable, rulesFile)
	}
	path, err := filepath.Abs(rulesFile)
	if err != nil {
		t.Fatal(err)
	}
	return run(t, path)
}

// HasModule asks the server at addr whether Partyline's module is loaded.
func HasModule(t testing.TB, addr string) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, err := client.New(addr).RPCWithKey(ctx, client.DefaultHTTPKey, "party_invite_preview", "{}")
	var refused *client.APIError
	switch {
	case err == nil:
		return true
	case errors.As(err, &refused):
		return refused.Status != http.StatusNotFound
	default:
		t.Fatalf("server at %s: %v", addr, err)
		return false
	}
}
