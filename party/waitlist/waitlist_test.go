package waitlist_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/local/partytest"
	"partyline/party"
	"partyline/party/admission"
	"partyline/party/entry"
	"partyline/party/invite"
	"partyline/party/ledger"
	"partyline/party/reconnect"
	"partyline/party/reserve"
	"partyline/party/roster"
	"partyline/party/rules"
	"partyline/party/waitlist"
)

// world is one node's wait lists over a fake host.
type world struct {
	metrics   partytest.Metrics
	t         testing.TB
	host      *partytest.Host
	log       *partytest.Log
	admission partytest.Hooks
	invites   *invite.Service
	line      *waitlist.Service
	seats     *reconnect.Service
	conf      rules.Config

	mu     sync.Mutex
	locked bool
	denied bool // by a rule
	mute   bool // no notification can be sent
	deaf   bool // nothing answers whether the party is locked
}

// notifier is the host as it sends notifications: not for callers whose time is over.
type notifier struct {
	*partytest.Host
	world *world
}

func (n notifier) NotificationsSend(ctx context.Context, notifications []*runtime.NotificationSend) error {
	n.world.mu.Lock()
	mute := n.world.mute
	n.world.mu.Unlock()
	if mute {
		return errors.New("no answer")
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return n.Host.NotificationsSend(ctx, notifications)
}

func (w *world) setMute(mute bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mute = mute
}

func (w *world) setDeaf(deaf bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.deaf = deaf
}

type judge struct{ *world }

func (j judge) Decide(context.Context, party.Question) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.denied {
		return party.Refuse(party.RuleDenied, "no")
	}
	return nil
}

// newWorld makes another node on the host of others, or a node on its own host.
func newWorld(t testing.TB, others ...*world) *world {
	w := &world{t: t, host: partytest.NewHost(), log: &partytest.Log{}, conf: rules.Default()}
	if len(others) > 0 {
		w.host = others[0].host
	}
	w.conf.Parties.ReconnectGrace = time.Minute
	w.conf.Limits = rules.Limits{}
	policy := func() rules.Config { return w.conf }
	news := &party.News{}
	members := roster.New(w.host, w.host, time.Now)
	store := invite.NewStore(w.host, time.Now, w.log)
	w.admission = partytest.NewHooks(ledger.Deps{
		Roster: members, Streams: w.host, Storage: w.host, News: news, Policy: policy, Logger: w.log, Now: time.Now, Holds: store.Holds,
	}, admission.Deps{
		Sender: w.host,
		Locked: func(context.Context, party.View) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			switch {
			case w.deaf:
				return errors.New("no answer")
			case w.locked:
				return party.Refuse(party.PartyLocked, "locked")
			}
			return nil
		},
	}, w.host.Founder(members.Hidden.Set))
	blocks := party.NewBlockList(nil, w.host)
	w.invites = partytest.NewInvites(invite.Deps{
		Store: store, Roster: members, Admission: w.admission.Admission, Limits: party.NewLimits(policy, time.Now), Users: w.host, Blocks: blocks,
		Notifier: w.host, Sender: w.host, Policy: policy, Logger: w.log, Now: time.Now, Judge: judge{w},
		OnInviteOver: func(inviteID, userID string) { w.line.InviteOver(inviteID, userID) },
	})
	w.line = waitlist.New(waitlist.Deps{
		Entry:   entry.Entry{Admission: w.admission.Admission, Roster: members, Blocks: blocks, Judge: judge{w}, Policy: policy},
		Invites: w.invites, Notifier: notifier{w.host, w}, News: news, Metrics: &w.metrics, Logger: w.log, Now: time.Now,
	})
	w.seats = reconnect.New(reconnect.Deps{
		Admission: w.admission.Admission, Roster: members, News: news, Sender: w.host, Notifier: w.host, Policy: policy, Logger: w.log, Now: time.Now,
		Newcomer: partytest.TellAtOnce(w.host), Waits: func(party.ID) bool { return false },
	})
	t.Cleanup(w.close)
	return w
}

