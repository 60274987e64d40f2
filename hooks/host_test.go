package hooks_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/hooks"
	"partyline/party"
	"partyline/party/rules"
)

const partyID = "3f1c1c3e-8a55-4d46-9c9a-0c3c1c3e8a55.nakama1"

type (
	beforeFunc  = func(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, in *rtapi.Envelope) (*rtapi.Envelope, error)
	afterFunc   = func(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, out, in *rtapi.Envelope) error
	eventFunc   = func(ctx context.Context, logger runtime.Logger, evt *api.Event)
	matchesFunc = func(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, in *api.ListMatchesRequest) (*api.ListMatchesRequest, error)
	listFunc    = func(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, in *api.ListPartiesRequest) (*api.ListPartiesRequest, error)
)

// host takes registrations as the real host does, and passes messages through the hooks.
type host struct {
	befores map[string]beforeFunc
	afters  map[string]afterFunc
	starts  []eventFunc
	ends    []eventFunc
	list    listFunc
	matches matchesFunc
	refuses map[string]error // errors by what is registered
	log     logBook
	metrics metricBook
}

func (h *host) RegisterBeforeRt(id string, fn beforeFunc) error {
	h.befores[id] = fn
	return h.refuses["before "+id]
}

func (h *host) RegisterAfterRt(id string, fn afterFunc) error {
	h.afters[id] = fn
	return h.refuses["after "+id]
}

func (h *host) RegisterEventSessionStart(fn eventFunc) error {
	h.starts = append(h.starts, fn)
	return h.refuses["start"]
}

func (h *host) RegisterEventSessionEnd(fn eventFunc) error {
	h.ends = append(h.ends, fn)
	return h.refuses["end"]
}

func (h *host) RegisterBeforeListParties(fn listFunc) error {
	h.list = fn
	return h.refuses["list"]
}

func (h *host) RegisterBeforeListMatches(fn matchesFunc) error {
	h.matches = fn
	return h.refuses["matches"]
}

func newHost() *host {
	return &host{befores: map[string]beforeFunc{}, afters: map[string]afterFunc{}, refuses: map[string]error{}}
}

// serve registers the tables. It fails the test if that is refused.
func serve(t testing.TB, tables ...[]hooks.Hook) *host {
	t.Helper()
	h := newHost()
	if err := hooks.Register(h, hooks.Chain{Metrics: &h.metrics, Now: steppingClock(5 * time.Millisecond)}, rules.Default, slices.Concat(tables...)); err != nil {
		t.Fatalf("Register: %v", err)
	}
	return h
}

// before passes a message of the user through its before slot.
func (h *host) before(user, message string, in *rtapi.Envelope) (*rtapi.Envelope, error) {
	fn, ok := h.befores[message]
	if !ok {
		return in, nil
	}
	return fn(contextOf(user), &h.log, nil, nil, in)
}

func (h *host) after(user, message string, out, in *rtapi.Envelope) error {
	return h.afters[message](contextOf(user), &h.log, nil, nil, out, in)
}

// start starts a session of the user, and returns when its handlers are done. Like end, it works only in a bubble.
func (h *host) start(user string) {
	h.starts[0](contextOf(user), &h.log, &api.Event{Name: "session_start"})
	synctest.Wait()
}

// end ends the user's session.
func (h *host) end(user string) {
	h.ends[0](contextOf(user), &h.log, &api.Event{Name: "session_end"})
	synctest.Wait()
}

// contextOf is the context of a message from the user's socket.
func contextOf(user string) context.Context {
	ctx := context.Background()
	s := sessionOf(user)
	for key, value := range map[any]string{
		runtime.RUNTIME_CTX_USER_ID: s.UserID, runtime.RUNTIME_CTX_USERNAME: s.Username,
		runtime.RUNTIME_CTX_SESSION_ID: s.SessionID, runtime.RUNTIME_CTX_CLIENT_IP: "192.0.2.7",
	} {
		ctx = context.WithValue(ctx, key, value)
	}
	return ctx
}

func sessionOf(user string) party.Session {
	return party.Session{UserID: user, SessionID: "session-of-" + user, Username: "name-of-" + user}
}

func presenceOf(user string) *rtapi.UserPresence {
	s := sessionOf(user)
	return &rtapi.UserPresence{UserId: s.UserID, SessionId: s.SessionID, Username: s.Username}
}

