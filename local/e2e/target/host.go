package target

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/local/demo"
	"partyline/local/e2e/client"
	"partyline/local/engine"
	"partyline/local/fleet"
	"partyline/local/gameserver"
	"partyline/local/hostproc"
	"partyline/module/wiring"
)

// ConsoleKey opens the console page of the suites' servers.
const ConsoleKey = "local-console-key"

// HostedVariable names a built plugin, as an absolute path. If it is set, servers with the module are
// plugin hosts that open this file, instead of engines in the test's process.
const HostedVariable = "PARTYLINE_PLUGIN"

// matchmakerInterval is short, because tests must wait for passes.
const matchmakerInterval = 500 * time.Millisecond

// startEngine runs an embedded engine, or a plugin host, at a free port of the loopback interface.
// Intervals that tests must wait for are short.
func startEngine(t testing.TB, rules string) string {
	t.Helper()
	errorsAlone := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	options := engine.Options{MatchmakerInterval: matchmakerInterval, Logger: errorsAlone}
	if rules != "" {
		env := map[string]string{wiring.EnvRules: rules, wiring.EnvConsole: ConsoleKey}
		if file := os.Getenv(HostedVariable); file != "" {
			p, err := hostproc.Start(t.Context(), hostproc.Options{Plugin: file, Env: env, MatchmakerInterval: matchmakerInterval})
			if err != nil {
				t.Fatalf("plugin host: %v", err)
			}
			t.Cleanup(p.Stop)
			return p.Addr()
		}
		options.Init, options.Env = wiring.Register, env
	}
	server, err := engine.Start(t.Context(), options)
	if err != nil {
		t.Fatalf("embedded engine: %v; %s=host:port runs this against a real server", err, Variable)
	}
	t.Cleanup(server.Close)
	return server.Addr()
}

// Main runs a program's tests, or the game server if a fleet of the tests has started the program.
func Main(m *testing.M) {
	if os.Getenv(gameserver.EnvMatch) == "" {
		os.Exit(m.Run())
	}
	if err := gameserver.Run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "game server:", err)
		os.Exit(1)
	}
}

// Arena starts an embedded engine with the module, whatever the environment says, and returns its
// address. Its game servers are processes of this test's program, whose TestMain calls [Main].
func Arena(t testing.TB, rules string) string {
	t.Helper()
	var servers *fleet.Manager
	server, err := engine.Start(t.Context(), engine.Options{
		MatchmakerInterval: matchmakerInterval, Init: wiring.Register, Env: map[string]string{wiring.EnvRules: rules},
		Fleets: func(addr string) (map[string]runtime.FleetManager, error) {
			servers = fleet.New(fleet.Options{Nakama: "http://" + addr, HTTPKey: client.DefaultHTTPKey}, os.Args[0])
			return map[string]runtime.FleetManager{"": servers}, nil
		},
	})
	if err != nil {
		t.Fatalf("embedded engine: %v", err)
	}
	t.Cleanup(func() { server.Close(); servers.Close() })
	return server.Addr()
}

// Demo serves the demo client for the duration of a test and returns its address. The page talks to
// the server at addr, which is another server. sdkDir is where npm has put the SDK.
func Demo(t testing.TB, addr, sdkDir string) string {
	t.Helper()
	handler, err := demo.Handler(demo.Options{Server: "http://" + addr, GameHost: "127.0.0.1", SDKDir: sdkDir})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}
