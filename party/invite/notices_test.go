package invite_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
)

// stored counts the invites among a user's stored notifications.
func (w *world) stored(s party.Session) int {
	w.t.Helper()
	list, _, err := w.host.NotificationsList(w.t.Context(), s.UserID, 100, "")
	w.must(err)
	list = slices.DeleteFunc(list, func(n *api.Notification) bool { return party.Notice(n.Code) != party.NoticeInvite })
	return len(list)
}

// settled waits for the background work.
func (w *world) settled() {
	w.t.Helper()
	w.invites.Close()
	w.node = w.start()
}

func (w *world) sweep() {
	w.t.Helper()
	_, _, err := w.invites.Sweep(w.t.Context())
	w.must(err)
}

func TestNotices_GoWithTheirInvite(t *testing.T) {
	one := func(r *party.InviteRequest) { r.MaxUses = ptr(1) }
	for name, c := range map[string]struct {
		of   func(*party.InviteRequest)
		end  func(w *world, p []party.Session, id party.ID, inv party.CreatedInvite)
		left int // notifications left for the other named user
	}{
		"nothing": {end: func(*world, []party.Session, party.ID, party.CreatedInvite) {}, left: 1},
		"revoked": {end: func(w *world, p []party.Session, _ party.ID, inv party.CreatedInvite) {
			w.must(w.invites.Revoke(w.t.Context(), caller(p[0]), inv.ID, ""))
		}},
		"expired": {end: func(w *world, _ []party.Session, _ party.ID, inv party.CreatedInvite) {
			w.clock.Advance(24 * time.Hour)
			w.sweep()
		}},
		"exhausted": {of: one, end: func(w *world, p []party.Session, _ party.ID, inv party.CreatedInvite) {
			w.must(w.redeem(p[1], inv.Code))
		}},
		"used_by_one": {end: func(w *world, p []party.Session, _ party.ID, inv party.CreatedInvite) {
			w.must(w.redeem(p[1], inv.Code))
		}, left: 1},
		"used_and_declined": {end: func(w *world, p []party.Session, _ party.ID, inv party.CreatedInvite) {
			w.must(w.redeem(p[1], inv.Code))
			w.must(w.invites.Decline(w.t.Context(), caller(p[2]), inv.Code))
		}},
		"party_gone": {end: func(w *world, p []party.Session, id party.ID, _ party.CreatedInvite) {
			w.host.PartyLeave(p[0], id)
			w.admission.Left(w.t.Context(), id, p[0])
			w.sweep()
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			p := w.host.Players(4)
			id := w.party(p[0], false, 4)
			req := party.InviteRequest{PartyID: id.String(), ForUserIDs: []string{p[1].UserID, p[2].UserID}}
			if c.of != nil {
				c.of(&req)
			}
			inv := w.create(p[0], req)
			other := w.create(p[0], party.InviteRequest{PartyID: id.String(), TTLSec: ptr(int64(48 * 3600)), ForUserIDs: []string{p[3].UserID}, FollowInviter: true})
			w.sweep()
			if w.stored(p[1]) != 1 || w.stored(p[2]) != 1 {
				t.Fatal("not notified")
			}
			c.end(w, p, id, inv)
			w.settled()
			w.sweep()
			if n := w.stored(p[2]); n != c.left {
				t.Errorf("%d notifications left; want %d", n, c.left)
			}
			if w.stored(p[3]) != 1 {
				t.Errorf("the notification of invite %s is gone, too", other.ID)
			}
		})
	}
}

func TestNotices_FailureIsMadeUpForBySweep(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(2)
	id := w.party(p[0], false, 4)
	inv := w.create(p[0], party.InviteRequest{PartyID: id.String(), ForUserIDs: []string{p[1].UserID}})
	w.host.NotifyError = errors.New("database is away")
	w.must(w.invites.Revoke(t.Context(), caller(p[0]), inv.ID, ""))
	w.settled()
	if w.stored(p[1]) != 1 {
		t.Fatal("deleted although the host failed")
	}
	w.host.NotifyError = nil
	w.sweep()
	if w.stored(p[1]) != 0 {
		t.Error("not deleted by the sweep")
	}
}

