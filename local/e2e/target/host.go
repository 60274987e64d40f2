package target

import (
	"context"
	"time"

	"partyline/local/engine"
	"partyline/module/wiring"
)

// start runs an embedded engine at a free port of the loopback interface. The matchmaker's
// interval is short, so that no suite waits fifteen seconds for a match.
func start(ctx context.Context, module bool) (addr string, stop func() error, err error) {
	opts := engine.Options{MatchmakerInterval: 500 * time.Millisecond}
	if module {
		opts.Init = wiring.Register
	}
	s, err := engine.Start(ctx, opts)
	if err != nil {
		return "", nil, err
	}
	return s.Addr(), func() error { s.Close(); return nil }, nil
}
