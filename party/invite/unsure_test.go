package invite_test

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
	"partyline/party/invite"
)

// Storage may do a write and lose the answer. Then the result is unknown, and the service must go by what storage
// has.

// loseAnswer makes storage do the next write and return an error.
func (w *world) loseAnswer() {
	var once sync.Once
	w.host.AfterWrite = func([]*runtime.StorageWrite) (err error) {
		once.Do(func() { err = errAway })
		return err
	}
}

// late makes storage fail the next write but do it later: before the following write, or when flush is called. A
// database does this with a transaction whose connection was lost before the commit was answered.
func (w *world) late() (flush func()) {
	var open []*runtime.StorageWrite
	flush = sync.OnceFunc(func() {
		w.host.BeforeWrite = nil
		_, _ = w.host.StorageWrite(w.t.Context(), open) // unless its version has changed
	})
	w.host.BeforeWrite = func(writes []*runtime.StorageWrite) error {
		if open == nil {
			open = writes
			return errAway
		}
		flush()
		return nil
	}
	return flush
}

func TestService_ClaimThatIsWrittenLate(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(3)
	id := w.party(p[0], false, 4)
	code := w.create(p[0], party.InviteRequest{PartyID: id.String(), MaxUses: ptr(1)}).Code
	flush := w.late()
	w.away(w.redeem(p[1], code))
	flush()
	w.must(w.redeem(p[2], code))
	w.members(id, p[0], p[2])
	w.refused(w.redeem(p[1], code), party.InviteExhausted)
}

func TestService_CreateThatIsWrittenLate(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(3)
	id := w.party(p[0], true, 2)
	flush := w.late()
	_, err := w.invites.Create(t.Context(), caller(p[0]), party.InviteRequest{PartyID: id.String(), ForUserIDs: []string{p[1].UserID}, HoldSeat: true})
	w.away(err)
	flush()
	if rows, err := w.invites.List(t.Context(), caller(p[0]), id.String()); err != nil || len(rows) != 0 || len(w.host.Values()) != 0 {
		t.Errorf("List = %v, %v, stored: %v; want nothing of the invite that nobody has", rows, err, w.host.Values())
	}
	w.held(id, 0)
	w.must(w.join(p[2], id))
}

// Storage fails for some time. Failed invites are deleted later.
func TestService_CreateIsTakenBackLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.host.Players(3)
		id := w.party(p[0], true, 2)
		tries := 0
		w.host.AfterWrite = func([]*runtime.StorageWrite) error {
			if tries++; tries <= 3 {
				return errAway
			}
			return nil
		}
		w.host.BeforeWrite = func([]*runtime.StorageWrite) error {
			if tries > 0 && tries < 3 {
				tries++
				return errAway
			}
			return nil
		}
		_, err := w.invites.Create(t.Context(), caller(p[0]), party.InviteRequest{PartyID: id.String(), ForUserIDs: []string{p[1].UserID}, HoldSeat: true})
		w.away(err)
		if len(w.host.Values()) == 0 {
			t.Error("nothing is stored, so nothing can be taken back")
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if stored := w.host.Values(); len(stored) != 0 {
			t.Errorf("stored: %v", stored)
		}
		w.held(id, 0)
		w.must(w.join(p[2], id))
	})
}

// away checks that the error is storage's and nothing else.
func (w *world) away(err error) {
	w.t.Helper()
	if !errors.Is(err, errAway) || party.ReasonOf(err) != party.Internal {
		w.t.Errorf("error = %v; want %v", err, errAway)
	}
}

func TestService_CreateWhoseAnswerIsLost(t *testing.T) {
	for _, hold := range []bool{false, true} {
		w := newWorld(t)
		p := w.host.Players(2)
		id := w.party(p[0], false, 4)
		w.loseAnswer()
		_, err := w.invites.Create(t.Context(), caller(p[0]), party.InviteRequest{PartyID: id.String(), ForUserIDs: []string{p[1].UserID}, HoldSeat: hold})
		w.away(err)
		w.held(id, 0)
		if rows, err := w.invites.List(t.Context(), caller(p[0]), id.String()); err != nil || len(rows) != 0 {
			t.Errorf("List = %v, %v; want nothing of the invite that nobody has", rows, err)
		}
		if n := len(w.host.Values()); n != 0 {
			t.Errorf("%d objects are left; want 0", n)
		}
		if n := len(w.host.Notices()); n != 0 {
			t.Errorf("%d notifications of no invite", n)
		}
	}
}

