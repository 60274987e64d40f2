package status_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"partyline/local/partytest"
	"partyline/party"
	"partyline/party/admission"
	"partyline/party/invite"
	"partyline/party/ledger"
	"partyline/party/roster"
	"partyline/party/rules"
	"partyline/party/status"
)

// world is the status service and its invites on a fake host.
type world struct {
	t         testing.TB
	host      *partytest.Host
	now       party.Clock
	log       *partytest.Log
	roster    *roster.Roster
	news      *party.News
	admission partytest.Hooks
	invites   *invite.Service
	status    *status.Service

	mu       sync.Mutex
	conf     rules.Config
	messages []message // sent to parties
	moves    []string  // users who made progress
}

// message is one message of op code -1.
type message struct {
	at    time.Time
	party string
	status.Listing
	left string // or: the host's own message that this session left
}

func newWorld(t testing.TB, now party.Clock) *world {
	w := &world{t: t, host: partytest.NewHost(), now: now, log: &partytest.Log{}, conf: rules.Default()}
	w.conf.Limits = rules.Limits{}
	policy := func() rules.Config {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.conf
	}
	store := invite.NewStore(w.host, now, w.log)
	w.news = &party.News{}
	w.roster = roster.New(w.host, w.host, now)
	w.admission = partytest.NewHooks(ledger.Deps{
		Roster: w.roster, Streams: w.host, Storage: w.host, News: w.news, Policy: policy, Logger: w.log, Now: now, Holds: store.Holds,
	}, admission.Deps{Sender: w.host}, nil)
	w.status = status.New(status.Deps{
		Streams: w.host, Sender: w.host, Roster: w.roster, Admission: w.admission.Admission, News: w.news, Policy: policy, Logger: w.log, Now: now,
		Lead: func(ctx context.Context, c party.Caller, code string) (invite.Lead, error) {
			return w.invites.Lead(ctx, c, "", code)
		},
		OnProgress: func(_ party.ID, user string) { w.moves = append(w.moves, user) },
	})
	w.invites = partytest.NewInvites(invite.Deps{
		Store: store, Roster: w.roster, Admission: w.admission.Admission, Limits: party.NewLimits(policy, now),
		Users: w.host, Blocks: party.NewBlockList(nil, w.host), Notifier: w.host, Sender: w.host, Policy: policy, Logger: w.log, Now: now,
		Statuses: w.status.Statuses, Footprints: w.status.Footprint, OnInviteOver: w.status.InviteOver,
	})
	w.host.OnSend = w.sent
	t.Cleanup(func() { w.status.Close(); w.invites.Close() })
	return w
}

// rules changes the rules file and loads it.
func (w *world) rules(change func(*rules.Status)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change(&w.conf.Status)
}

func (w *world) sent(s partytest.Sent) {
	data := s.Envelope.GetPartyData()
	if data.GetOpCode() != party.OpStatus {
		return
	}
	m := message{at: w.now(), party: data.GetPartyId()}
	if err := json.Unmarshal(data.GetData(), &m.Listing); err != nil || strings.Contains(string(data.GetData()), `\u003c`) { // texts keep their length
		w.t.Errorf("message %s: %v", data.GetData(), err)
	}
	if zero := "00000000-0000-0000-0000-000000000000"; data.GetPresence().GetUserId() != zero || data.GetPresence().GetSessionId() != zero || data.GetPresence().GetUsername() != "partyline" {
		w.t.Errorf("sender = %v; want the zero presence", data.GetPresence())
	}
	w.note(m)
}

func (w *world) note(m message) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.messages = append(w.messages, m)
}

// heard returns the messages since the previous call.
func (w *world) heard() []message {
	w.mu.Lock()
	defer w.mu.Unlock()
	told := w.messages
	w.messages = nil
	return told
}

// moved returns the users who made progress since the previous call.
func (w *world) moved() []string {
	moves := w.moves
	w.moves = nil
	return moves
}

