package target

import (
	"context"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"partyline/local/demo"
	"partyline/local/engine"
	"partyline/local/hostproc"
	"partyline/module/wiring"
)

// ConsoleKey opens the console page of the servers that suites run against.
const ConsoleKey = "local-console-key"

// PluginVariable names a built plugin, an absolute path. Where it is set, servers with the
// module are plugin hosts that open this file, instead of engines in the test's process.
const PluginVariable = "PARTYLINE_PLUGIN"

// matchmakerInterval keeps the waits short that tests could only sit out.
const matchmakerInterval = 500 * time.Millisecond

// start runs an embedded engine at a free port of the loopback interface. rules is the path
// of the module's rules file; "" is a stock server.
func start(ctx context.Context, rules string) (addr string, stop func(), err error) {
	options := engine.Options{MatchmakerInterval: matchmakerInterval}
	if rules != "" {
		env := map[string]string{wiring.EnvRules: rules, wiring.EnvConsole: ConsoleKey}
		if file := os.Getenv(PluginVariable); file != "" {
			p, err := hostproc.Start(ctx, hostproc.Options{Plugin: file, Env: env, MatchmakerInterval: matchmakerInterval})
			if err != nil {
				return "", nil, err
			}
			return p.Addr(), p.Stop, nil
		}
		options.Init, options.Env = wiring.Register, env
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
