package reconnect_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"partyline/local/partytest"
	"partyline/party"
	"partyline/party/admission"
	"partyline/party/ledger"
	"partyline/party/post"
	"partyline/party/reconnect"
	"partyline/party/reserve"
	"partyline/party/roster"
	"partyline/party/rules"
)

// world is reconnection with the parts below it over a fake host. The test sets its clock; in a synctest bubble it is
// the bubble's.
type world struct {
	t    testing.TB
	host *partytest.Host
	now  party.Clock
	log  *partytest.Log

	mu   sync.Mutex
	conf rules.Config
	lock error
	ages map[string]party.Age // of every party, by queue

	clients bool                    // only clients create parties
	posts   bool                    // messages about new members come a moment later
	leaving func()                  // called before a helper leaves the party that it has founded; nil for nothing
	joining func()                  // called before a session is put into a party; nil for nothing
	founds  func(party.Facts) error // why a party is not founded; nil for no reason

	node
}

// node is one process on the host.
type node struct {
	roster    *roster.Roster
	news      *party.News
	admission partytest.Hooks
	grace     *reconnect.Service
}

const minute = time.Minute // the grace of a new world

func newWorld(t testing.TB, now party.Clock) *world {
	w := &world{t: t, host: partytest.NewHost(), now: now, log: &partytest.Log{}, conf: rules.Default()}
	w.conf.Parties.KickBanJoins = true
	w.conf.Parties.ReconnectGrace = minute
	w.node = w.newNode()
	return w
}

// newNode starts another process on the same host.
func (w *world) newNode() node { return w.nodeOver(w.host, w.host) }

// restartWith starts another process with other storage and another sender.
func (w *world) restartWith(storage party.Storage, sender party.Sender) {
	w.node = w.nodeOver(storage, sender)
}

func (w *world) nodeOver(storage party.Storage, sender party.Sender) node {
	policy := func() rules.Config {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.conf
	}
	n := node{roster: roster.New(w.host, w.host, w.now), news: &party.News{}}
	n.admission = partytest.NewHooks(ledger.Deps{
		Roster: n.roster, Streams: streams{w.host, w}, Storage: storage, News: n.news, Logger: w.log, Now: w.now, Policy: policy,
		Ages: func(party.ID) map[string]party.Age {
			w.mu.Lock()
			defer w.mu.Unlock()
			return w.ages
		},
	}, admission.Deps{
		Sender: w.host,
		Locked: func(context.Context, party.View) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			return w.lock
		},
	}, w.founder(w.host.Founder(n.roster.Hidden.Set)))
	deps := reconnect.Deps{
		Admission: n.admission.Admission, Roster: n.roster, News: n.news, Sender: sender, Notifier: w.host, Policy: policy, Logger: w.log, Now: w.now,
		Newcomer: partytest.TellAtOnce(sender), Waits: func(party.ID) bool { return false },
	}
	if w.posts {
		mail := post.New(sender, w.log)
		w.t.Cleanup(mail.Close)
		deps.Newcomer, deps.Waits = mail.Send, mail.Pending
	}
	n.grace = reconnect.New(deps)
	w.t.Cleanup(n.grace.Close)
	return n
}

// streams calls joining before joins.
type streams struct {
	*partytest.Host
	w *world
}

func (s streams) StreamUserJoin(mode uint8, subject, subcontext, label, userID, sessionID string, hidden, persistence bool, status string) (bool, error) {
	if s.w.joining != nil && mode == party.StreamMode {
		s.w.joining()
	}
	return s.Host.StreamUserJoin(mode, subject, subcontext, label, userID, sessionID, hidden, persistence, status)
}

// founder calls leaving before the helper leaves.
func (w *world) founder(found admission.Founder) admission.Founder {
	return func(ctx context.Context, s party.Session, f party.Facts) (party.ID, func(bool), error) {
		if w.founds != nil {
			if err := w.founds(f); err != nil {
				return party.ID{}, nil, err
			}
		}
		if w.clients {
			return party.ID{}, nil, admission.ErrCannotFound
		}
		id, leave, err := found(ctx, s, f)
		return id, func(entered bool) {
			if w.leaving != nil {
				w.leaving()
			}
			leave(entered)
		}, err
	}
}

func (w *world) set(change func(*rules.Parties)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change(&w.conf.Parties)
}

// party makes a party of the players, led by the first.
func (w *world) party(open bool, size int, players ...party.Session) party.ID {
	w.t.Helper()
	p := w.host.PartyCreate(players[0], open, size)
	if err := w.admission.EndCreate(w.t.Context(), players[0], p); err != nil {
		w.t.Fatal(err)
	}
	id, err := party.ParseID(p.PartyId)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, s := range players[1:] {
		w.must(w.admit(s, id))
	}
	return id
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
		w.t.Errorf("refusal = %v; want %q", err, want)
	}
}

// admit lets a session in as an invite does.
func (w *world) admit(s party.Session, id party.ID) error {
	return w.admission.Admit(w.t.Context(), id, s, party.Grant{}, nil)
}

// check asks what admit would do.
func (w *world) check(s party.Session, id party.ID) error {
	_, err := w.admission.Check(w.t.Context(), id, reserve.Intent{Session: s}, nil)
	return err
}

