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

// Address returns the address of the server that the environment names; "" for none.
func Address() string { return os.Getenv(Variable) }

// Server starts a server for the duration of a test, either with Partyline's module and an empty rules
// file or as a stock server, and returns its address. It is an embedded engine, or a real server if
// [Real] reports true.
func Server(t testing.TB, module bool) string {
	t.Helper()
	if !module {
		return start(t, "")
	}
	return WithRules(t, emptyRules(t))
}

// Module returns the address of the server that the environment names, or starts one with the module
// as [Server] does.
func Module(t testing.TB) string {
	t.Helper()
	if addr := Address(); addr != "" {
		return addr
	}
	return Server(t, true)
}

// WithRules starts a server as [Server] does, with the module and the rules file at an absolute path.
func WithRules(t testing.TB, rules string) string {
	t.Helper()
	return start(t, rules)
}

// Engine starts an embedded engine with the module, whatever the environment says. It is for tests
// that inspect the process.
func Engine(t testing.TB) string {
	t.Helper()
	return startEngine(t, emptyRules(t))
}

func emptyRules(t testing.TB) string {
	t.Helper()
	rules := filepath.Join(t.TempDir(), "rules.yml")
	if err := os.WriteFile(rules, []byte("version: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return rules
}

// start starts a server; rules is the path of the module's rules file, "" for a stock server.
func start(t testing.TB, rules string) string {
	t.Helper()
	if Real() {
		return StartReal(t, rules).Addr
	}
	return startEngine(t, rules)
}

// QueuesVariable names a running server whose module reads the rules file of [Queues], in addition to
// [Variable]. A server sets up its matchmaker only when it starts, so servers with and without queues
// are different servers.
const QueuesVariable = "NAKAMA_QUEUES"

// Queues returns a server with queues, started as [Server] does. If the environment names a running
// server for the other suites, it must also name one with queues.
func Queues(t testing.TB, rulesFile string) string {
	t.Helper()
	if addr := os.Getenv(QueuesVariable); addr != "" {
		return addr
	}
	if Address() != "" {
		t.Fatalf("%s=host:port has to name a server whose rules are %s", QueuesVariable, rulesFile)
	}
	path, err := filepath.Abs(rulesFile)
	if err != nil {
		t.Fatal(err)
	}
	return start(t, path)
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