func (w *world) close() {
	w.line.Close()
	w.seats.Close()
	w.invites.Close()
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

func (w *world) party(open bool, size int, sessions ...party.Session) party.ID {
	w.t.Helper()
	p := w.host.PartyCreate(sessions[0], open, size)
	w.must(w.admission.EndCreate(w.t.Context(), sessions[0], p))
	id, err := party.ParseID(p.PartyId)
	w.must(err)
	for _, s := range sessions[1:] {
		w.must(w.admission.Admit(w.t.Context(), id, s, party.Grant{InviteID: "x"}, nil))
	}
	return id
}

// join runs a native join.
func (w *world) join(s party.Session, id party.ID) error {
	if err := w.admission.BeginJoin(context.Background(), id, s); err != nil {
		return err
	}
	if err := w.host.PartyJoin(s, id); err != nil {
		return err
	}
	w.admission.EndJoin(context.Background(), id, s)
	return nil
}

func (w *world) leave(s party.Session, id party.ID) {
	w.host.PartyLeave(s, id)
	w.admission.Left(context.Background(), id, s)
}

func (w *world) kick(leader, s party.Session, id party.ID) {
	w.t.Helper()
	w.must(w.admission.BeginKick(context.Background(), id, s, leader))
	w.must(w.host.PartyRemove(leader, s, id))
	w.must(w.admission.Kicked(context.Background(), id, s))
}

// drop ends a socket.
func (w *world) drop(s party.Session) {
	w.host.Disconnect(s)
	if err := errors.Join(w.admission.Ended(context.Background(), s), w.seats.Ended(context.Background(), s), w.line.Ended(context.Background(), s)); err != nil {
		w.t.Error(err)
	}
}

func (w *world) wait(s party.Session, r waitlist.Request) (waitlist.Place, error) {
	return w.line.Wait(context.Background(), caller(s), r)
}

// waitByID waits by the party's ID, and returns the place after everything has settled.
func (w *world) waitByID(s party.Session, id party.ID) waitlist.Place {
	w.t.Helper()
	time.Sleep(time.Second)
	p, err := w.wait(s, byID(id))
	w.must(err)
	return p
}

func byID(id party.ID) waitlist.Request { return waitlist.Request{PartyID: id.String()} }

func caller(s party.Session) party.Caller {
	return party.Caller{UserID: s.UserID, Username: s.Username, SessionID: s.SessionID}
}

// notices counts the notifications of a user.
func (w *world) notices(s party.Session) (n int) {
	for _, notice := range w.host.Notices() {
		if notice.UserID == s.UserID && party.Notice(notice.Code) == party.NoticeSeatFree {
			n++
			if notice.Persistent || notice.Subject != "party_seat_free" {
				w.t.Errorf("notification %+v", notice)
			}
		}
	}
	return n
}

func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.host.Players(7)
		id := w.party(true, 3, p[0], p[1])
		if at := w.waitByID(p[2], id); at != (waitlist.Place{}) || len(w.host.Members(id)) != 3 {
			t.Errorf("with a free seat: %+v, %d members", at, len(w.host.Members(id)))
		}
		for i, want := range []waitlist.Place{{Place: 1, Of: 1}, {Place: 2, Of: 2}, {Place: 3, Of: 3}} {
			if at := w.waitByID(p[3+i], id); at != want {
				t.Errorf("waiter %d: %+v; want %+v", i, at, want)
			}
		}
		if at := w.waitByID(p[3], id); at != (waitlist.Place{Place: 1, Of: 3}) {
			t.Errorf("waiting again: %+v", at)
		}
		_, err := w.wait(p[1], byID(id))
		w.refused(err, party.AlreadyMember)
		w.leave(p[2], id)
		at := w.waitByID(p[3], id)
		if want := time.Now().Add(time.Minute).Unix(); at.Place != 1 || at.HeldUntil > want || at.HeldUntil < want-2 {
			t.Errorf("first in line: %+v; want held until %d", at, want)
		}
		if w.notices(p[3]) != 1 || w.notices(p[4]) != 0 {
			t.Errorf("told %d and %d times", w.notices(p[3]), w.notices(p[4]))
		}
		for _, s := range []party.Session{p[6], p[4], p[2]} { // a stranger, the second, and a member who has just left
			w.refused(w.join(s, id), party.PartyFull)
			w.refused(w.admission.Admit(t.Context(), id, s, party.Grant{InviteID: "x"}, nil), party.PartyFull)
		}
		if w.admission.Hold(t.Context(), id, reserve.Hold{InviteID: "h", UserIDs: []string{p[6].UserID}, ExpiresAt: time.Now().Add(time.Hour)}) == nil {
			t.Error("an invite holds the seat of a user who waits")
		}
		look, err := w.admission.Look(t.Context(), id)
		w.must(err)
		if look.Held(p[6].UserID) != 1 || look.Held(p[3].UserID) != 0 || look.Waiting != 3 {
			t.Errorf("seen: held %d, by the first %d, waiting %d", look.Held(p[6].UserID), look.Held(p[3].UserID), look.Waiting)
		}
		w.must(w.join(p[3], id))
		if at := w.waitByID(p[4], id); at != (waitlist.Place{Place: 1, Of: 2}) {
			t.Errorf("second, after the first came in: %+v", at)
		}
		// The seat is not taken in time and goes to the next player.
		w.leave(p[1], id)
		w.waitByID(p[4], id)
		time.Sleep(time.Minute + time.Second)
		if at := w.waitByID(p[5], id); at.Place != 1 || at.HeldUntil == 0 || w.notices(p[5]) != 1 {
			t.Errorf("the next in line: %+v, told %d times", at, w.notices(p[5]))
		}
		if at := w.waitByID(p[4], id); at.Place != 2 { // waits again, at the end
			t.Errorf("who did not come: %+v", at)
		}
		if at, err := w.wait(p[5], waitlist.Request{PartyID: id.String(), Leave: true}); err != nil || at != (waitlist.Place{Of: 1}) {
			t.Errorf("left: %+v, %v", at, err)
		}
		if at := w.waitByID(p[4], id); at.HeldUntil == 0 {
			t.Errorf("the last: %+v", at)
		}
		w.must(w.join(p[4], id))
		synctest.Wait()
		if len(w.admission.Waitlists.Users(id)) > 0 || len(w.host.Members(id)) != 3 {
			t.Errorf("at the end: a line %v, %d members", len(w.admission.Waitlists.Users(id)) > 0, len(w.host.Members(id)))
		}
		waits := w.metrics.Timer(waitlist.MetricWait, nil)
		if len(waits) != 2 || waits[0] <= 0 || waits[1] <= 0 || w.metrics.Counter(waitlist.MetricOffers, nil) != 4 {
			t.Errorf("waited %v, %d offers; want two who got a seat of the four that were held", waits, w.metrics.Counter(waitlist.MetricOffers, nil))
		}
	})
}