// An invite is made even if its notification fails. The log says so.
func TestNotices_NotSent(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(2)
	id := w.party(p[0], false, 4)
	w.host.NotifyError = errors.New("database is away")
	inv := w.create(p[0], party.InviteRequest{PartyID: id.String(), ForUserIDs: []string{p[1].UserID}})
	if lines := w.log.Lines(); len(lines) != 1 || !strings.Contains(lines[0], "invite notification not sent invite="+inv.ID) {
		t.Errorf("log %q; want the invite without a notification", lines)
	}
	w.must(w.redeem(p[1], inv.Code))
}

// Storage may write a notification after its invite has ended, although sending it failed. It is deleted too.
func TestNotices_WrittenLate(t *testing.T) {
	for name, again := range map[string]int{"sent once": 0, "sent again": 1} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			p := w.host.Players(2)
			id := w.party(p[0], false, 4)
			w.host.NotifyError = errors.New("database is away")
			inv := w.create(p[0], party.InviteRequest{PartyID: id.String(), ForUserIDs: []string{p[1].UserID}})
			w.host.NotifyError = nil
			for range again {
				w.must(w.invites.Notify(t.Context(), caller(p[0]), inv, []string{p[1].UserID}))
			}
			w.must(w.invites.Revoke(t.Context(), caller(p[0]), inv.ID, ""))
			w.settled()
			if n := w.stored(p[1]); n != 0 {
				t.Fatalf("%d notifications of an invite that is over", n)
			}
			w.must(w.host.NotificationsSend(t.Context(), []*runtime.NotificationSend{party.NoticeInvite.To(p[1].UserID, p[0].UserID, inv)}))
			w.sweep()
			if n := w.stored(p[1]); n != 0 {
				t.Errorf("%d notifications left of an invite that is over", n)
			}
			w.clock.Advance(time.Minute)
			w.sweep()
			if left, _, err := w.host.StorageList(t.Context(), "", "", "partyline_invite_notices", 100, ""); err != nil || len(left) != 0 {
				t.Errorf("still remembered: %v, error %v", left, err)
			}
		})
	}
}

// Members are not notified.
func TestNotices_NotToMembers(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(2)
	id := w.party(p[0], true, 4)
	w.must(w.join(p[1], id))
	w.create(p[0], party.InviteRequest{PartyID: id.String(), ForUserIDs: []string{p[1].UserID}})
	if n := len(w.host.Notices()); n != 0 {
		t.Errorf("%d notifications to a member; want none", n)
	}
}

// Notifications to strangers are limited to a rate that is not harassment. The invite is made in any case. Friends do
// not count.
func TestNotices_ToStrangers(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(130)
	id := w.party(p[0], true, 4)
	w.host.Befriend(p[0].UserID, p[1].UserID)
	for range 30 {
		w.create(p[0], party.InviteRequest{PartyID: id.String(), ForUserIDs: []string{p[1].UserID, p[2].UserID}})
	}
	if friend, stranger := w.stored(p[1]), w.stored(p[2]); friend != 30 || stranger != 10 {
		t.Errorf("%d notifications to a friend, %d to a stranger; want 30 and 10", friend, stranger)
	}
	sent := 0
	for _, s := range p[3:] {
		w.create(p[0], party.InviteRequest{PartyID: id.String(), Kind: party.CodeInvite, TTLSec: ptr(int64(60)), ForUserIDs: []string{s.UserID}})
		w.clock.Advance(2 * time.Second)
		sent += w.stored(s)
	}
	if sent < 90 || sent > 100 {
		t.Errorf("%d strangers notified by one user; want the hundred of an hour, with those before", sent)
	}
	w.clock.Advance(time.Hour)
	w.create(p[0], party.InviteRequest{PartyID: id.String(), ForUserIDs: []string{p[2].UserID}})
	if n := w.stored(p[2]); n != 11 {
		t.Errorf("%d after an hour; want one more", n)
	}
}
