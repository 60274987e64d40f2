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

// start runs an embedded engine at a free port of the loopback interface, as a stock
// server or with the module, which reads the rules file unless that is "". Waits that
// tests could only sit out are short.
func start(ctx context.Context, module bool, rulesFile string) (addr string, stop func(), err error) {
	options := engine.Options{MatchmakerInterval: 500 * time.Millisecond}
	if module {
		options.Init = wiring.Register
	}
	if rulesFile != "" {
		options.Env = map[string]string{wiring.EnvRules: rulesFile}
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
