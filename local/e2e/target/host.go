package target

import (
	"context"
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

// start runs an embedded engine at a free port of the loopback interface. Waits that
// tests could only sit out are short. rules is the path of the module's rules file; "" is
// a stock server.
func start(ctx context.Context, rules string) (addr string, stop func(), err error) {
	options := engine.Options{MatchmakerInterval: 500 * time.Millisecond}
	if rules != "" {
		options.Init = wiring.Register
		options.Env = map[string]string{wiring.EnvRules: rules, wiring.EnvConsole: ConsoleKey}
	}
	server, err := engine.Start(ctx, options)
	if err != nil {
		return "", nil, err
	}
	return server.Addr(), server.Close, nil
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
