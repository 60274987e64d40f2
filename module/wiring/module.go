// Package wiring puts the module together: environment, rules file, kernel, tables,
// registration, background work, and the end of it all.
//
// [New] reads the configuration and constructs, starting nothing; [Module.Register] hands
// all tables to the host; [Module.Start] begins background work; [Module.Stop] ends it, and is
// safe after any of them. [Register] is the four in one, as the host calls it.
package wiring

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"database/sql"
	"errors"
	"fmt"
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
	"partyline/party/finder"
	"partyline/party/invite"
	"partyline/party/judge"
	"partyline/party/post"
	"partyline/party/reconnect"
	"partyline/party/rules"
	"partyline/party/share"
	"partyline/party/status"
	"partyline/party/waitlist"
	"partyline/rpc"
)

const defaultSweep = time.Minute // between two looks for invites that ended

// Options is what a module is made of. Nakama and Logger are required.
type Options struct {
	Env        map[string]string // the host's runtime environment
	Nakama     runtime.NakamaModule
	DB         *sql.DB // the host's; nil where it has none, as the embedded engine
	Logger     runtime.Logger
	Now        party.Clock   // nil = time.Now
	SweepEvery time.Duration // 0 = a minute

	SingleParty  bool                 // the host's session.single_party
	SingleSocket bool                 // a second socket of a user ends the first
	Socket       runtime.SocketConfig // where the host's clients connect; nil where that is not known
}

// Module is the whole module, put together. Make it with [New].
type Module struct {
	nk         *watched
	logger     runtime.Logger
	now        party.Clock
	sweepEvery time.Duration

	own func(context.Context, party.Session, bool) bool // the module's own sessions

	rules     *rules.Live
	next      *rules.Live   // what comes next; nil: nothing
	shadow    *judge.Shadow // asks them; nil: nobody
	record    *judge.Record // writes decisions down; nil: nobody
	history   *judge.History
	invites   *invite.Service
	reconnect *reconnect.Service
	admission *admission.Admission
	matches   *matchmaking.Matches
	retrier   *matchmaking.Retrier
	signs     ed25519.PrivateKey // passes
	shared    *attributes.Service
	post      *post.Post
	line      *waitlist.Service
	finder    *finder.Service
	status    *status.Service
	share     *share.Service
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
	m := &Module{nk: &watched{NakamaModule: o.Nakama}, logger: o.Logger, now: o.Now, sweepEvery: cmp.Or(o.SweepEvery, defaultSweep)}
	if m.now == nil {
		m.now = time.Now
	}
	env, err := readEnvironment(o.Env, o.Nakama)
	for _, name := range env.unknown {
		m.logger.Warn("runtime.env: %s is no setting of this module; it reads %s", name, settings)
	}
	m.history = judge.NewHistory(m.nk, env.rules, m.logger)
	m.rules = rules.NewLive(rules.LiveOptions{Path: env.rules, Now: m.now, Files: filesOf(env.rules), OnLoad: m.rulesLoaded})
	err = errors.Join(err, m.rules.Reload(ctx))
	m.prepareShadow(ctx, env.next)
	if env.record != "" {
		m.record = judge.NewRecord(env.record, m.logger, m.now)
	}
	if err != nil {
		return nil, fmt.Errorf("partyline: bad configuration:\n%w", err)
	}
	if err := m.construct(env, o); err != nil {
		return nil, err
	}
	m.ready = true
	return m, nil
}
