package faults_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/api"
	nakama "github.com/heroiclabs/nakama-common/runtime"

	"partyline/local/e2e/client"
	"partyline/local/e2e/player"
	"partyline/local/engine"
	"partyline/local/engine/fault"
	"partyline/module/wiring"
)

const testTimeout = 30 * time.Second // for anything that must happen

// world is an engine with Partyline's module behind a fault layer, and a clock that can jump.
type world struct {
	layer           *fault.Layer
	clock           *fault.Clock
	engine          *engine.Server
	api             *client.Client
	sentinel        *client.Sentinel
	rules           string       // path of the rules file
	db              *sql.DB      // nil for no database, as on an engine
	sessionsStarted atomic.Int32 // sessions that the module was told of
}

// sessionCounter counts the session starts that the module was told of. The server tells it in the background.
type sessionCounter struct {
	nakama.Initializer
	w *world
}

func (s sessionCounter) RegisterEventSessionStart(fn func(context.Context, nakama.Logger, *api.Event)) error {
	return s.Initializer.RegisterEventSessionStart(func(ctx context.Context, l nakama.Logger, e *api.Event) {
		defer s.w.sessionsStarted.Add(1)
		fn(ctx, l, e)
	})
}

// rulesFile has queues. A real server for these tests must use it too.
const rulesFile = "../testdata/queues.yml"

// newWorld returns a world with an engine and default rules.
func newWorld(t testing.TB) *world {
	t.Helper()
	w := prepareWorld(t, "")
	w.start(t, engine.Options{})
	return w
}

// prepareWorld returns a world without an engine.
func prepareWorld(t testing.TB, rules string) *world {
	t.Helper()
	w := &world{clock: fault.NewClock(time.Now()), rules: filepath.Join(t.TempDir(), "rules.yml")}
	if err := os.WriteFile(w.rules, []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	return w
}

// start starts an engine in this world.
func (w *world) start(t testing.TB, o engine.Options) {
	t.Helper()
	w.layer = &fault.Layer{}
	o.Now, o.TokenExpiry, o.Init = w.clock.Now, 365*24*time.Hour, w.layer.Init(w.load)
	s, err := engine.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	w.engine, w.api = s, client.New(s.Addr())
	if w.sentinel, err = client.NewSentinel(t.Context(), w.api, "sentinel-"+uuid.NewString()); err != nil {
		t.Fatal(err)
	}
}

// load is the module's entry point, with this world's clock.
func (w *world) load(ctx context.Context, logger nakama.Logger, _ *sql.DB, nk nakama.NakamaModule, init nakama.Initializer) error {
	m, err := wiring.New(ctx, wiring.Options{
		Env: map[string]string{wiring.EnvRules: w.rules}, Nakama: nk, DB: w.db, Logger: logger, Now: w.clock.Now, SweepEvery: time.Hour,
	})
	if err != nil {
		return err
	}
	if err := m.Register(ctx, sessionCounter{init, w}); err != nil {
		m.Stop(ctx)
		return err
	}
	m.Start()
	return nil
}

// settle waits until all effects of the answers so far have arrived.
func (w *world) settle(ctx context.Context, games ...*player.Game) error {
	if err := barriers(ctx, games); err != nil {
		return err
	}
	err := eventually(ctx, func() error {
		if told := int(w.sessionsStarted.Load()); told < len(games)+1 { // one more for the sentinel
			return fmt.Errorf("the module knows of %d sessions; want that of each of %d players", told, len(games))
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := w.sentinel.WaitForEvents(ctx); err != nil {
		return err
	}
	return barriers(ctx, games)
}

// barriers waits for the pending messages of each game's socket. A socket that is cut meanwhile may
// not answer any more; then there is nothing to wait for.
func barriers(ctx context.Context, games []*player.Game) error {
	for _, g := range games {
		if g.Ended() {
			continue
		}
		if err := g.Barrier(ctx); err != nil && !errors.Is(err, client.ErrClosed) && !errors.Is(err, net.ErrClosed) {
			return err
		}
	}
	return nil
}

// awaitEmpty waits until nothing is left of the players, after their sockets were closed.
func (w *world) awaitEmpty(ctx context.Context) error {
	const sentinelOnly = 1
	if err := w.sentinel.WaitForEvents(ctx); err != nil {
		return err
	}
	return eventually(ctx, func() error {
		w.engine.WaitForEvents()
		if n := w.engine.Sessions(); n != sentinelOnly {
			return fmt.Errorf("%d sockets are left", n)
		}
		if n := w.engine.Parties(); n != 0 {
			return fmt.Errorf("%d parties are left", n)
		}
		if n := w.engine.Matches(); n != 0 {
			w.clock.Jump(time.Minute) // a match waits a while for players
			return fmt.Errorf("%d matches are left", n)
		}
		// The sentinel is on the streams of its notifications and of its status.
		if n := w.engine.Presences(); n != 2 {
			return fmt.Errorf("%d presences are left; want the sentinel's 2", n)
		}
		return noGoroutines()
	})
}

// play signs in a new player and connects them.
func play(ctx context.Context, t testing.TB, api *client.Client, name string) *player.Game {
	t.Helper()
	p, err := player.SignIn(ctx, api, name)
	if err != nil {
		t.Fatal(err)
	}
	g, err := p.Play(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// eventually repeats is until it returns no error.
func eventually(ctx context.Context, is func() error) error {
	look := time.NewTicker(2 * time.Millisecond)
	defer look.Stop()
	last := errors.New("the first look did not end")
	for {
		err := is()
		if err == nil {
			return nil
		}
		if ctx.Err() == nil {
			last = err // unless ctx cut this attempt short
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ctx.Err(), last)
		}
	}
}

// modulePackages are the packages whose goroutines must end with their work.
var modulePackages = []string{"partyline/party", "partyline/hooks", "partyline/rpc", "partyline/matchmaking", "partyline/module"}

// lastingFunctions are the functions that run as long as the module. The module's start starts them.
var lastingFunctions = []string{"partyline/module/wiring.(*Module).Start"}

// noGoroutines fails while a goroutine of the module is running.
func noGoroutines() error {
	stacks := make([]byte, 2<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	for stack := range strings.SplitSeq(string(stacks), "\n\n") {
		if containsAny(stack, modulePackages) && !containsAny(stack, lastingFunctions) {
			return fmt.Errorf("still running:\n%s", stack)
		}
	}
	return nil
}

func containsAny(stack string, functions []string) bool {
	for line := range strings.SplitSeq(stack, "\n") {
		for _, f := range functions {
			if strings.HasPrefix(line, f) {
				return true
			}
		}
	}
	return false
}