// A returning member gets their kept seat, even if others wait.
func TestWait_keptSeatIsNotFree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.host.Players(4)
		id := w.party(true, 2, p[0], p[1])
		if at := w.waitByID(p[2], id); at.Place != 1 {
			t.Fatalf("waits: %+v", at)
		}
		w.drop(p[1])
		time.Sleep(time.Second)
		if at := w.waitByID(p[2], id); at.HeldUntil != 0 {
			t.Errorf("the kept seat is offered: %+v", at)
		}
		w.refused(w.join(p[2], id), party.PartyFull)
		back := w.host.Connect(p[1].UserID)
		w.must(w.join(back, id))
	})
}

// A block counts while the player who may come back is away: nobody is let in or offered a seat.
func TestWait_blockedByWhoIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.host.Players(5)
		id := w.party(true, 3, p[0], p[1], p[2])
		w.waitByID(p[3], id)
		w.host.Block(p[1].UserID, p[3].UserID)
		w.host.Block(p[4].UserID, p[1].UserID)
		w.drop(p[1])
		w.leave(p[2], id)
		time.Sleep(time.Second)
		_, err := w.wait(p[4], byID(id))
		w.refused(err, party.Blocked)
		if w.notices(p[3]) != 0 || len(w.host.Members(id)) != 1 {
			t.Errorf("told %d times, %d members", w.notices(p[3]), len(w.host.Members(id)))
		}
	})
}

// TestWait_refused: an impossible or forbidden wait has a reason and puts nobody on the list.
func TestWait_refused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.host.Players(6)
		open := w.party(true, 2, p[0], p[1])
		closed := w.party(false, 1, p[2])
		w.host.Block(p[1].UserID, p[3].UserID)
		for what, c := range map[string]struct {
			by     party.Session
			r      waitlist.Request
			reason party.Reason
		}{
			"nothing":        {p[4], waitlist.Request{}, party.InvalidRequest},
			"both":           {p[4], waitlist.Request{Code: "x", PartyID: open.String()}, party.InvalidRequest},
			"no code":        {p[4], waitlist.Request{Code: "ABCDEFGHJKMNPQRS"}, party.InviteNotFound},
			"no party":       {p[4], waitlist.Request{PartyID: "x"}, party.PartyNotFound},
			"a closed party": {p[4], byID(closed), party.NotMember},
			"blocked":        {p[3], byID(open), party.Blocked},
			"a member":       {p[0], byID(open), party.AlreadyMember},
		} {
			if _, err := w.wait(c.by, c.r); party.ReasonOf(err) != c.reason {
				t.Errorf("%s: %v; want %s", what, err, c.reason)
			}
		}
		w.denied = true
		_, err := w.wait(p[4], byID(open))
		w.refused(err, party.RuleDenied)
		w.denied = false
		w.conf.Parties.KickBanJoins = true
		w.kick(p[0], p[1], open)
		w.must(w.join(p[5], open))
		_, err = w.wait(p[1], byID(open))
		w.refused(err, party.Banned)
		w.conf.Parties.Waitlist.Max = 0
		_, err = w.wait(p[4], byID(open))
		w.refused(err, party.PartyFull)
		w.locked = true
		_, err = w.wait(p[4], byID(open))
		w.refused(err, party.PartyLocked)
		w.locked = false
		if len(w.admission.Waitlists.Users(open)) > 0 || len(w.admission.Waitlists.Users(closed)) > 0 {
			t.Error("somebody waits")
		}
		w.conf.Parties.Waitlist.Max = 1
		w.waitByID(p[4], open)
		_, err = w.wait(p[2], byID(open))
		w.refused(err, party.PartyFull)
		w.conf.Parties.Waitlist.Max = 50
		for range 2 {
			w.waitByID(p[4], w.party(true, 1, w.host.Players(1)[0]))
		}
		_, err = w.wait(p[4], byID(w.party(true, 1, w.host.Players(1)[0])))
		w.refused(err, party.RateLimited)
	})
}

