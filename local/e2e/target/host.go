package target

import (
	"context"
	"time"

	"partyline/local/demo"
	"partyline/local/engine"
	"partyline/module/wiring"
)

// sdk is where the suites' own installation puts the SDK that the demo client is made of,
// seen from local/e2e, where the demo is opened.
const sdk = "js/node_modules/@heroiclabs/nakama-js/dist"

// start runs an embedded engine at a free port of the loopback interface: a stock server, or
// one with the module and the demo client at its root. Waits that tests could only sit out
// are short.
func start(ctx context.Context, module bool) (addr string, stop func(), err error) {
	options := engine.Options{MatchmakerInterval: 500 * time.Millisecond}
	if module {
		options.Init = wiring.Register
		root, err := demo.Handler(demo.Options{SDKDir: sdk})
		if err != nil {
			return "", nil, err
		}
		options.Root = root
	}
	server, err := engine.Start(ctx, options)
	if err != nil {
		return "", nil, err
	}
	return server.Addr(), server.Close, nil
}
