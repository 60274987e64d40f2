package wiring_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"
)

type (
	rpcFunc       = func(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, payload string) (string, error)
	beforeFunc    = func(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, in *rtapi.Envelope) (*rtapi.Envelope, error)
	afterFunc     = func(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, out, in *rtapi.Envelope) error
	eventFunc     = func(ctx context.Context, logger runtime.Logger, evt *api.Event)
	matchListFunc = func(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, in *api.ListMatchesRequest) (*api.ListMatchesRequest, error)
	listFunc      = func(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, in *api.ListPartiesRequest) (*api.ListPartiesRequest, error)
	matchedFunc   = func(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, entries []runtime.MatchmakerEntry) (string, error)
	poolFunc      = func(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, entries []runtime.MatchmakerEntry) [][]runtime.MatchmakerEntry
	shutdownFunc  = func(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule)
	matchFunc     = func(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule) (runtime.Match, error)
)

// initializer takes registrations as the host does. A method that the module should not call is not implemented and
// panics.
type initializer struct {
	runtime.Initializer

	name       string // of the server
	refuses    string // the registration that fails: "rpc", "before", "http", "match", "matched", "shutdown"
	registered int

	rpcs      map[string]rpcFunc
	befores   map[string]beforeFunc
	afters    map[string]afterFunc
	starts    []eventFunc
	ends      []eventFunc
	matchList matchListFunc
	list      listFunc
	routes    map[string]http.HandlerFunc
	methods   map[string][]string
	matches   map[string]matchFunc
	matched   matchedFunc
	pool      poolFunc
	shutdown  shutdownFunc
}

func newInitializer() *initializer {
	return &initializer{
		name: "nakama", rpcs: map[string]rpcFunc{}, befores: map[string]beforeFunc{}, afters: map[string]afterFunc{},
		routes: map[string]http.HandlerFunc{}, methods: map[string][]string{}, matches: map[string]matchFunc{},
	}
}

func (i *initializer) RegisterShutdown(fn shutdownFunc) error {
	i.shutdown = fn
	return i.take("shutdown")
}

func (i *initializer) take(what string) error {
	if i.refuses == what {
		return fmt.Errorf("no more %s", what)
	}
	i.registered++
	return nil
}

func (i *initializer) RegisterRpc(id string, fn rpcFunc) error {
	i.rpcs[id] = fn
	return i.take("rpc")
}

func (i *initializer) RegisterBeforeRt(id string, fn beforeFunc) error {
	i.befores[id] = fn
	return i.take("before")
}

func (i *initializer) RegisterAfterRt(id string, fn afterFunc) error {
	i.afters[id] = fn
	return i.take("after")
}

func (i *initializer) RegisterEventSessionStart(fn eventFunc) error {
	i.starts = append(i.starts, fn)
	return i.take("start")
}

func (i *initializer) RegisterEventSessionEnd(fn eventFunc) error {
	i.ends = append(i.ends, fn)
	return i.take("end")
}

func (i *initializer) RegisterBeforeListParties(fn listFunc) error {
	i.list = fn
	return i.take("list")
}

func (i *initializer) RegisterBeforeListMatches(fn matchListFunc) error {
	i.matchList = fn
	return i.take("match list")
}

func (i *initializer) RegisterHttp(pattern string, fn func(http.ResponseWriter, *http.Request), methods ...string) error {
	i.routes[pattern], i.methods[pattern] = fn, methods
	return i.take("http")
}

func (i *initializer) RegisterMatch(name string, fn matchFunc) error {
	i.matches[name] = fn
	return i.take("match")
}

func (i *initializer) RegisterMatchmakerMatched(fn matchedFunc) error {
	i.matched = fn
	return i.take("matched")
}

func (i *initializer) RegisterMatchmakerProcessor(fn poolFunc) error {
	i.pool = fn
	return i.take("processor")
}

// GetConfig returns the configuration of a stock server.
func (i *initializer) GetConfig() (runtime.Config, error) { return stockConfig{name: i.name}, nil }

type stockConfig struct {
	runtime.Config
	name string
}

func (c stockConfig) GetName() string                 { return c.name }
func (stockConfig) GetSession() runtime.SessionConfig { return stockSession{} }
func (stockConfig) GetSocket() runtime.SocketConfig   { return nil }

type stockSession struct{ runtime.SessionConfig }

func (stockSession) GetSingleParty() bool   { return false }
func (stockSession) GetSingleSocket() bool  { return false }
func (stockSession) GetSingleSession() bool { return false }