// TestWait_code: with an invite a player waits for a closed party, and takes the seat by the code.
func TestWait_code(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.host.Players(4)
		id := w.party(false, 2, p[0], p[1])
		made, err := w.invites.Create(t.Context(), caller(p[0]), party.InviteRequest{PartyID: id.String()})
		w.must(err)
		code := waitlist.Request{Code: made.Code}
		at, err := w.wait(p[2], code)
		if err != nil || at != (waitlist.Place{Place: 1, Of: 1}) {
			t.Fatalf("waits: %+v, %v", at, err)
		}
		w.conf.Parties.OnePerUser = rules.OnePartyOnly
		other := w.party(true, 2, p[3])
		_, err = w.wait(p[3], code) // a seat would be held for a player who cannot take it
		w.refused(err, party.AlreadyInParty)
		w.leave(p[3], other)
		preview, err := w.invites.Preview(t.Context(), caller(p[3]), made.Code)
		if err != nil || preview.State != party.StateFull || preview.Waiting != 1 {
			t.Errorf("preview %+v, %v", preview, err)
		}
		w.leave(p[1], id)
		time.Sleep(time.Second)
		if preview, err := w.invites.Preview(t.Context(), caller(p[3]), made.Code); err != nil || preview.State != party.StateFull {
			t.Errorf("to others the party is %s, %v", preview.State, err)
		}
		if preview, err := w.invites.Preview(t.Context(), caller(p[2]), made.Code); err != nil || preview.State != party.StateOpen {
			t.Errorf("to the first in line it is %s, %v", preview.State, err)
		}
		_, err = w.invites.Redeem(t.Context(), caller(p[3]), made.Code, "")
		w.refused(err, party.PartyFull)
		_, err = w.invites.Redeem(t.Context(), caller(p[2]), made.Code, "")
		w.must(err)
		if len(w.admission.Waitlists.Users(id)) > 0 {
			t.Error("who came in waits on")
		}
		_, err = w.wait(p[3], code)
		w.must(err)
		w.must(w.invites.Revoke(t.Context(), caller(p[0]), made.ID, ""))
		if at, err := w.wait(p[3], waitlist.Request{Code: made.Code, Leave: true}); err != nil || at.Of != 0 {
			t.Errorf("leaves with a revoked code: %+v, %v", at, err)
		}
	})
}

// TestWait_between: nothing is offered while the party is locked or has only kept seats. Blocked players are skipped. A
// player who is gone for half a minute loses the place; one who is back sooner does not.
func TestWait_between(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.host.Players(7)
		id := w.party(true, 3, p[0], p[1], p[2])
		for _, s := range p[3:6] {
			w.waitByID(s, id)
		}
		w.drop(p[1])
		time.Sleep(10 * time.Second)
		if w.notices(p[3]) != 0 {
			t.Error("a kept seat was offered")
		}
		w.mu.Lock()
		w.locked = true
		w.mu.Unlock()
		time.Sleep(time.Minute)
		if at := w.waitByID(p[3], id); at != (waitlist.Place{Place: 1, Of: 3}) {
			t.Errorf("while locked: %+v", at)
		}
		w.host.Block(p[0].UserID, p[3].UserID)
		back := w.host.Connect(p[4].UserID)
		w.drop(p[4])
		w.drop(p[5])
		time.Sleep(20 * time.Second)
		again := w.host.Connect(p[5].UserID)
		w.drop(back)
		time.Sleep(20 * time.Second)
		back = w.host.Connect(p[4].UserID)
		w.mu.Lock()
		w.locked = false
		w.mu.Unlock()
		time.Sleep(3 * time.Second)
		if w.notices(p[3]) != 0 || w.notices(p[4]) != 1 {
			t.Errorf("told %d and %d times; want the blocked one skipped", w.notices(p[3]), w.notices(p[4]))
		}
		w.must(w.join(back, id))
		w.drop(again)
		time.Sleep(29 * time.Second)
		if w.admission.Waitlists.Of(p[5].UserID) == nil {
			t.Error("out of the line too soon")
		}
		time.Sleep(5 * time.Second)
		if w.admission.Waitlists.Of(p[5].UserID) != nil {
			t.Error("in line without a socket")
		}
	})
}

// A seat held for a player who has been blocked since goes to the next.
func TestWait_blockedSinceTheOffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.host.Players(4)
		id := w.party(true, 2, p[0], p[1])
		w.waitByID(p[2], id)
		w.waitByID(p[3], id)
		w.leave(p[1], id)
		time.Sleep(time.Second)
		if w.notices(p[2]) != 1 {
			t.Fatal("the first was told of no seat")
		}
		w.host.Block(p[0].UserID, p[2].UserID)
		time.Sleep(3 * time.Second)
		if w.notices(p[3]) != 1 || w.notices(p[2]) != 1 {
			t.Errorf("told %d and %d times", w.notices(p[2]), w.notices(p[3]))
		}
		w.must(w.join(p[3], id))
	})
}

// When an invite's hold expires, the seat goes to the first waiting player at once.
func TestWait_holdEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.host.Players(4)
		id := w.party(true, 2, p[0])
		w.must(w.admission.Hold(t.Context(), id, reserve.Hold{InviteID: "h", UserIDs: []string{p[1].UserID}, ExpiresAt: time.Now().Add(time.Minute)}))
		w.waitByID(p[2], id)
		time.Sleep(58 * time.Second)
		if w.notices(p[2]) != 0 {
			t.Error("the held seat was offered")
		}
		time.Sleep(2 * time.Second)
		if w.notices(p[2]) != 1 {
			t.Errorf("told %d times", w.notices(p[2]))
		}
	})
}

// A player who has not taken a seat twice does not keep others out. They may wait again only after a while, and may
// come in before if a seat is free.
func TestWait_missed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.host.Players(6)
		id := w.party(true, 2, p[0], p[1])
		other := w.party(true, 1, p[5])
		w.waitByID(p[2], id)
		w.waitByID(p[3], id)
		w.leave(p[1], id)
		for range 235 {
			for _, s := range p[2:4] {
				if _, err := w.wait(s, byID(id)); err != nil {
					w.refused(err, party.RateLimited)
				}
			}
			time.Sleep(time.Second)
		}
		time.Sleep(10 * time.Second) // in all four holds
		w.must(w.join(p[4], id))
		if at := w.waitByID(p[2], other); at.Place != 1 {
			t.Errorf("in line for another party: %+v", at)
		}
		_, err := w.wait(p[2], byID(id))
		if wait := party.AsError(err).Wait; party.ReasonOf(err) != party.RateLimited || wait < 8*time.Minute || wait > 10*time.Minute {
			t.Errorf("Wait = %v, again in %v; want ten minutes after the seat was held in all", err, wait)
		}
		w.leave(p[4], id)
		w.must(w.join(p[3], id))
		time.Sleep(10 * time.Minute)
		if at := w.waitByID(p[2], id); at.Place != 1 {
			t.Errorf("in line again: %+v", at)
		}
	})
}

