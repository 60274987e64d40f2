package invite_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"partyline/local/partytest"
	"partyline/party"
	"partyline/party/admission"
	"partyline/party/invite"
	"partyline/party/ledger"
	"partyline/party/roster"
	"partyline/party/rules"
)

// world is the invite service on a fake host.
type world struct {
	metrics partytest.Metrics
	t       testing.TB
	host    *partytest.Host
	clock   *partytest.Time
	log     *partytest.Log
	conf    rules.Config
	judge   func(party.Question) error
	lock    error // refuses all new players of parties
	// seatless are users without a seat in the party's match, with the error of the search for one.
	seatless map[string]error
	awaited  []string // users for whom the party has kept a seat
	node
}

// node is one process on the host.
type node struct {
	roster    *roster.Roster
	admission partytest.Hooks
	invites   *invite.Service
}

func newWorld(t testing.TB) *world {
	w := &world{t: t, host: partytest.NewHost(), clock: partytest.NewTime(), log: &partytest.Log{}, conf: rules.Default()}
	w.conf.Limits = rules.Limits{}
	w.node = w.start()
	return w
}

// start starts another process, or another node, on the same host.
func (w *world) start() node {
	policy := func() rules.Config { return w.conf }
	store := invite.NewStore(w.host, w.clock.Now, w.log)
	parties := roster.New(w.host, w.host, w.clock.Now)
	door := partytest.NewHooks(ledger.Deps{
		Roster: parties, Streams: w.host, Storage: w.host, News: &party.News{}, Policy: policy, Logger: w.log, Now: w.clock.Now, Holds: store.Holds,
	}, admission.Deps{Sender: w.host, Locked: func(context.Context, party.View) error { return w.lock }}, w.host.Founder(parties.Hidden.Set))
	invites := partytest.NewInvites(invite.Deps{
		Store: store, Roster: parties, Admission: door.Admission, Limits: party.NewLimits(policy, w.clock.Now),
		Users: w.host, Blocks: party.NewBlockList(nil, w.host), Notifier: w.host, Sender: w.host, Policy: policy, Logger: w.log, Now: w.clock.Now,
		Judge: judge{w}, Statuses: statuses, Match: match, Seat: w.seat, Metrics: &w.metrics,
	})
	w.t.Cleanup(invites.Close)
	return node{parties, door, invites}
}

type judge struct{ w *world }

func (j judge) Decide(_ context.Context, q party.Question) error {
	if j.w.judge == nil {
		return nil
	}
	return j.w.judge(q)
}

var half = 0.5

func statuses(context.Context, party.ID) (map[string]party.MemberStatus, error) {
	return map[string]party.MemberStatus{anySession: {Stage: "downloading", Progress: &half, Text: "level 2"}}, nil
}

const anySession = "the session the statuses are of"

func match(context.Context, party.ID) (string, error) { return "match.node", nil }

// seat finds a seat in the party's match for everybody except the seatless users.
func (w *world) seat(_ context.Context, id party.ID, userID string, awaited bool) (string, error) {
	if awaited {
		w.awaited = append(w.awaited, userID)
	}
	if err, late := w.seatless[userID]; late {
		return "", err
	}
	return match(w.t.Context(), id)
}

// caller returns a caller on the session's socket.
func caller(s party.Session) party.Caller {
	return party.Caller{UserID: s.UserID, Username: s.Username, SessionID: s.SessionID, ClientIP: "192.0.2.1"}
}

// overHTTP returns a caller who is the same user without a socket.
func overHTTP(s party.Session) party.Caller {
	c := caller(s)
	c.SessionID = ""
	return c
}

func (w *world) party(s party.Session, open bool, maxSize int) party.ID {
	w.t.Helper()
	p := w.host.PartyCreate(s, open, maxSize)
	if err := w.admission.EndCreate(w.t.Context(), s, p); err != nil {
		w.t.Fatal(err)
	}
	id, err := party.ParseID(p.PartyId)
	if err != nil {
		w.t.Fatal(err)
	}
	w.clock.Advance(time.Second)
	return id
}

func (w *world) join(s party.Session, id party.ID) error {
	ctx := w.t.Context()
	if err := w.admission.BeginJoin(ctx, id, s); err != nil {
		return err
	}
	if err := w.host.PartyJoin(s, id); err != nil {
		return err
	}
	w.admission.EndJoin(ctx, id, s)
	return nil
}

func (w *world) create(s party.Session, req party.InviteRequest) party.CreatedInvite {
	w.t.Helper()
	c, err := w.invites.Create(w.t.Context(), caller(s), req)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func (w *world) redeem(s party.Session, code string) error {
	_, err := w.invites.Redeem(w.t.Context(), caller(s), code, "")
	return err
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

// members checks that exactly these sessions are members, in any order, and that no other session receives the
// party's messages.
func (w *world) members(id party.ID, want ...party.Session) {
	w.t.Helper()
	got := w.host.Members(id)
	if len(got) != len(want) || slices.ContainsFunc(want, func(s party.Session) bool { return !slices.Contains(got, s) }) {
		w.t.Errorf("members = %v; want %v", got, want)
	}
	if ghosts := w.host.Ghosts(id); len(ghosts) > 0 {
		w.t.Errorf("ghosts = %v; want none", ghosts)
	}
}

// uses returns how often the party's only invite was used.
func (w *world) uses(s party.Session, id party.ID) int {
	w.t.Helper()
	rows, err := w.invites.List(w.t.Context(), caller(s), id.String())
	if err != nil || len(rows) != 1 {
		w.t.Fatalf("List = %v, %v; want one invite", rows, err)
	}
	return rows[0].Uses
}

func (w *world) held(id party.ID, want int) {
	w.t.Helper()
	if got, err := w.admission.Held(w.t.Context(), id); err != nil || got != want {
		w.t.Errorf("Held = %d, %v; want %d", got, err, want)
	}
}

type inviteEvent struct{ Event, ID, By, User string }

// events returns the invite events that the party was sent.
func (w *world) events(id party.ID) (events []inviteEvent) {
	w.t.Helper()
	for _, sent := range w.host.Sent() {
		data := sent.Envelope.GetPartyData()
		if sent.Mode != party.StreamMode || sent.Subject != id.UUID.String() || sent.Label != id.Node {
			continue
		}
		zero := "00000000-0000-0000-0000-000000000000"
		if p := data.GetPresence(); data.GetOpCode() != -2 || data.GetPartyId() != id.String() || p.GetUserId() != zero || p.GetSessionId() != zero || p.GetUsername() != "partyline" {
			w.t.Errorf("party data = %v; want op code -2 from the zero presence", data)
		}
		var e inviteEvent
		if err := json.Unmarshal(data.GetData(), &e); err != nil {
			w.t.Error(err)
		}
		events = append(events, e)
	}
	return events
}

func ptr[T any](v T) *T { return &v }
