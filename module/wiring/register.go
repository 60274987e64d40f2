package wiring

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/hooks"
	"partyline/internal/build"
	"partyline/matchmaking"
	"partyline/party"
	"partyline/party/rules"
	"partyline/rpc"
)

// MetricBuildInfo is a gauge that is always 1; its tags say which build of the module runs.
const MetricBuildInfo = "partyline_build_info"

// Register constructs the module, registers it with the host and starts its background work. After an error nothing
// runs. The work goes on until ctx ends, which is after the shutdown's grace: in it players still play.
func Register(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, initializer runtime.Initializer) error {
	env, _ := ctx.Value(runtime.RUNTIME_CTX_ENV).(map[string]string)
	conf, err := initializer.GetConfig()
	if err != nil {
		return fmt.Errorf("partyline: read the server's configuration: %w", err)
	}
	if name := conf.GetName(); !party.IsNode(name) {
		return fmt.Errorf("partyline: the server's setting name is %q: every party ID ends with it, so it may have only letters, digits, '.', '-' and '_'", name)
	}
	session := conf.GetSession()
	o := Options{
		Env: env, Nakama: nk, DB: db, Logger: logger, SingleParty: session.GetSingleParty(),
		Socket: conf.GetSocket(), SingleSocket: session.GetSingleSocket() || session.GetSingleSession(),
	}
	m, err := New(ctx, o)
	if err != nil {
		return err
	}
	if err = claimStorage(ctx, nk); err == nil {
		err = m.Register(ctx, initializer)
	}
	if err != nil {
		m.Stop(ctx)
		return fmt.Errorf("partyline: %w", err)
	}
	m.Start()
	context.AfterFunc(ctx, func() { m.Stop(context.Background()) })
	is := build.Current()
	logger.Info("partyline started version=%s commit=%s nakama=%s go=%s", is.Version, is.Commit, is.Nakama, is.Go)
	nk.MetricsGaugeSet(MetricBuildInfo, is.Tags(), 1)
	return nil
}

func (m *Module) policy() rules.Config { return m.rules.Current().Config() }

func (m *Module) Register(ctx context.Context, host runtime.Initializer) error {
	return cmp.Or(
		rpc.Register(host, rpc.Guard{Metrics: m.nk, Now: m.now, Parties: m.admission}, m.calls),
		hooks.Register(host, hooks.Chain{Metrics: m.nk, Now: m.now, IsOwn: m.isOwn}, m.policy, m.hooks),
		m.registerRoutes(host),
		m.registerMatches(host),
		m.registerQueues(host),
		m.registerShutdown(ctx, host),
	)
}

func (m *Module) registerMatches(host runtime.Initializer) error {
	for name, made := range map[string]func() runtime.Match{
		matchmaking.PartyMatchName: func() runtime.Match { return matchmaking.WithSeatsAt(matchmaking.Relay(), m.now) },
		matchmaking.SeatMatchName:  func() runtime.Match { return matchmaking.GameServerMatch(m.now, m.matches, m.passKey) },
	} {
		err := host.RegisterMatch(name, func(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule) (runtime.Match, error) {
			return made(), nil
		})
		if err != nil {
			return fmt.Errorf("match %s: %w", name, err)
		}
	}
	return nil
}

// registerQueues registers the matched hook and, if there are queues, the matchmaker. The host has one slot for the
// matched hook. If the module does not need it, it stays free for the operator's own module.
func (m *Module) registerQueues(host runtime.Initializer) error {
	if !m.hasMatchedHook {
		return nil
	}
	err := host.RegisterMatchmakerMatched(func(ctx context.Context, _ runtime.Logger, _ *sql.DB, _ runtime.NakamaModule, entries []runtime.MatchmakerEntry) (string, error) {
		return m.queues.Matched(ctx, entries)
	})
	if err != nil {
		return fmt.Errorf("matchmaker matched: %w", err)
	}
	if !m.isMatchmaker {
		return nil
	}
	err = host.RegisterMatchmakerProcessor(func(ctx context.Context, _ runtime.Logger, _ *sql.DB, _ runtime.NakamaModule, entries []runtime.MatchmakerEntry) [][]runtime.MatchmakerEntry {
		return m.queues.Process(ctx, entries)
	})
	if err != nil {
		return fmt.Errorf("matchmaker processor: %w", err)
	}
	return nil
}

// registerShutdown has a host wait for the module's end, if it ended the context of InitModule before. A real server
// calls the function at the beginning of the grace, and ends the context after it.
func (m *Module) registerShutdown(ctx context.Context, host runtime.Initializer) error {
	return host.RegisterShutdown(func(wait context.Context, _ runtime.Logger, _ *sql.DB, _ runtime.NakamaModule) {
		if ctx.Err() != nil {
			m.Stop(wait)
		}
	})
}