func TestService_CreateThatFailsKeepsNoSeat(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(4)
	id := w.party(p[0], true, 3)
	request := party.InviteRequest{PartyID: id.String(), ForUserIDs: []string{p[1].UserID, p[2].UserID}, HoldSeat: true}
	w.host.BeforeWrite = func([]*runtime.StorageWrite) error { return errAway }
	_, err := w.invites.Create(t.Context(), caller(p[0]), request)
	w.away(err)
	w.held(id, 0)
	w.host.BeforeWrite = func([]*runtime.StorageWrite) error { panic(crash{}) }
	w.crashes(func() { _, _ = w.invites.Create(t.Context(), caller(p[0]), request) })
	w.host.BeforeWrite = nil
	w.held(id, 0)
	w.must(w.join(p[3], id))
}

func TestService_RevokeWhoseAnswerIsLost(t *testing.T) { synctest.Test(t, testRevokeWhoseAnswerIsLost) }

func testRevokeWhoseAnswerIsLost(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(3)
	id := w.party(p[0], true, 2)
	made := w.create(p[0], party.InviteRequest{PartyID: id.String(), ForUserIDs: []string{p[1].UserID}, HoldSeat: true})
	w.held(id, 1)
	w.loseAnswer()
	w.away(w.invites.Revoke(t.Context(), caller(p[0]), made.ID, ""))
	w.held(id, 0)
	for range 2 { // the consequences happen only once
		w.must(w.invites.Revoke(t.Context(), caller(p[0]), made.ID, ""))
	}
	w.toldOf(id, "created", "revoked")
	w.refused(w.redeem(p[1], made.Code), party.InviteRevoked)
	w.must(w.join(p[2], id))
}

func TestService_DeclineWhoseAnswerIsLost(t *testing.T) {
	synctest.Test(t, testDeclineWhoseAnswerIsLost)
}

func testDeclineWhoseAnswerIsLost(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(4)
	id := w.party(p[0], true, 3)
	made := w.create(p[0], party.InviteRequest{PartyID: id.String(), ForUserIDs: []string{p[1].UserID, p[2].UserID}, HoldSeat: true})
	w.held(id, 2)
	w.loseAnswer()
	w.away(w.invites.Decline(t.Context(), caller(p[1]), made.Code))
	w.held(id, 1)
	for range 2 {
		w.must(w.invites.Decline(t.Context(), caller(p[1]), made.Code))
	}
	w.toldOf(id, "created", "declined")
	w.must(w.join(p[3], id))
	w.must(w.redeem(p[2], made.Code)) // the other named user's seat has not changed
}

// A failed decline was not stored, and the invite then ends in another way: nobody is told of the decline.
func TestService_DeclineThatFailsAndComesTooLate(t *testing.T) {
	synctest.Test(t, testDeclineThatFailsAndComesTooLate)
}

func testDeclineThatFailsAndComesTooLate(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(2)
	id := w.party(p[0], true, 3)
	made := w.create(p[0], party.InviteRequest{PartyID: id.String(), ForUserIDs: []string{p[1].UserID}})
	w.host.BeforeWrite = func([]*runtime.StorageWrite) error { return errAway }
	w.away(w.invites.Decline(t.Context(), caller(p[1]), made.Code))
	w.host.BeforeWrite = nil
	w.must(w.invites.Revoke(t.Context(), caller(p[0]), made.ID, ""))
	w.must(w.invites.Decline(t.Context(), caller(p[1]), made.Code))
	w.toldOf(id, "created", "revoked")
}

