package wiring

import (
	"context"
	"crypto/ed25519"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/hooks"
	"partyline/internal/web"
	"partyline/matchmaking"
	"partyline/matchmaking/queue"
	"partyline/party"
	"partyline/party/admission"
	"partyline/party/attributes"
	"partyline/party/entry"
	"partyline/party/finder"
	"partyline/party/invite"
	"partyline/party/judge"
	"partyline/party/ledger"
	"partyline/party/limit"
	"partyline/party/post"
	"partyline/party/reconnect"
	"partyline/party/restore"
	"partyline/party/roster"
	"partyline/party/rules"
	"partyline/party/waitlist"
	"partyline/rpc"
	"partyline/rpc/landing"
)

const (
	defaultSweep = time.Minute // between two looks for invites that ended
	pageKeys     = 100_000     // client addresses the landing page's limit remembers
)

// Options is what a module is made of. Nakama and Logger are required.
type Options struct {
	Env        map[string]string // the host's runtime environment
	Nakama     runtime.NakamaModule
	DB         *sql.DB // the host's; nil where it has none, as the embedded engine
	Logger     runtime.Logger
	Now        party.Clock   // nil = time.Now
	SweepEvery time.Duration // 0 = a minute

	SingleParty bool // the host's session.single_party
	// Socket is where the host's clients connect, if the module may do so as well; nil where
	// a second session of a user would end the first.
	Socket runtime.SocketConfig
}

// Module is the whole module, put together. Make it with [New].
type Module struct {
	nk         *watched
	logger     runtime.Logger
	now        party.Clock
	sweepEvery time.Duration
	single     bool

	own     func(context.Context, party.Session, bool) bool // the module's own sessions
	current func(party.ID) party.ID                         // the present ID of a party

	population  func() ledger.Population
	closeLedger func()

	rules     *rules.Live
	next      *rules.Live   // what comes next; nil: nothing
	shadow    *judge.Shadow // asks them; nil: nobody
	record    *judge.Record // writes decisions down; nil: nobody
	history   *judge.History
	invites   *invite.Service
	reconnect *reconnect.Service
	blocks    party.BlockList
	matches   *matchmaking.Matches
	fleets    *matchmaking.Fleets
	passKeys  []ed25519.PrivateKey // the first signs
	shared    *attributes.Service
	post      *post.Post
	line      *waitlist.Service
	finder    *finder.Service
	telling   telling
	queues    *queue.Service
	calls     []rpc.Row
	hooks     []hooks.Hook
	routes    []web.Route

	tasks  tasks
	panics atomic.Uint64 // of background work

	processing bool // the host matches through us: there were queues at its start
	matching   bool // the host asks us which match to give: there were queues or create_match at its start
	ready      bool // set once New is done; what becomes of the rules file before is its error

	mu      sync.Mutex
	cancel  context.CancelFunc // of the background work; nil unless it runs
	running sync.WaitGroup
}

// New reads the configuration and constructs the module. It starts nothing and registers
// nothing. All problems of the environment and of the rules file are in one error.
func New(ctx context.Context, o Options) (*Module, error) {
	m := &Module{
		nk: &watched{NakamaModule: o.Nakama}, logger: o.Logger, now: o.Now, sweepEvery: o.SweepEvery,
		single: o.SingleParty, blocks: party.NewBlockList(o.DB, o.Nakama),
	}
	if m.now == nil {
		m.now = time.Now
	}
	if m.sweepEvery == 0 {
		m.sweepEvery = defaultSweep
	}
	env, err := readEnvironment(o.Env, o.Nakama)
	for _, name := range env.unknown {
		m.logger.Warn("runtime.env: %s is no setting of this module; it reads %s", name, settings)
	}
	problems := []error{err}
	m.history = judge.NewHistory(m.nk, env.rules, m.logger)
	m.rules = rules.NewLive(rules.LiveOptions{Path: env.rules, Now: m.now, OnLoad: m.rulesLoaded})
	problems = append(problems, m.rules.Reload(ctx))
	m.prepareShadow(ctx, env.next)
	if env.record != "" {
		m.record = judge.NewRecord(env.record, m.logger, m.now)
	}
	if err := errors.Join(problems...); err != nil {
		return nil, fmt.Errorf("partyline: bad configuration:\n%w", err)
	}
	if err := m.construct(env, o); err != nil {
		return nil, err
	}
	m.ready = true
	return m, nil
}