// Two players who take turns do not keep others out either, if they leave the list or go offline before the held seat
// ends.
func TestWait_missedInTurns(t *testing.T) {
	for name, miss := range map[string]func(w *world, s party.Session, id party.ID){
		"leave": func(w *world, s party.Session, id party.ID) {
			_, err := w.wait(s, waitlist.Request{PartyID: id.String(), Leave: true})
			w.must(err)
		},
		"off line": func(w *world, s party.Session, _ party.ID) {
			w.host.Disconnect(s)
			time.Sleep(reserve.MaxAbsent + 2*time.Second)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.conf.Parties.Waitlist.Hold = 2 * time.Minute
				p := w.host.Players(4)
				id := w.party(true, 2, p[0], p[1])
				w.waitByID(p[2], id)
				w.waitByID(p[3], id)
				w.leave(p[1], id)
				for turn := range 3 {
					time.Sleep(time.Second)
					s := &p[2+turn%2]
					if w.waitByID(*s, id).HeldUntil == 0 {
						t.Fatalf("turn %d: no seat is held", turn)
					}
					miss(w, *s, id)
					*s = w.host.Connect(s.UserID)
					time.Sleep(time.Second)
					if _, err := w.wait(*s, byID(id)); turn < 2 {
						w.must(err)
					} else {
						w.refused(err, party.RateLimited)
					}
				}
				miss(w, p[3], id)
				w.must(w.join(p[1], id))
			})
		})
	}
}

// A waiting player with an invite that holds a seat for them comes in from any place.
func TestWait_namedSeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.host.Players(5)
		id := w.party(true, 3, p[0], p[1], p[2])
		w.waitByID(p[3], id)
		w.waitByID(p[4], id)
		w.leave(p[1], id)
		time.Sleep(time.Second) // the seat is offered to the first
		w.leave(p[2], id)
		w.must(w.admission.Hold(t.Context(), id, reserve.Hold{InviteID: "h", UserIDs: []string{p[4].UserID}, ExpiresAt: time.Now().Add(time.Hour)}))
		if at := w.waitByID(p[4], id); at != (waitlist.Place{Of: 1}) || len(w.host.Members(id)) != 2 {
			t.Errorf("the second: %+v, %d members", at, len(w.host.Members(id)))
		}
		if at := w.waitByID(p[3], id); at.Place != 1 || at.HeldUntil == 0 {
			t.Errorf("the first: %+v", at)
		}
	})
}

// A player let in by the wait list before the code expired or the party closed takes the held seat. Others do not come
// in that way, and no code has more uses than allowed.
func TestWait_doorClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.host.Players(8)
		id := w.party(true, 5, p[0], p[1], p[2], p[3], p[4])
		create := func(r party.InviteRequest) (code string) {
			r.PartyID = id.String()
			made, err := w.invites.Create(t.Context(), caller(p[0]), r)
			w.must(err)
			return made.Code
		}
		ttl, once := int64(120), 1
		expires, single := create(party.InviteRequest{TTLSec: &ttl}), create(party.InviteRequest{MaxUses: &once})
		wait := func(s party.Session, r waitlist.Request) {
			t.Helper()
			at, err := w.wait(s, r)
			if err != nil || at.Place == 0 {
				t.Fatalf("waits: %+v, %v", at, err)
			}
		}
		wait(p[5], waitlist.Request{Code: expires})
		wait(p[6], byID(id))
		w.host.PartyUpdate(id, false, false, "")
		w.admission.Updated(t.Context(), id, false, false, "")
		time.Sleep(3 * time.Minute)
		wait(p[5], waitlist.Request{Code: expires})
		wait(p[6], byID(id))
		w.leave(p[1], id)
		w.leave(p[2], id)
		time.Sleep(time.Second)
		redeem := func(s party.Session, code string) error {
			_, err := w.invites.Redeem(t.Context(), caller(s), code, "")
			return err
		}
		w.refused(redeem(p[7], expires), party.InviteExpired)
		_, err := w.wait(p[7], byID(id))
		w.refused(err, party.NotMember)
		w.must(redeem(p[5], expires))
		if at := w.waitByID(p[6], id); at != (waitlist.Place{}) || len(w.host.Members(id)) != 5 {
			t.Errorf("in the closed party: %+v, %d members", at, len(w.host.Members(id)))
		}
		for _, s := range []party.Session{p[1], p[2]} {
			wait(s, waitlist.Request{Code: single})
		}
		w.leave(p[3], id)
		w.leave(p[4], id)
		time.Sleep(time.Second)
		w.must(redeem(p[1], single))
		w.refused(redeem(p[7], single), party.InviteExhausted)
		w.refused(redeem(p[2], single), party.InviteExhausted)
	})
}

