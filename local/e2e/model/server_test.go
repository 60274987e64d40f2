package model_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/local/e2e/client"
	"partyline/local/e2e/target"
	"partyline/local/engine"
	"partyline/local/engine/fault"
	"partyline/module/wiring"
	"partyline/party/rules"
)

// rulesVariable names the rules file of the server in NAKAMA, so that the model uses the same rules;
// no file means the defaults.
const rulesVariable = "NAKAMA_RULES"

// server is the server that the games run on.
type server struct {
	api      *client.Client
	sentinel *client.Sentinel
	rules    rules.Config
	engine   *engine.Server // nil for a real server
	clock    *fault.Clock   // nil for a real server, which uses the real time
}

// start returns the real server of the environment. Otherwise it starts an engine with these rules and
// its own clock.
func start(t *testing.T, source string) *server {
	t.Helper()
	s := &server{}
	addr := target.Address()
	if addr != "" {
		if !target.HasModule(t, addr) {
			t.Fatalf("the server at %s has no Partyline module", addr)
		}
		s.rules = load(t, os.Getenv(rulesVariable))
	} else {
		file := filepath.Join(t.TempDir(), "rules.yml")
		if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
			t.Fatal(err)
		}
		s.rules = load(t, file)
		if target.Real() {
			addr = target.WithRules(t, file)
		} else {
			s.clock = fault.NewClock(time.Now().Truncate(time.Second).Add(time.Second / 2))
			s.engine = startEngine(t, file, s.clock)
			addr = s.engine.Addr()
		}
	}
	s.api = client.New(addr)
	var err error
	if s.sentinel, err = client.NewSentinel(t.Context(), s.api, "model-sentinel-"+time.Now().Format("150405.000000000")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.sentinel.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return s
}

func load(t *testing.T, path string) rules.Config {
	t.Helper()
	live := rules.NewLive(rules.LiveOptions{Path: path})
	if err := live.Reload(); err != nil {
		t.Fatal(err)
	}
	return live.Current().Config()
}

func startEngine(t *testing.T, rulesFile string, clock *fault.Clock) *engine.Server {
	t.Helper()
	s, err := engine.Start(t.Context(), engine.Options{
		Now: clock.Now, TokenExpiry: 100 * 365 * 24 * time.Hour,
		Init: func(ctx context.Context, logger runtime.Logger, _ *sql.DB, nk runtime.NakamaModule, init runtime.Initializer) error {
			m, err := wiring.New(ctx, wiring.Options{
				Env: map[string]string{wiring.EnvRules: rulesFile}, Nakama: nk, Logger: logger, Now: clock.Now, SweepEvery: time.Hour,
			})
			if err != nil {
				return err
			}
			if err := m.Register(ctx, init); err != nil {
				m.Stop(ctx)
				return err
			}
			m.Start()
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// now returns the server's time, as far as the test can know it.
func (s *server) now() time.Time {
	if s.clock != nil {
		return s.clock.Now()
	}
	return time.Now()
}