// party makes a party led by the first session; the others join.
func (w *world) party(maxSize int, sessions ...party.Session) party.ID {
	w.t.Helper()
	p := w.host.PartyCreate(sessions[0], true, maxSize)
	if err := w.admission.EndCreate(w.t.Context(), sessions[0], p); err != nil {
		w.t.Fatal(err)
	}
	id, err := party.ParseID(p.PartyId)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, s := range sessions[1:] {
		w.join(s, id)
	}
	return id
}

func (w *world) join(s party.Session, id party.ID) {
	w.t.Helper()
	ctx := w.t.Context()
	if err := w.admission.BeginJoin(ctx, id, s); err != nil {
		w.t.Fatal(err)
	}
	if err := w.host.PartyJoin(s, id); err != nil {
		w.t.Fatal(err)
	}
	w.admission.EndJoin(ctx, id, s)
}

func (w *world) leave(s party.Session, id party.ID) {
	w.host.PartyLeave(s, id)
	w.admission.Left(w.t.Context(), id, s)
}

func (w *world) disconnect(s party.Session) {
	w.host.Disconnect(s)
	w.ended(s)
}

func (w *world) invite(by party.Session, id party.ID, more ...func(*party.InviteRequest)) party.CreatedInvite {
	w.t.Helper()
	req := party.InviteRequest{PartyID: id.String()}
	for _, m := range more {
		m(&req)
	}
	inv, err := w.invites.Create(w.t.Context(), caller(by), req)
	if err != nil {
		w.t.Fatal(err)
	}
	return inv
}

func (w *world) set(s party.Session, r status.Report) error {
	return w.status.Set(w.t.Context(), caller(s), r)
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) refused(err error, want party.Reason) {
	w.t.Helper()
	if party.ReasonOf(err) != want {
		w.t.Errorf("refusal = %v; want %s", err, want)
	}
}

func (w *world) list(s party.Session, id party.ID) status.Listing {
	w.t.Helper()
	l, err := w.status.List(w.t.Context(), caller(s), id.String())
	if err != nil {
		w.t.Fatal(err)
	}
	return l
}

// stages returns the stages of the members, in the order they joined.
func (w *world) stages(s party.Session, id party.ID) (stages []string) {
	w.t.Helper()
	for _, m := range w.list(s, id).Members {
		stages = append(stages, m.Stage)
	}
	return stages
}

// incoming returns the users on the way, in the order they set out.
func (w *world) incoming(s party.Session, id party.ID) (users []string) {
	w.t.Helper()
	for _, i := range w.list(s, id).Incoming {
		users = append(users, i.UserID)
	}
	return users
}

func (w *world) footprint(id party.ID) party.Footprint {
	w.t.Helper()
	f, err := w.status.Footprint(w.t.Context(), id, "")
	if err != nil {
		w.t.Fatal(err)
	}
	return f
}

// quiet checks that nothing is kept of any party.
func (w *world) quiet() {
	w.t.Helper()
	if n := w.status.Boards(); n != 0 {
		w.t.Errorf("%d parties with a timer; want none", n)
	}
}

func caller(s party.Session) party.Caller {
	return party.Caller{UserID: s.UserID, Username: s.Username, SessionID: s.SessionID, ClientIP: "192.0.2.1"}
}

// overHTTP returns a caller who is the same user without a socket.
func overHTTP(s party.Session) party.Caller {
	c := caller(s)
	c.SessionID = ""
	return c
}

func ptr[T any](v T) *T { return &v }

// report returns a report to a party.
func report(id party.ID, stage string, progress float64) status.Report {
	return status.Report{PartyID: id.String(), Stage: stage, Progress: &progress}
}

func byCode(code, stage string, progress float64) status.Report {
	return status.Report{Code: code, Stage: stage, Progress: &progress}
}

func same[T comparable](t testing.TB, what string, got, want []T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s = %v; want %v", what, got, want)
	}
}

// ended reports the end of a socket, as the host does.
func (w *world) ended(s party.Session) {
	w.t.Helper()
	if err := w.admission.Ended(w.t.Context(), s); err != nil {
		w.t.Error(err)
	}
}
