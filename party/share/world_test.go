package share_test

import (
	"context"
	"encoding/json"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"partyline/local/partytest"
	"partyline/party"
	"partyline/party/admission"
	"partyline/party/invite"
	"partyline/party/ledger"
	"partyline/party/roster"
	"partyline/party/rules"
	"partyline/party/share"
)

// world is the share service on a fake host.
type world struct {
	t         testing.TB
	host      *partytest.Host
	clock     *partytest.Time
	log       *partytest.Log
	conf      rules.Config
	locked    atomic.Bool
	away      chan struct{} // receives a value for each refusal because all members are away
	roster    *roster.Roster
	news      *party.News
	hears     *party.News // news for the current share process
	admission partytest.Hooks
	invites   *invite.Service
	share     *share.Service
	deps      share.Deps
}

func newWorld(t testing.TB) *world {
	w := &world{t: t, host: partytest.NewHost(), clock: partytest.NewTime(), log: &partytest.Log{}, conf: rules.Default()}
	policy := func() rules.Config { return w.conf }
	store := invite.NewStore(w.host, w.clock.Now, w.log)
	limits := party.NewLimits(policy, w.clock.Now)
	w.news = &party.News{}
	w.roster = roster.New(w.host, w.host, w.clock.Now)
	w.admission = partytest.NewHooks(ledger.Deps{
		Roster: w.roster, Streams: w.host, Storage: w.host, News: w.news, Policy: policy, Logger: w.log, Now: w.clock.Now, Holds: store.Holds,
	}, admission.Deps{
		Sender: w.host,
		Locked: func(context.Context, party.View) error {
			select {
			case w.away <- struct{}{}:
				return party.Refuse(party.PartyAway, "Away.")
			default:
			}
			if w.locked.Load() {
				return party.Refuse(party.PartyLocked, "Locked.")
			}
			return nil
		},
	}, nil)
	w.invites = partytest.NewInvites(invite.Deps{
		Store: store, Roster: w.roster, Admission: w.admission.Admission, Limits: limits, Users: w.host, Blocks: party.NewBlockList(nil, w.host),
		Notifier: w.host, Sender: w.host, Policy: policy, Logger: w.log, Now: w.clock.Now,
		OnInviteOver: func(inviteID, userID string) { w.share.InviteOver(inviteID, userID) },
	})
	w.news.Subscribe(func(c party.Change) { w.hears.Publish(c) })
	w.restart()
	t.Cleanup(w.invites.Close)
	return w
}

// restart starts the share service in a new process that knows nothing.
func (w *world) restart() {
	if w.share != nil {
		w.share.Close()
	}
	policy := func() rules.Config { return w.conf }
	w.hears = &party.News{} // the old process gets no more news
	w.deps = share.Deps{
		Invites: w.invites, Admission: w.admission.Admission, News: w.hears, Streams: w.host, Social: w.host, Blocks: party.NewBlockList(nil, w.host),
		Limits: party.NewLimits(policy, w.clock.Now), Policy: policy, Logger: w.log, Now: w.clock.Now,
	}
	w.share = share.New(w.deps)
	w.t.Cleanup(w.share.Close)
}

func (w *world) party(maxSize int, sessions ...party.Session) party.ID {
	w.t.Helper()
	p := w.host.PartyCreate(sessions[0], true, maxSize)
	w.must(w.admission.EndCreate(w.t.Context(), sessions[0], p))
	id, err := party.ParseID(p.PartyId)
	w.must(err)
	for _, s := range sessions[1:] {
		w.join(s, id)
	}
	return id
}

func (w *world) join(s party.Session, id party.ID) {
	w.t.Helper()
	ctx := w.t.Context()
	w.must(w.admission.BeginJoin(ctx, id, s))
	w.must(w.host.PartyJoin(s, id))
	w.admission.EndJoin(ctx, id, s)
}

func (w *world) leave(s party.Session, id party.ID) {
	w.host.PartyLeave(s, id)
	w.admission.Left(w.t.Context(), id, s)
}

// online makes the user visible to followers, as a game does that connects with a status.
func (w *world) online(s party.Session, status string) {
	w.t.Helper()
	w.must(w.host.StreamUserUpdate(1, s.UserID, "", "", s.UserID, s.SessionID, false, false, status))
}

// status returns the session's status as followers see it. ok is false if they see none.
func (w *world) status(s party.Session) (text string, ok bool) {
	w.t.Helper()
	meta, err := w.host.StreamUserGet(1, s.UserID, "", "", s.UserID, s.SessionID)
	w.must(err)
	if meta == nil {
		return "", false
	}
	return meta.GetStatus(), true
}

type sharedStatus struct {
	PartyID string `json:"party_id"`
	URL     string `json:"url"`
	Text    string `json:"text"`
	State   string `json:"state"`
}

// shared returns the session's shared status, or the zero value for any other status.
func (w *world) shared(s party.Session) (v sharedStatus) {
	w.t.Helper()
	text, _ := w.status(s)
	_ = json.Unmarshal([]byte(text), &v)
	return v
}

// becomes waits until the shared status is as wanted, because it is written in the background.
func (w *world) becomes(s party.Session, what string, fits func(sharedStatus) bool) {
	w.t.Helper()
	w.share.Settle()
	if v := w.shared(s); !fits(v) {
		w.t.Errorf("shared status = %+v; want %s", v, what)
	}
}

func (w *world) ask(s party.Session, r share.Request) (share.Answer, error) {
	return w.share.Share(w.t.Context(), caller(s), r)
}

func (w *world) shareTo(s party.Session, id party.ID, to share.To) share.Answer {
	w.t.Helper()
	a, err := w.ask(s, share.Request{PartyID: id.String(), To: to, Message: "Join us"})
	w.must(err)
	return a
}

// notified returns the users who were notified since the previous call, sorted by ID.
func (w *world) notified(seen *int) (users []string) {
	all := w.host.Notices()
	for _, n := range all[*seen:] {
		users = append(users, n.UserID)
	}
	*seen = len(all)
	slices.Sort(users)
	return users
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	w.clock.Advance(time.Millisecond)
}

func (w *world) refused(err error, want party.Reason) {
	w.t.Helper()
	if party.ReasonOf(err) != want {
		w.t.Errorf("refusal = %v; want %s", err, want)
	}
}

func caller(s party.Session) party.Caller {
	return party.Caller{UserID: s.UserID, Username: s.Username, SessionID: s.SessionID, ClientIP: "192.0.2.1"}
}

func ids(sessions ...party.Session) (users []string) {
	for _, s := range sessions {
		users = append(users, s.UserID)
	}
	slices.Sort(users)
	return users
}

// ended reports the end of a socket, as the host does.
func (w *world) ended(s party.Session) {
	w.t.Helper()
	w.must(w.admission.Ended(w.t.Context(), s))
}
