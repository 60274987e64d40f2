package rpc_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
	"partyline/party/reserve"
	"partyline/rpc"
)

type hostFunc = func(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, payload string) (string, error)

// host takes registrations as the real host does, and calls the functions as a client would.
type host struct {
	funcs   map[string]hostFunc
	refuses error // error of RegisterRpc
	called  []party.Session
	log     logBook
	metrics metricBook
}

func (h *host) RegisterRpc(id string, fn hostFunc) error {
	if h.refuses != nil {
		return h.refuses
	}
	if h.funcs == nil {
		h.funcs = map[string]hostFunc{}
	}
	h.funcs[strings.ToLower(id)] = fn
	return nil
}

// serve registers the tables. It fails the test if that is refused.
func serve(t testing.TB, tables ...[]rpc.Row) *host {
	t.Helper()
	h := &host{}
	guard := rpc.Guard{Metrics: &h.metrics, Now: steppingClock(5 * time.Millisecond), Parties: still{called: func(s party.Session) { h.called = append(h.called, s) }}}
	if err := rpc.Register(h, guard, slices.Concat(tables...)); err != nil {
		t.Fatalf("Register: %v", err)
	}
	return h
}

func (h *host) call(ctx context.Context, id, payload string) (string, error) {
	return h.funcs[id](ctx, &h.log, nil, nil, payload)
}

// steppingClock advances by step each time it is read.
func steppingClock(step time.Duration) party.Clock {
	at := time.Unix(1_700_000_000, 0)
	return func() time.Time {
		at = at.Add(step)
		return at
	}
}

// overSocket and overHTTP are the contexts of an RPC of a signed-in user. withKey is the context of a server with
// the HTTP key.
func overSocket(userID string) context.Context {
	return with(overHTTP(userID), runtime.RUNTIME_CTX_SESSION_ID, "session-of-"+userID)
}

func overHTTP(userID string) context.Context {
	return with(with(withKey(), runtime.RUNTIME_CTX_USER_ID, userID), runtime.RUNTIME_CTX_USERNAME, "name-of-"+userID)
}

func withKey() context.Context {
	return with(context.Background(), runtime.RUNTIME_CTX_CLIENT_IP, "192.0.2.7")
}

// with adds a value under one of the host's keys, which are plain strings.
func with(ctx context.Context, key any, value string) context.Context {
	return context.WithValue(ctx, key, value)
}

// logBook keeps the log, one string per line, with fields.
type logBook struct {
	mu     sync.Mutex
	lines  []string
	fields map[string]any
	parent *logBook
}

func (l *logBook) root() *logBook {
	if l.parent != nil {
		return l.parent
	}
	return l
}

func (l *logBook) write(level, format string, v ...any) {
	root := l.root()
	root.mu.Lock()
	defer root.mu.Unlock()
	root.lines = append(root.lines, fmt.Sprintf("%s %v %s", level, l.fields, fmt.Sprintf(format, v...)))
}

func (l *logBook) Debug(format string, v ...any) { l.write("debug", format, v...) }
func (l *logBook) Info(format string, v ...any)  { l.write("info", format, v...) }
func (l *logBook) Warn(format string, v ...any)  { l.write("warn", format, v...) }
func (l *logBook) Error(format string, v ...any) { l.write("error", format, v...) }
func (l *logBook) Fields() map[string]any        { return l.fields }
func (l *logBook) WithField(key string, v any) runtime.Logger {
	return l.WithFields(map[string]any{key: v})
}
func (l *logBook) WithFields(fields map[string]any) runtime.Logger {
	return &logBook{fields: fields, parent: l.root()}
}

var _ runtime.Logger = (*logBook)(nil)

// metricBook keeps every metric as "name rpc outcome value".
type metricBook struct {
	mu    sync.Mutex
	lines []string
}

func (m *metricBook) MetricsCounterAdd(name string, tags map[string]string, delta int64) {
	m.add("%s %s %s +%d", name, tags["rpc_id"], tags["outcome"], delta)
}

func (m *metricBook) MetricsGaugeSet(string, map[string]string, float64) {}

func (m *metricBook) MetricsTimerRecord(name string, tags map[string]string, value time.Duration) {
	m.add("%s %s %s %v", name, tags["rpc_id"], tags["outcome"], value)
}

func (m *metricBook) add(format string, args ...any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lines = append(m.lines, fmt.Sprintf(format, args...))
}

// refusal splits an error as the host does: the text for clients and the number.
func refusal(t testing.TB, err error) (string, int) {
	t.Helper()
	var answer *runtime.Error
	if !errors.As(err, &answer) {
		t.Fatalf("the host was given %T (%v); want *runtime.Error", err, err)
	}
	return answer.Message, answer.Code
}

func contains(lines []string, part string) bool {
	return slices.ContainsFunc(lines, func(line string) bool { return strings.Contains(line, part) })
}

// still has parties that never got a new ID, and the refusal of a look at any of them.
type still struct {
	gone   error
	called func(party.Session)
}

func (still) Current(id party.ID) party.ID                                  { return id }
func (p still) Look(context.Context, party.ID) (look reserve.Look, _ error) { return look, p.gone }

func (p still) Settle(s party.Session) {
	if p.called != nil {
		p.called(s)
	}
}
