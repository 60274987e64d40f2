package invite_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
)

// rows counts the objects of invites in storage: records, IDs, and the party's index.
func (w *world) rows(id party.ID) [3]int {
	return [3]int{
		w.host.Objects("partyline_invites"), w.host.Objects("partyline_invite_ids"), w.host.Objects("partyline_party_invites_" + id.UUID.String()),
	}
}

// pass lets time pass, for the clock and for timers.
func (w *world) pass(d time.Duration) {
	w.clock.Advance(d)
	time.Sleep(d)
	synctest.Wait()
}

// After a party ends, the indexes by party and by ID no longer contain its invites. Their records stay and tell what
// happened to the invites.
func TestEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.host.Players(2)
		id := w.party(p[0], true, 4)
		var codes []string
		for range 3 {
			codes = append(codes, w.create(p[0], party.InviteRequest{PartyID: id.String()}).Code)
		}
		follows := w.create(p[0], party.InviteRequest{PartyID: id.String(), FollowInviter: true})
		w.pass(time.Minute)
		if got := w.rows(id); got != [3]int{4, 4, 4} {
			t.Errorf("while the party lives: %v rows; want 4 of each", got)
		}
		w.host.PartyLeave(p[0], id)
		w.admission.Left(t.Context(), id, p[0])
		w.pass(time.Minute)
		if got := w.rows(id); got != [3]int{4, 1, 0} {
			t.Errorf("after its end: %v rows; want the records, and the ID of the invite that follows", got)
		}
		preview, err := w.invites.PublicPreview(t.Context(), codes[0], "192.0.2.9")
		if err != nil || preview.State != party.StatePartyGone {
			t.Errorf("preview = %v, %v; want %s", preview.State, err, party.StatePartyGone)
		}
		w.refused(w.redeem(p[1], codes[1]), party.PartyNotFound)
		w.must(w.invites.Revoke(t.Context(), caller(p[0]), "", codes[2]))
		next := w.party(p[0], true, 4)
		w.must(w.redeem(p[1], follows.Code))
		w.members(next, p...)
		w.must(w.invites.Revoke(t.Context(), caller(p[0]), follows.ID, ""))
	})
}

// A party that a native join keeps alive at the last moment keeps its invites.
func TestEnded_KeptAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.host.Players(2)
		id := w.party(p[0], true, 4)
		made := w.create(p[0], party.InviteRequest{PartyID: id.String()})
		w.must(w.admission.BeginJoin(t.Context(), id, p[1]))
		w.must(w.host.PartyJoin(p[1], id))
		w.host.PartyLeave(p[0], id)
		w.admission.Left(t.Context(), id, p[0])
		w.admission.EndJoin(t.Context(), id, p[1])
		w.pass(time.Minute)
		if got := w.rows(id); got != [3]int{1, 1, 1} {
			t.Errorf("%v rows; want one of each", got)
		}
		w.must(w.redeem(p[0], made.Code))
		w.members(id, p...)
	})
}

// The first sweep removes what the previous process left in the indexes.
func TestEnded_WithItsProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.host.Players(2)
		id, lives := w.party(p[0], true, 4), w.party(p[1], true, 4)
		for range 100 { // as many as one member may have
			w.create(p[0], party.InviteRequest{PartyID: id.String(), TTLSec: ptr(int64(3600))})
		}
		w.create(p[1], party.InviteRequest{PartyID: lives.String()})
		ends := w.party(p[1], true, 4)
		w.create(p[1], party.InviteRequest{PartyID: ends.String(), FollowInviter: true})
		w.host.PartyLeave(p[0], id)
		w.host.PartyLeave(p[1], ends)
		w.node = w.start()
		for range 2 {
			if _, _, err := w.invites.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if got := w.rows(id); got != [3]int{102, 2, 0} {
			t.Errorf("%v rows; want the records, and the IDs of the party that lives and of the link that follows", got)
		}
		if live, gone := w.rows(lives)[2], w.rows(ends)[2]; live != 1 || gone != 0 {
			t.Errorf("%d rows of the party that lives, %d of that which ended; want 1 and 0", live, gone)
		}
		w.host.PartyLeave(p[1], lives)
		w.admission.Left(t.Context(), lives, p[1])
		w.pass(time.Minute)
		if got := w.rows(lives); got != [3]int{102, 1, 0} {
			t.Errorf("%v rows after its end; want the records, and the ID of the link that follows", got)
		}
	})
}

// The first sweep also finds a party whose invites are over.
func TestEnded_WithItsProcess_invitesOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.host.Players(2)
		revoked, expired := w.party(p[0], true, 4), w.party(p[1], true, 4)
		made := w.create(p[0], party.InviteRequest{PartyID: revoked.String()})
		w.must(w.invites.Revoke(t.Context(), caller(p[0]), made.ID, ""))
		w.create(p[1], party.InviteRequest{PartyID: expired.String(), TTLSec: ptr(int64(60))})
		w.pass(2 * time.Minute)
		w.host.PartyClose(revoked)
		w.host.PartyClose(expired)
		w.node = w.start()
		_, _, err := w.invites.Sweep(t.Context())
		w.must(err)
		if a, b := w.rows(revoked), w.rows(expired); a != [3]int{2, 0, 0} || b != a {
			t.Errorf("%v and %v rows; want the records alone", a, b)
		}
	})
}

// An invite that is written while its party ends is taken out of the indexes too.
func TestEnded_WhileAnInviteIsMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.host.Players(1)
		id := w.party(p[0], true, 4)
		var ends sync.Once
		w.host.BeforeWrite = func([]*runtime.StorageWrite) error {
			ends.Do(func() {
				w.host.PartyLeave(p[0], id)
				w.admission.Left(t.Context(), id, p[0])
			})
			return nil
		}
		w.create(p[0], party.InviteRequest{PartyID: id.String()})
		w.pass(time.Minute)
		if got := w.rows(id); got != [3]int{1, 0, 0} {
			t.Errorf("%v rows; want the record alone", got)
		}
	})
}

// A party that survives its process ends after a member came back, or when none does.
func TestEnded_AfterACrash(t *testing.T) {
	for name, back := range map[string]bool{"back": true, "nobody": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.conf.Parties.ReconnectGrace, w.conf.Parties.Survive.Restart = time.Minute, 5*time.Minute
				w.node = w.start() // with these rules
				p := w.host.Players(1)
				id := w.party(p[0], false, 4)
				w.create(p[0], party.InviteRequest{PartyID: id.String()})
				w.pass(time.Second)
				w.host.Disconnect(p[0])
				w.host.PartyClose(id)
				w.node = w.start()
				sweep := func() {
					t.Helper()
					_, _, err := w.invites.Sweep(t.Context())
					w.must(err)
				}
				sweep()
				if got := w.rows(id); got != [3]int{1, 1, 1} {
					t.Errorf("while it may go on: %v rows", got)
				}
				if back {
					s := w.host.Connect(p[0].UserID)
					w.must(w.admission.Admit(t.Context(), id, s, party.Grant{Back: true}, nil))
					now := w.admission.Current(id)
					w.host.PartyLeave(s, now)
					w.admission.Left(t.Context(), now, s)
				} else {
					w.pass(6 * time.Minute)
					sweep()
				}
				w.pass(time.Minute)
				if got := w.rows(id); got != [3]int{1, 0, 0} {
					t.Errorf("after its end: %v rows; want the record alone", got)
				}
			})
		})
	}
}
