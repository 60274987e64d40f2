package target

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"partyline/local/demo"
	"partyline/local/engine"
	"partyline/module/wiring"
)

// ConsoleKey opens the console page of the servers that suites run against.
const ConsoleKey = "local-console-key"

// startEngine runs an embedded engine at a free port of the loopback interface. Waits that
// tests could only sit out are short.
func startEngine(t testing.TB, rules string) string {
	t.Helper()
	options := engine.Options{MatchmakerInterval: 500 * time.Millisecond}
	if rules != "" {
		options.Init = wiring.Register
		options.Env = map[string]string{wiring.EnvRules: rules, wiring.EnvConsole: ConsoleKey}
	}
	server, err := engine.Start(t.Context(), options)
	if err != nil {
		t.Fatalf("embedded engine: %v; %s=host:port runs this against a real server", err, Variable)
	}
	t.Cleanup(server.Close)
	return server.Addr()
}

// Demo serves the demo client, for the duration of a test and apart from the server at
// addr that it talks to, and returns its address. sdkDir is where npm has put the SDK.
func Demo(t testing.TB, addr, sdkDir string) string {
	t.Helper()
	handler, err := demo.Handler(demo.Options{Server: "http://" + addr, SDKDir: sdkDir})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}