// join runs a PartyJoin with its hooks.
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

// accept runs a PartyAccept with its hooks, of a session that may not have asked.
func (w *world) accept(leader, s party.Session, id party.ID) error {
	ctx := w.t.Context()
	if err := w.admission.BeginAccept(ctx, id, s, leader); err != nil {
		return err
	}
	if err := w.host.PartyAccept(leader, s, id); err != nil {
		w.admission.Settle(leader)
		return err
	}
	w.admission.EndJoin(ctx, id, s)
	return nil
}

// leave runs a PartyLeave with its hooks.
func (w *world) leave(s party.Session, id party.ID) {
	w.host.PartyLeave(s, id)
	w.admission.Left(w.t.Context(), id, s)
}

// kick runs a PartyRemove with its hooks, whether or not the host finds the target.
func (w *world) kick(leader, target party.Session, id party.ID) {
	w.t.Helper()
	w.must(w.admission.Before(w.t.Context(), admission.Message{Kind: admission.Remove, Party: id, Sender: leader, Target: target, CID: "7"}, nil))
	if slices.Contains(w.host.Members(id), target) {
		w.host.PartyLeave(target, id)
		w.must(w.admission.Kicked(w.t.Context(), id, target))
	}
}

// drop ends a session and reports its end.
func (w *world) drop(s party.Session) {
	w.t.Helper()
	w.host.Disconnect(s)
	w.must(w.ended(s))
}

func (w *world) ended(s party.Session) error {
	return w.grace.Ended(w.t.Context(), s)
}

// resume calls party_resume over the session's socket.
func (w *world) resume(s party.Session) (party.Resumption, error) {
	return w.grace.Resume(w.t.Context(), party.Caller{UserID: s.UserID, SessionID: s.SessionID, Username: s.Username})
}

// resumeInto resumes with a new session of the user, and checks that it is in the party.
func (w *world) resumeInto(userID string, id party.ID) party.Session {
	w.t.Helper()
	s := w.host.Connect(userID)
	got, err := w.resume(s)
	if want := (party.Resumption{PartyID: id.String(), Joined: true}); err != nil || got != want {
		w.t.Fatalf("Resume = %+v, %v; want %+v", got, err, want)
	}
	return s
}

// members checks who is in the party, for the host and for the module, and how many seats are kept.
func (w *world) members(id party.ID, held int, want ...party.Session) {
	w.t.Helper()
	if got := w.host.Members(id); !slices.Equal(got, want) {
		w.t.Errorf("members = %v; want %v", got, want)
	}
	if ghosts := w.host.Ghosts(id); len(ghosts) > 0 {
		w.t.Errorf("ghosts = %v; want none", ghosts)
	}
	v, err := w.roster.View(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	if v.Leader().Session != w.host.Leader(id) || v.Size() != len(want) {
		w.t.Errorf("%d members led by %v; the engine has %d led by %v", v.Size(), v.Leader().Session, len(want), w.host.Leader(id))
	}
	if got, err := w.admission.Held(w.t.Context(), id); err != nil || got != held {
		w.t.Errorf("Held = %d, %v; want %d", got, err, held)
	}
}

// heardEvents lists the messages about members to parties, oldest first, as "event username".
func (w *world) heardEvents() []string {
	var lines []string
	for _, m := range w.messages() {
		lines = append(lines, m.Event+" "+m.name)
	}
	return lines
}

type message struct {
	Event  string `json:"event"`
	UserID string `json:"user_id"`
	Until  int64  `json:"until"`
	Was    string `json:"was"`
	Led    string `json:"led"`
	By     string `json:"by"`
	name   string
	party  string
}

func (w *world) messages() []message {
	w.t.Helper()
	var all []message
	for _, s := range w.host.Sent() {
		d := s.Envelope.GetPartyData()
		if d == nil || d.OpCode != party.OpMember {
			continue
		}
		m := message{party: d.PartyId}
		if err := json.Unmarshal(d.Data, &m); err != nil {
			w.t.Fatal(err)
		}
		users, err := w.host.UsersGetId(w.t.Context(), []string{m.UserID}, nil)
		if err != nil || len(users) != 1 {
			w.t.Fatalf("a message about %q: %v, %v", m.UserID, users, err)
		}
		m.name = users[0].Username
		all = append(all, m)
	}
	return all
}

func (w *world) told(want ...string) {
	w.t.Helper()
	if got := w.heardEvents(); !slices.Equal(got, want) {
		w.t.Errorf("parties were told %q; want %q", got, want)
	}
}

// nothingLeft checks that neither memory nor storage keeps a seat.
func (w *world) nothingLeft() {
	w.t.Helper()
	if n := w.grace.Running(); n != 0 {
		w.t.Errorf("%d timers and waiters left; want none", n)
	}
	for _, value := range w.host.Values() {
		if strings.HasPrefix(value, "partyline_parties") && strings.Contains(value, `"seats"`) || strings.HasPrefix(value, "partyline_away") {
			w.t.Errorf("left in storage: %s", value)
		}
	}
}

var errStorage = errors.New("database is away")