// construct builds everything that serves requests.
func (m *Module) construct(env environment, o Options) error {
	policy := party.Policy(m.policy)
	news := &party.News{}
	roster := roster.New(m.nk, m.nk, m.now)
	limits := party.NewLimits(policy, m.now)
	store := invite.NewStore(m.nk, m.now)
	keys, err := m.preparePasses(env.passes, o.Nakama)
	if err != nil {
		return fmt.Errorf("partyline: %w", err)
	}
	m.matches = matchmaking.NewMatches(m.nk, roster, m.fleets, keys, m.now)
	activity := party.Activity{Match: m.matches.Of, Queued: func(ctx context.Context, id party.ID) (bool, error) { return m.queues.Queued(ctx, id) }}
	judge := m.newJudge(activity)
	ledger := ledger.New(ledger.Deps{
		Roster: roster, Streams: m.nk, Storage: m.nk, News: news, Policy: policy, Logger: m.logger, Now: m.now, Holds: store.Holds,
		Ages: func(id party.ID) map[string]time.Time { return m.queues.Ages(id) }, // asked once there are queues
	})
	m.current, m.population, m.closeLedger = ledger.Current, ledger.Population, ledger.Close
	restorer := restore.New(ledger, m.newFounder(o.Socket, roster))
	admission := admission.New(admission.Deps{
		Ledger: ledger, Restorer: restorer, Sender: m.nk, SingleParty: m.single,
		Requests: limits.JoinRequest.Take, Locked: activity.Locked(policy), Friends: judge.Load.Friends,
	})
	m.post = post.New(m.nk, m.logger)
	m.shared = attributes.New(attributes.Deps{
		Storage: m.nk, Streams: m.nk, Sender: m.nk, Admission: admission, News: news, Limits: limits, Policy: policy, Logger: m.logger, Now: m.now,
	})
	m.prepareStatus(news, roster, admission, limits, policy)
	m.invites = invite.New(invite.Deps{
		Store: store, Roster: roster, Admission: admission, Limits: limits,
		Users: m.nk, Blocks: m.blocks, Notifier: m.nk, Sender: m.nk,
		Policy: policy, Logger: m.logger, Now: m.now, Judge: judge,
		Statuses: m.telling.status.Statuses, Footprints: m.telling.status.Footprint,
		Newcomer: m.post.Send,
		Over:     func(inviteID, userID string) { m.telling.inviteOver(inviteID, userID) },
		Match:    m.matches.Of, Seat: m.matches.Late, Attributes: m.shared.Public, Metrics: m.nk,
	})
	ruled := m.newRuled(judge, admission, limits, policy, env.play)
	way := entry.Entry{Admission: admission, Roster: roster, Blocks: m.blocks, Judge: judge, Policy: policy}
	m.line = waitlist.New(waitlist.Deps{Entry: way, Invites: m.invites, Notifier: m.nk, News: news, Metrics: m.nk, Logger: m.logger, Now: m.now})
	m.finder = finder.New(finder.Deps{
		Entry: way, Lister: m.nk, News: news, Limits: limits, Now: m.now, Faces: m.invites.Faces, Attributes: m.shared.Public, Seat: m.matches.Late,
	})
	m.calls = slices.Concat(rpc.Invites(m.invites), rpc.Shared(m.shared), rpc.Wait(m.line), rpc.Find(m.finder), ruled.calls)
	m.hooks = slices.Concat(
		hooks.Hardening(limits.Data.Take, admission, policy),
		hooks.Queries(policy),
		hooks.Settled(admission),
		hooks.Creation(ruled.checks, limits.PartyCreate.Take, policy, restorer.Offered),
		hooks.Judged(ruled.checks, admission, judge.Has, judge.Enforces),
		hooks.Admission(admission), // behind all that may refuse
		[]hooks.Hook{hooks.Ended("line", m.line.Ended)},
	)
	m.addReconnect(news, roster, admission, restorer, policy)
	m.completeStatus(news, admission, limits, policy)
	m.addMatches(news)
	m.addQueues(news, roster, admission, policy)
	pages := limit.New(m.now, pageKeys)
	site := landing.New(landing.Options{
		Previews: m.invites, Policy: policy, Logger: m.logger, ProxyCount: env.proxies, Folder: filepath.Dir(env.rules), Now: m.now,
		PageRead: m.invites.PageRead, Limit: func(address string) time.Duration { return pages.Take(address, policy().Limits.PagePerIP) },
	})
	m.routes = append(site.Routes(), m.passRoute())
	return m.addConsole(env, ruled, admission)
}