// While everybody is away, waiting players see their place, and can leave.
func TestWait_whileAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.conf.Parties.Survive.EveryoneAway = true
		p := w.host.Players(4)
		id := w.party(true, 1, p[0])
		made, err := w.invites.Create(t.Context(), caller(p[0]), party.InviteRequest{PartyID: id.String()})
		w.must(err)
		w.waitByID(p[1], id)
		w.waitByID(p[2], id)
		w.drop(p[0])
		for _, r := range []waitlist.Request{byID(id), {Code: made.Code}} {
			if at, err := w.wait(p[2], r); err != nil || at != (waitlist.Place{Place: 2, Of: 2}) {
				t.Errorf("while away: %+v, %v", at, err)
			}
			_, err := w.wait(p[3], r)
			w.refused(err, party.PartyAway)
		}
		for i, r := range []waitlist.Request{{PartyID: id.String(), Leave: true}, {Code: made.Code, Leave: true}} {
			if at, err := w.wait(p[1+i], r); err != nil || at != (waitlist.Place{Of: 1 - i}) {
				t.Errorf("leaves while away: %+v, %v", at, err)
			}
		}
		if len(w.admission.Waitlists.Users(id)) > 0 {
			t.Error("who has left waits on")
		}
	})
}

// A held seat is released while everybody is away, because nobody may take it. It is held again when a member is back.
func TestWait_heldWhileAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.conf.Parties.Survive.EveryoneAway = true
		p := w.host.Players(3)
		id := w.party(true, 2, p[0], p[1])
		w.waitByID(p[2], id)
		w.leave(p[1], id)
		w.memberCount(id)
		if at := w.waitByID(p[2], id); at.HeldUntil == 0 {
			t.Fatalf("with a free seat: %+v", at)
		}
		w.drop(p[0])
		w.memberCount(id)
		if at := w.waitByID(p[2], id); at != (waitlist.Place{Place: 1, Of: 1}) {
			t.Errorf("while away: %+v; want no seat", at)
		}
		back := w.host.Connect(p[0].UserID)
		_, err := w.seats.Resume(t.Context(), caller(back))
		w.must(err)
		w.memberCount(id)
		if at := w.waitByID(p[2], w.admission.Current(id)); at.HeldUntil == 0 {
			t.Errorf("with somebody back: %+v; want a seat", at)
		}
	})
}

// If the party is locked or away just before a held seat ends, nobody loses the place: the seat is held again
// afterwards.
func TestWait_closedAtTheEnd(t *testing.T) {
	for _, how := range []string{"locked", "away"} {
		t.Run(how, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.conf.Parties.Survive.EveryoneAway = true
				w.conf.Parties.Waitlist.Hold = 6 * time.Second
				p := w.host.Players(4)
				id := w.party(true, 2, p[0], p[1])
				w.waitByID(p[2], id)
				w.waitByID(p[3], id)
				lock := func(locked bool) {
					w.mu.Lock()
					defer w.mu.Unlock()
					w.locked = locked
				}
				for turn := range 3 { // two missed seats would keep them out
					if turn == 0 {
						w.leave(p[1], id)
					}
					time.Sleep(2500 * time.Millisecond)
					until := time.Unix(w.waitByID(p[2], id).HeldUntil, 0)
					if until.Before(time.Now()) {
						t.Fatalf("turn %d: no seat is held", turn)
					}
					time.Sleep(time.Until(until))
					if how == "locked" {
						lock(true)
						w.refused(w.join(p[2], id), party.PartyLocked)
					} else {
						w.drop(p[0])
					}
					time.Sleep(3 * time.Second)
					if at, err := w.wait(p[2], byID(id)); err != nil || at != (waitlist.Place{Place: 1, Of: 2}) {
						t.Fatalf("turn %d: %+v, %v; want the place, and no seat", turn, at, err)
					}
					lock(false)
					if how == "away" {
						p[0] = w.host.Connect(p[0].UserID)
						_, err := w.seats.Resume(t.Context(), caller(p[0]))
						w.must(err)
						id = w.admission.Current(id)
					}
				}
				time.Sleep(3 * time.Second)
				if w.notices(p[2]) != 4 || w.notices(p[3]) != 0 {
					t.Errorf("told %d and %d times of a seat", w.notices(p[2]), w.notices(p[3]))
				}
				w.must(w.join(p[2], id))
			})
		})
	}
}

// A wait list costs no reads while its party is locked.
func TestWait_lockedForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.host.Players(4)
		id := w.party(true, 2, p[0], p[1])
		w.waitByID(p[2], id)
		w.waitByCode(w.invite(p[0], id, party.InviteRequest{}), p[3])
		w.mu.Lock()
		w.locked = true
		w.mu.Unlock()
		w.leave(p[1], id)
		w.memberCount(id)
		lookups := w.host.FriendLookups()
		reads, _ := w.host.Calls()
		time.Sleep(30 * time.Minute)
		after, _ := w.host.Calls()
		if n := w.host.FriendLookups() - lookups; n > 0 || after > reads {
			t.Errorf("%d looks for blocks, %d reads of storage", n, after-reads)
		}
		w.mu.Lock()
		w.locked = false
		w.mu.Unlock()
		w.memberCount(id)
		if w.notices(p[2]) != 1 {
			t.Errorf("told %d times of the seat", w.notices(p[2]))
		}
	})
}