// nakama is a host with empty storage and streams. A method that the module should not call here is not implemented
// and panics.
type nakama struct {
	runtime.NakamaModule
	path string // runtime path

	mu      sync.Mutex
	metrics []string
	lists   int // calls of StorageList
	onList  func(ctx context.Context) error
	onRead  func() error
}

func (n *nakama) ReadFile(path string) (*os.File, error) { return os.Open(filepath.Join(n.path, path)) }

func (n *nakama) MetricsCounterAdd(name string, tags map[string]string, delta int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.metrics = append(n.metrics, fmt.Sprintf("%s %v +%d", name, tags, delta))
}

func (n *nakama) MetricsGaugeSet(name string, tags map[string]string, value float64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.metrics = append(n.metrics, fmt.Sprintf("%s %v =%v", name, tags, value))
}

func (n *nakama) MetricsTimerRecord(name string, tags map[string]string, _ time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.metrics = append(n.metrics, fmt.Sprintf("%s %v", name, tags))
}

func (n *nakama) StreamUserList(uint8, string, string, string, bool, bool) ([]runtime.Presence, error) {
	return nil, nil
}

func (n *nakama) MatchList(context.Context, int, bool, string, *int, *int, string) ([]*api.Match, error) {
	return nil, nil
}

func (n *nakama) StorageList(ctx context.Context, _, _, _ string, _ int, _ string) ([]*api.StorageObject, string, error) {
	n.mu.Lock()
	n.lists++
	hook := n.onList
	n.mu.Unlock()
	if hook != nil {
		return nil, "", hook(ctx)
	}
	return nil, "", nil
}

func (n *nakama) StorageRead(context.Context, []*runtime.StorageRead) ([]*api.StorageObject, error) {
	if n.onRead != nil {
		return nil, n.onRead()
	}
	return nil, nil
}

// StorageWrite keeps nothing: every start here has a new database.
func (n *nakama) StorageWrite(_ context.Context, writes []*runtime.StorageWrite) ([]*api.StorageObjectAck, error) {
	return make([]*api.StorageObjectAck, len(writes)), nil
}

// counted returns how often exactly this metric was reported.
func (n *nakama) counted(metric string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	count := 0
	for _, m := range n.metrics {
		if m == metric {
			count++
		}
	}
	return count
}

func (n *nakama) listed() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.lists
}

// bootContext is the context that the host gives InitModule.
func bootContext(t testing.TB, env map[string]string) context.Context {
	return with(t.Context(), runtime.RUNTIME_CTX_ENV, env)
}

// userContext is the context that the host gives a hook or an RPC of a user's socket.
func userContext() context.Context {
	ctx := with(context.Background(), runtime.RUNTIME_CTX_USER_ID, "c2f7ab9e-0d6b-4b0e-9f0e-6f1f6f0b7a11")
	ctx = with(ctx, runtime.RUNTIME_CTX_USERNAME, "ann")
	return with(ctx, runtime.RUNTIME_CTX_SESSION_ID, "9b1c7a52-0d6b-11ee-9f0e-6f1f6f0b7a11")
}

// with adds a value under one of the host's keys, which are plain strings.
func with(ctx context.Context, key, value any) context.Context {
	return context.WithValue(ctx, key, value)
}

// writeRules writes a rules file into a new runtime path.
func writeRules(t testing.TB, text string) (runtimePath string) {
	t.Helper()
	runtimePath = t.TempDir()
	if err := os.WriteFile(filepath.Join(runtimePath, "rules.yml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return runtimePath
}

// logBook keeps the log, one string per line.
type logBook struct {
	runtime.Logger
	mu    sync.Mutex
	lines []string
}

func (l *logBook) write(level, format string, v ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, level+" "+fmt.Sprintf(format, v...))
}

func (l *logBook) Debug(format string, v ...any)            { l.write("debug", format, v...) }
func (l *logBook) Info(format string, v ...any)             { l.write("info", format, v...) }
func (l *logBook) Warn(format string, v ...any)             { l.write("warn", format, v...) }
func (l *logBook) Error(format string, v ...any)            { l.write("error", format, v...) }
func (l *logBook) WithField(string, any) runtime.Logger     { return l }
func (l *logBook) WithFields(map[string]any) runtime.Logger { return l }
func (l *logBook) Fields() map[string]any                   { return nil }

func (l *logBook) has(part string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.lines, func(line string) bool { return strings.Contains(line, part) })
}
