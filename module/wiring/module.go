// Package wiring constructs the module: environment, rules file, kernel, tables, registration, background work and the
// shutdown. [New] constructs it and starts nothing, [Module.Register] registers all tables with the host,
// [Module.Start] and [Module.Stop] are for background work. [Register] does all this, as the host calls it.
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

const defaultSweep = time.Minute // between two sweeps of invites that ended

// Options configures a module. Nakama and Logger are required.
type Options struct {
	Env        map[string]string // the host's runtime environment
	Nakama     runtime.NakamaModule
	DB         *sql.DB // the host's; nil if it has none, as in the embedded engine
	Logger     runtime.Logger
	Now        party.Clock   // nil = time.Now
	SweepEvery time.Duration // 0 = a minute

	SingleParty  bool                 // the host's session.single_party
	SingleSocket bool                 // a second socket of a user ends the first
	Socket       runtime.SocketConfig // where the host's clients connect; nil if unknown
}

// Module is the whole module. Make it with [New].
type Module struct {
	nk         *countingHost
	logger     runtime.Logger
	now        party.Clock
	sweepEvery time.Duration

	isOwn func(context.Context, party.Session, bool) bool // reports whether a session is the module's own

	rules      *rules.Live
	nextRules  *rules.Live   // the shadow rules; nil = none
	shadow     *judge.Shadow // asks the shadow rules; nil = none
	record     *judge.Record // records decisions; nil = none
	history    *judge.History
	invites    *invite.Service
	reconnect  *reconnect.Service
	admission  *admission.Admission
	matches    *matchmaking.Matches
	retrier    *matchmaking.Retrier
	passKey    ed25519.PrivateKey // signs passes
	attributes *attributes.Service
	post       *post.DelayedSender
	waitlist   *waitlist.Service
	finder     *finder.Service
	status     *status.Service
	share      *share.Service
	queues     *queue.Service
	calls      []rpc.Row
	hooks      []hooks.Hook
	routes     []web.Route

	tasks  tasks
	panics atomic.Uint64 // panics of background work

	isMatchmaker   bool // the module is the host's matchmaker: there were queues at the start
	hasMatchedHook bool // the module has the matched hook: there were queues or create_match at the start
	ready          bool // New is done; before that, New returns errors of the rules file

	mu      sync.Mutex
	cancel  context.CancelFunc // ends the background work; nil unless it runs
	running sync.WaitGroup
}

// New reads the configuration and constructs the module. Its error has all problems of environment and rules file.
func New(ctx context.Context, o Options) (*Module, error) {
	m := &Module{nk: &countingHost{NakamaModule: o.Nakama}, logger: o.Logger, now: o.Now, sweepEvery: cmp.Or(o.SweepEvery, defaultSweep)}
	if m.now == nil {
		m.now = time.Now
	}
	env, err := readEnvironment(o.Env, o.Nakama)
	for _, name := range env.unknown {
		m.logger.Warn("runtime.env: %s is no setting of this module; it reads %s", name, settingNames)
	}
	m.history = judge.NewHistory(m.nk, env.rules, m.logger)
	m.rules = rules.NewLive(rules.LiveOptions{Path: env.rules, Now: m.now, CheckFiles: filesOf(env.rules), OnLoad: m.rulesLoaded})
	err = errors.Join(err, m.rules.Reload())
	m.prepareShadow(env.nextRules)
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