func id(t testing.TB) party.ID {
	t.Helper()
	parsed, err := party.ParseID(partyID)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// messages has one message of each kind. They name partyID, and "other" if they name a user.
func message(name, partyID string) *rtapi.Envelope {
	other := presenceOf("other")
	in := &rtapi.Envelope{Cid: "1"}
	switch name {
	case hooks.PartyCreate:
		in.Message = &rtapi.Envelope_PartyCreate{PartyCreate: &rtapi.PartyCreate{}}
	case hooks.PartyJoin:
		in.Message = &rtapi.Envelope_PartyJoin{PartyJoin: &rtapi.PartyJoin{PartyId: partyID}}
	case hooks.PartyLeave:
		in.Message = &rtapi.Envelope_PartyLeave{PartyLeave: &rtapi.PartyLeave{PartyId: partyID}}
	case hooks.PartyPromote:
		in.Message = &rtapi.Envelope_PartyPromote{PartyPromote: &rtapi.PartyPromote{PartyId: partyID, Presence: other}}
	case hooks.PartyAccept:
		in.Message = &rtapi.Envelope_PartyAccept{PartyAccept: &rtapi.PartyAccept{PartyId: partyID, Presence: other}}
	case hooks.PartyRemove:
		in.Message = &rtapi.Envelope_PartyRemove{PartyRemove: &rtapi.PartyRemove{PartyId: partyID, Presence: other}}
	case hooks.PartyClose:
		in.Message = &rtapi.Envelope_PartyClose{PartyClose: &rtapi.PartyClose{PartyId: partyID}}
	case hooks.PartyUpdate:
		in.Message = &rtapi.Envelope_PartyUpdate{PartyUpdate: &rtapi.PartyUpdate{PartyId: partyID, Open: true, Hidden: true, Label: `{"a":1}`}}
	case hooks.PartyDataSend:
		in.Message = &rtapi.Envelope_PartyDataSend{PartyDataSend: &rtapi.PartyDataSend{PartyId: partyID}}
	case hooks.PartyMatchmakerAdd:
		in.Message = &rtapi.Envelope_PartyMatchmakerAdd{PartyMatchmakerAdd: &rtapi.PartyMatchmakerAdd{PartyId: partyID}}
	case hooks.PartyMatchmakerRemove:
		in.Message = &rtapi.Envelope_PartyMatchmakerRemove{PartyMatchmakerRemove: &rtapi.PartyMatchmakerRemove{PartyId: partyID}}
	case hooks.PartyJoinRequestList:
		in.Message = &rtapi.Envelope_PartyJoinRequestList{PartyJoinRequestList: &rtapi.PartyJoinRequestList{PartyId: partyID}}
	case hooks.MatchmakerAdd:
		in.Message = &rtapi.Envelope_MatchmakerAdd{MatchmakerAdd: &rtapi.MatchmakerAdd{}}
	}
	return in
}

// naming are the messages that name a party and are checked before the host sees them.
var naming = []string{
	hooks.PartyJoin, hooks.PartyAccept, hooks.PartyUpdate, hooks.PartyDataSend,
	hooks.PartyMatchmakerAdd, hooks.PartyRemove, hooks.PartyPromote, hooks.PartyClose,
}

// steppingClock advances by step each time it is read.
func steppingClock(step time.Duration) party.Clock {
	at := time.Unix(1_700_000_000, 0)
	return func() time.Time {
		at = at.Add(step)
		return at
	}
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

// metricBook keeps every metric as "name hook stage outcome value".
type metricBook struct {
	mu    sync.Mutex
	lines []string
}

func (m *metricBook) MetricsCounterAdd(name string, tags map[string]string, delta int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lines = append(m.lines, fmt.Sprintf("%s %s %s %s +%d", name, tags["hook"], tags["stage"], tags["outcome"], delta))
}

func (m *metricBook) MetricsGaugeSet(string, map[string]string, float64) {}

func (m *metricBook) MetricsTimerRecord(name string, tags map[string]string, value time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lines = append(m.lines, fmt.Sprintf("%s %s %s %s %v", name, tags["hook"], tags["stage"], tags["outcome"], value))
}

func contains(lines []string, part string) bool {
	return slices.ContainsFunc(lines, func(line string) bool { return strings.Contains(line, part) })
}
