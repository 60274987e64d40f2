package wiring

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/hooks"
	"partyline/matchmaking/queue"
	"partyline/party"
	"partyline/party/admission"
	"partyline/party/roster"
	"partyline/party/rules"
	"partyline/rpc"
)

// matchmakerRegistrar is the part of the host's initializer that takes a matchmaker.
type matchmakerRegistrar interface {
	RegisterMatchmakerProcessor(fn func(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, entries []runtime.MatchmakerEntry) [][]runtime.MatchmakerEntry) error
	RegisterMatchmakerMatched(fn func(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, entries []runtime.MatchmakerEntry) (string, error)) error
}

// addQueues makes matchmaking by queues, with its hooks. Whether the host matches by
// itself is settled for good by the rules of this moment: it takes a matchmaker at its
// start only.
func (m *Module) addQueues(news *party.News, roster *roster.Roster, admission *admission.Admission, policy party.Policy) {
	m.processing = len(policy().Queues) > 0
	m.matching = m.processing || policy().Matchmaking.CreateMatch
	m.queues = queue.New(queue.Deps{
		Roster: roster, Look: admission.Look, Footprint: m.telling.status.FootprintOf,
		Statuses: m.telling.status.Statuses,
		Accounts: m.nk, Objects: m.nk, Sender: m.nk, Notifier: m.nk, Policy: policy, Logger: m.logger, Now: m.now,
		Blocks: m.blocks, Processing: m.processing, Launcher: m.matches, Servers: m.matches, Told: func(id party.ID, what queue.EventName) {
			admission.RecordLater(id)
			m.ticketMoved(id, what)
		}, Metrics: m.nk,
	})
	m.calls = append(m.calls, rpc.Queue(m.queues)...)
	news.Subscribe(m.queues.Changed)
	plays := m.queues.Plays
	if m.matching {
		plays = nil // the matched hook tells of matches
	}
	m.hooks = append(append(m.hooks, hooks.Matchmaking(m.queues, admission, plays)...), hooks.Ended("tickets", m.queues.Ended))
}

// ticketMoved hears what becomes of a party's ticket.
func (m *Module) ticketMoved(id party.ID, what queue.EventName) {
	m.telling.queued(id, what)
	if what == queue.Matched {
		ctx, cancel := context.WithTimeout(context.Background(), matchTimeout)
		defer cancel()
		m.invites.Matched(ctx, id)
	}
}

// registerQueues gives the host the matched hook and, with queues, the matchmaker. Without
// either need it leaves the hook to the operator's own module: the host has one slot.
func (m *Module) registerQueues(host matchmakerRegistrar) error {
	if !m.matching {
		return nil
	}
	err := host.RegisterMatchmakerMatched(func(ctx context.Context, _ runtime.Logger, _ *sql.DB, _ runtime.NakamaModule, entries []runtime.MatchmakerEntry) (string, error) {
		return m.queues.Matched(ctx, entries)
	})
	if err != nil {
		return fmt.Errorf("matchmaker matched: %w", err)
	}
	if !m.processing {
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

// queuesReloaded warns of what a reload cannot change.
func (m *Module) queuesReloaded(now *rules.Set) {
	switch has := len(now.Config().Queues) > 0; {
	case now.Config().Matchmaking.CreateMatch && !m.matching:
		m.logger.Warn("matchmaking.create_match works after a restart of the server")
	case has && !m.processing:
		m.logger.Warn("the first queues work after a restart of the server; until then matchmaking is the server's own")
	case !has && m.processing:
		m.logger.Warn("no queue is left; until a restart of the server nobody can look for a match")
	}
}