// A waiting player is told of the seat with the party's present ID, by whichever ID they came.
func TestWait_restored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.conf.Parties.Survive.EveryoneAway = true
		p := w.host.Players(2)
		id := w.party(true, 2, p[0])
		w.drop(p[0])
		w.must(w.admission.Admit(t.Context(), id, w.host.Connect(p[0].UserID), party.Grant{Back: true}, nil))
		now := w.admission.Current(id)
		w.mu.Lock()
		w.locked = true
		w.mu.Unlock()
		if at := w.waitByID(p[1], id); at.Place != 1 || at.HeldUntil != 0 {
			t.Fatalf("waits for a locked party: %+v", at)
		}
		time.Sleep(time.Second)
		w.mu.Lock()
		w.locked = false
		w.mu.Unlock()
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if n := w.host.Notices(); len(n) != 1 || n[0].Content["party_id"] != now.String() {
			t.Errorf("notifications %v; want one that names %v", n, now)
		}
	})
}

// A party that continues in another native one is named by its present ID, by whichever ID its list was served.
func TestWait_afterReturn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.host.Players(4)
		was := w.party(true, 2, p[0], p[1])
		w.waitByID(p[2], was)
		w.drop(p[0])
		w.drop(p[1])
		var back [2]party.Session
		for i := range back {
			back[i] = w.host.Connect(p[i].UserID)
			_, err := w.seats.Resume(t.Context(), caller(back[i]))
			w.must(err)
		}
		id := w.admission.Current(was)
		w.leave(back[1], id)
		_, err := w.wait(p[3], byID(was))
		w.must(err)
		var told []string
		for _, n := range w.host.Notices() {
			if party.Notice(n.Code) == party.NoticeSeatFree {
				told = append(told, n.UserID+" "+n.Content["party_id"].(string))
			}
		}
		if want := []string{p[2].UserID + " " + id.String()}; id == was || !slices.Equal(told, want) {
			t.Errorf("told %q; want %q", told, want)
		}
	})
}

// TestWait_nodes: every node finds the wait list.
func TestWait_nodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		other := newWorld(t, w)
		p := w.host.Players(5)
		id := w.party(true, 2, p[0], p[1])
		for i, node := range []*world{w, other, w} {
			if at, err := node.wait(p[2+i], byID(id)); err != nil || at != (waitlist.Place{Place: 1 + i, Of: 1 + i}) {
				t.Errorf("waiter %d: %+v, %v", i, at, err)
			}
		}
		other.leave(p[1], id)
		time.Sleep(time.Second)
		w.refused(w.join(p[3], id), party.PartyFull)
		w.must(w.join(p[2], id))
		w.host.PartyClose(id)
		w.admission.Closed(t.Context(), id)
		synctest.Wait()
		if n := w.host.Objects("partyline_parties"); n != 0 || len(w.admission.Waitlists.Users(id)) > 0 {
			t.Errorf("%d records are left of a closed party", n)
		}
	})
}

// TestWait_storage: if the wait list cannot be written, nobody is added, and waiting players stay until they ask again.
func TestWait_storage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.host.Players(2)
		id := w.party(true, 1, p[0])
		w.host.BeforeWrite = func([]*runtime.StorageWrite) error { return errors.New("no database") }
		_, err := w.wait(p[1], byID(id))
		w.refused(err, party.Internal)
		if len(w.admission.Waitlists.Users(id)) > 0 {
			t.Error("in line in memory alone")
		}
		down := w.host.BeforeWrite
		w.host.BeforeWrite = nil
		w.waitByID(p[1], id)
		w.host.BeforeWrite = down
		for range 2 {
			_, err = w.wait(p[1], waitlist.Request{PartyID: id.String(), Leave: true})
			w.refused(err, party.Conflict) // storage may have refused because another node was faster
		}
		w.host.BeforeWrite = nil
		_, err = w.wait(p[1], waitlist.Request{PartyID: id.String(), Leave: true})
		w.must(err)
		if n := w.host.Objects("partyline_parties"); n != 0 || len(w.admission.Waitlists.Users(id)) > 0 {
			t.Errorf("%d records are left of a line that nobody is in", n)
		}
	})
}

// A seat that cannot be written is not announced. It is held and announced when it can be.
func TestWait_offerNotWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var down atomic.Bool
		w.host.BeforeWrite = func([]*runtime.StorageWrite) error {
			if down.Load() {
				return errors.New("no database")
			}
			return nil
		}
		p := w.host.Players(4)
		id := w.party(true, 2, p[0], p[1])
		w.waitByID(p[2], id)
		down.Store(true)
		w.leave(p[1], id)
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if n := w.notices(p[2]); n != 0 {
			t.Errorf("told %d times of a seat that only this node holds", n)
		}
		w.refused(w.join(p[3], id), party.PartyFull)
		time.Sleep(3 * time.Second) // the news of the join is over
		down.Store(false)
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if n := w.notices(p[2]); n != 1 {
			t.Errorf("told %d times of the seat; want once", n)
		}
		warned := len(w.log.Lines())
		time.Sleep(30 * time.Second)
		if more := w.log.Lines()[warned:]; len(more) > 0 {
			t.Errorf("warned although nothing fails any more: %v", more)
		}
		other := newWorld(t, w)
		if at := other.waitByID(p[2], id); at.HeldUntil == 0 {
			t.Errorf("another node knows of no seat that is held: %+v", at)
		}
	})
}