// Storage ends an invite long after it returned an error, and takes no other write before. The seat is free then, and
// the party is told once.
func TestService_EndThatIsDoneLate(t *testing.T) {
	for _, what := range []string{"revoked", "declined"} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				p := w.host.Players(3)
				id := w.party(p[0], true, 2)
				made := w.create(p[0], party.InviteRequest{PartyID: id.String(), ForUserIDs: []string{p[1].UserID}, HoldSeat: true})
				var stalled atomic.Bool
				stalled.Store(true)
				var late []*runtime.StorageWrite
				w.host.BeforeWrite = func(writes []*runtime.StorageWrite) error {
					if !stalled.Load() {
						return nil
					}
					if late == nil {
						late = writes
					}
					return errAway
				}
				if what == "revoked" {
					w.away(w.invites.Revoke(t.Context(), caller(p[0]), made.ID, ""))
				} else {
					w.away(w.invites.Decline(t.Context(), caller(p[1]), made.Code))
				}
				w.held(id, 1)
				time.Sleep(4 * time.Second)
				stalled.Store(false)
				if _, err := w.host.StorageWrite(t.Context(), late); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Minute)
				synctest.Wait()
				w.held(id, 0)
				w.toldOf(id, "created", what)
				w.must(w.join(p[2], id))
			})
		})
	}
}

// Storage takes no writes for long: one task tries, however often the player asks. When storage is back but loses an
// answer, the party is told all the same, once. An invite that the sweep has deleted meanwhile ends the task.
func TestService_EndDuringALongOutage(t *testing.T) {
	for _, deleted := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			p := w.host.Players(2)
			id := w.party(p[0], true, 2)
			made := w.create(p[0], party.InviteRequest{PartyID: id.String(), ForUserIDs: []string{p[1].UserID}, HoldSeat: true})
			var stalled, loses atomic.Bool
			stalled.Store(true)
			var writes atomic.Int32
			w.host.BeforeWrite = func([]*runtime.StorageWrite) error {
				if writes.Add(1); stalled.Load() {
					return errAway
				}
				return nil
			}
			w.host.AfterWrite = func([]*runtime.StorageWrite) error {
				if loses.CompareAndSwap(true, false) {
					return errAway
				}
				return nil
			}
			for range 20 {
				w.away(w.invites.Revoke(t.Context(), caller(p[0]), made.ID, ""))
			}
			for range 30 {
				time.Sleep(10 * time.Second)
				w.clock.Advance(10 * time.Second)
			}
			synctest.Wait()
			if n := writes.Load(); n > 60 {
				t.Errorf("%d writes in five minutes", n)
			}
			if deleted {
				w.clock.Advance(24*time.Hour + invite.Retention)
				stalled.Store(false)
				if n, _, err := w.invites.Sweep(t.Context()); n != 1 || err != nil {
					t.Fatalf("%d invites removed, %v", n, err)
				}
				time.Sleep(time.Minute)
				synctest.Wait()
				lines := len(w.log.Lines())
				time.Sleep(time.Hour)
				synctest.Wait()
				if now := w.log.Lines(); len(now) > lines {
					t.Errorf("still tried: %s", now[lines])
				}
				return
			}
			loses.Store(true)
			stalled.Store(false)
			time.Sleep(2 * time.Minute)
			synctest.Wait()
			w.held(id, 0)
			w.toldOf(id, "created", "revoked")
		})
	}
}

// toldOf checks which events of its invites a party was sent.
func (w *world) toldOf(id party.ID, want ...string) {
	w.t.Helper()
	var got []string
	for _, e := range w.events(id) {
		got = append(got, e.Event)
	}
	if !slices.Equal(got, want) {
		w.t.Errorf("the party was told %q; want %q", got, want)
	}
}

// The requested seats are held while the invite is being written, even if this node reads storage meanwhile because
// another node has changed something.
func TestService_SeatIsKeptWhileItsInviteIsWritten(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(4)
	id := w.party(p[0], true, 3)
	other := w.start()
	w.host.BeforeWrite = func([]*runtime.StorageWrite) error {
		w.host.BeforeWrite = nil
		_, err := other.invites.Create(t.Context(), caller(p[0]), party.InviteRequest{
			PartyID: id.String(), ForUserIDs: []string{p[1].UserID}, HoldSeat: true,
		})
		w.held(id, 2)
		w.refused(w.join(p[3], id), party.PartyFull)
		return err
	}
	made := w.create(p[0], party.InviteRequest{PartyID: id.String(), ForUserIDs: []string{p[2].UserID}, HoldSeat: true})
	w.held(id, 2)
	w.must(w.invites.Revoke(t.Context(), caller(p[0]), made.ID, ""))
	w.held(id, 1)
}