// A player who asks for many places at once gets no more than three.
func TestWait_atOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.host.Players(13)
		var ids []party.ID
		for i := range 6 {
			ids = append(ids, w.party(true, 2, p[2*i], p[2*i+1]))
		}
		w.host.BeforeWrite = func([]*runtime.StorageWrite) error {
			time.Sleep(100 * time.Millisecond)
			return nil
		}
		var all sync.WaitGroup
		var waits atomic.Int64
		for _, id := range ids {
			all.Go(func() {
				switch _, err := w.wait(p[12], byID(id)); party.ReasonOf(err) {
				case "":
					waits.Add(1)
				case party.RateLimited:
				default:
					t.Error(err)
				}
			})
		}
		all.Wait()
		if n := waits.Load(); n != 3 {
			t.Errorf("%d places; want 3", n)
		}
	})
}

// A wait list that could not be served is served a moment later, without any other news.
func TestWait_servedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.host.Players(3)
		id := w.party(true, 2, p[0], p[1])
		w.waitByID(p[2], id)
		w.setDeaf(true)
		w.leave(p[1], id)
		time.Sleep(3 * time.Second)
		w.setDeaf(false)
		time.Sleep(1500 * time.Millisecond)
		synctest.Wait()
		if n := w.notices(p[2]); n != 1 {
			t.Errorf("told %d times of the seat; want once", n)
		}
	})
}

// A player who could not be notified of a held seat is notified as soon as possible, once. That includes a seat whose
// write took longer than an alarm's time.
func TestWait_offerNotTold(t *testing.T) {
	for name, tt := range map[string]struct {
		slow   bool
		hold   time.Duration
		outage time.Duration
	}{
		"fails":              {false, time.Minute, 3 * time.Second},
		"fails for the hold": {false, 5 * time.Second, 12 * time.Second},
		"slow":               {true, time.Minute, 3 * time.Second},
		"slow for the hold":  {true, 5 * time.Second, 20 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.conf.Parties.Waitlist.Hold = tt.hold
				w.setMute(!tt.slow)
				var stalled atomic.Bool
				w.host.BeforeWrite = func([]*runtime.StorageWrite) error {
					if stalled.Load() {
						time.Sleep(6 * time.Second)
					}
					return nil
				}
				p := w.host.Players(3)
				id := w.party(true, 2, p[0], p[1])
				w.waitByID(p[2], id)
				stalled.Store(tt.slow)
				w.leave(p[1], id)
				time.Sleep(tt.outage)
				w.setMute(false)
				stalled.Store(false)
				time.Sleep(8 * time.Second)
				synctest.Wait()
				if n := w.notices(p[2]); n != 1 {
					t.Errorf("told %d times of the seat; want once", n)
				}
				if at := w.waitByID(p[2], id); tt.outage < tt.hold && at.HeldUntil == 0 {
					t.Errorf("%+v; want the seat", at)
				}
			})
		})
	}
}

// A seat that a player was not told of does not count as missed, however they leave the list.
func TestWait_notMissedUntold(t *testing.T) {
	for _, drops := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.setMute(true)
			p := w.host.Players(3)
			id := w.party(true, 2, p[:2]...)
			user, guest := p[2], p[1]
			for range 3 {
				w.waitByID(user, id) // refused after two missed seats
				w.leave(guest, id)
				time.Sleep(time.Second)
				if drops {
					w.drop(user)
					time.Sleep(40 * time.Second)
					user = w.host.Connect(user.UserID)
				} else if _, err := w.wait(user, waitlist.Request{PartyID: id.String(), Leave: true}); err != nil {
					t.Fatal(err)
				}
				w.must(w.join(guest, id))
			}
			if n := w.notices(user); n != 0 {
				t.Errorf("told %d times", n)
			}
		})
	}
}

// A change of the list by another node does not make this node forget whom it has to tell.
func TestWait_untoldBesideANode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		other := newWorld(t, w)
		p := w.host.Players(4)
		id := w.party(true, 2, p[0], p[1])
		w.waitByID(p[2], id)
		w.setMute(true)
		w.leave(p[1], id)
		time.Sleep(2500 * time.Millisecond)
		if at := other.waitByID(p[3], id); at.Place != 2 {
			t.Fatalf("%+v", at)
		}
		time.Sleep(2500 * time.Millisecond)
		w.setMute(false)
		time.Sleep(3 * time.Second)
		if n := w.notices(p[2]); n != 1 {
			t.Errorf("told %d times; want once", n)
		}
	})
}

// A waiting player who has a seat by an invite does not block those who have none.
func TestWait_passesOverHeldSeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.close()
		p := w.host.Players(5)
		id := w.party(true, 3, p[0], p[1], p[2])
		for _, waits := range p[3:] {
			w.waitByID(waits, id)
		}
		w.leave(p[1], id)
		hold := reserve.Hold{InviteID: "for the first", UserIDs: []string{p[3].UserID}, ExpiresAt: time.Now().Add(time.Hour)}
		w.must(w.admission.Hold(t.Context(), id, hold))
		w.leave(p[2], id)
		time.Sleep(time.Second)
		if at := w.waitByID(p[4], id); at.HeldUntil == 0 {
			t.Errorf("a seat is free, and the second in line is not offered it: %+v", at)
		}
	})
}
