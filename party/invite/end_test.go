package invite_test

import (
	"errors"
	"testing"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
	"partyline/party/invite"
)

func TestService_List(t *testing.T) {
	ctx := t.Context()
	w := newWorld(t)
	p := w.host.Players(3)
	id := w.party(p[0], false, 4)
	first := w.create(p[0], party.InviteRequest{PartyID: id.String(), Message: "one"})
	w.clock.Advance(time.Second)
	second := w.create(p[0], party.InviteRequest{PartyID: id.String(), ForUserIDs: []string{p[1].UserID}, HoldSeat: true, FollowInviter: true})
	w.create(p[0], party.InviteRequest{PartyID: id.String(), TTLSec: ptr(int64(1))})
	revoked := w.create(p[0], party.InviteRequest{PartyID: id.String()})
	w.must(w.invites.Revoke(ctx, caller(p[0]), "", revoked.Code))
	other := w.party(p[2], false, 4)
	w.create(p[2], party.InviteRequest{PartyID: other.String()})
	w.clock.Advance(time.Second)

	rows, err := w.invites.List(ctx, overHTTP(p[0]), id.String())
	if err != nil || len(rows) != 2 || rows[0].ID != second.ID || rows[1].ID != first.ID {
		t.Fatalf("List = %+v, %v; want the newest first, without those that are over", rows, err)
	}
	if r := rows[0]; r.CreatedBy != p[0].UserID || r.CreatedAt != second.CreatedAt || r.ExpiresAt != second.ExpiresAt || !r.HoldSeat || !r.FollowInviter || len(r.ForUserIDs) != 1 || r.Kind != party.LinkInvite {
		t.Errorf("row = %+v; want %+v", r, second)
	}
	if rows[1].Message != "one" || rows[1].ForUserIDs == nil {
		t.Errorf("row = %+v", rows[1])
	}
	_, err = w.invites.List(ctx, caller(p[1]), id.String())
	w.refused(err, party.NotMember)
	_, err = w.invites.List(ctx, caller(p[0]), "nonsense")
	w.refused(err, party.PartyNotFound)
	_, err = w.invites.List(ctx, caller(p[0]), "")
	w.refused(err, party.InvalidRequest)
}

func TestService_ListMany(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(3)
	id := w.party(p[0], true, 4)
	w.must(w.join(p[1], id))
	w.must(w.join(p[2], id))
	for i := range 250 {
		w.create(p[i%3], party.InviteRequest{PartyID: id.String()})
	}
	if rows, err := w.invites.List(t.Context(), caller(p[0]), id.String()); err != nil || len(rows) != 250 {
		t.Errorf("List = %d rows, %v; want 250", len(rows), err)
	}
}

func TestService_Revoke(t *testing.T) {
	ctx := t.Context()
	w := newWorld(t)
	p := w.host.Players(4)
	id := w.party(p[0], true, 4)
	w.must(w.join(p[1], id))
	w.must(w.join(p[2], id))
	made := w.create(p[1], party.InviteRequest{PartyID: id.String()})
	w.refused(w.invites.Revoke(ctx, caller(p[2]), made.ID, ""), party.NotLeader)
	w.refused(w.invites.Revoke(ctx, caller(p[3]), "", made.Code), party.NotLeader)
	w.refused(w.invites.Revoke(ctx, caller(p[0]), "", ""), party.InvalidRequest)
	w.refused(w.invites.Revoke(ctx, caller(p[0]), made.ID, made.Code), party.InvalidRequest)
	w.refused(w.invites.Revoke(ctx, caller(p[0]), "nonsense", ""), party.InviteNotFound)
	w.refused(w.invites.Revoke(ctx, caller(p[0]), "", "nonsense"), party.InviteNotFound)
	w.must(w.redeem(p[3], made.Code))
	w.must(w.invites.Revoke(ctx, caller(p[0]), made.ID, "")) // the leader
	events := len(w.events(id))
	w.must(w.invites.Revoke(ctx, caller(p[1]), "", made.Code)) // the creator, a second time
	if got := w.events(id); len(got) != events || got[events-1] != (inviteEvent{"revoked", made.ID, p[0].UserID, ""}) {
		t.Errorf("events = %v; want one of the end", got)
	}
	w.members(id, p...)
	w.host.PartyClose(id)
	w.admission.Closed(ctx, id)
	w.must(w.invites.Revoke(ctx, caller(p[1]), made.ID, ""))
	w.refused(w.invites.Revoke(ctx, caller(p[0]), made.ID, ""), party.NotLeader) // is not the leader any more
}

func TestService_Decline(t *testing.T) {
	ctx := t.Context()
	w := newWorld(t)
	p := w.host.Players(3)
	id := w.party(p[0], false, 4)
	made := w.create(p[0], party.InviteRequest{PartyID: id.String(), ForUserIDs: []string{p[1].UserID}})
	w.refused(w.invites.Decline(ctx, caller(p[2]), made.Code), party.InviteNotForYou)
	anybody := w.create(p[0], party.InviteRequest{PartyID: id.String()})
	w.refused(w.invites.Decline(ctx, caller(p[1]), anybody.Code), party.InviteNotForYou)
	before := len(w.events(id))
	for range 2 {
		w.must(w.invites.Decline(ctx, overHTTP(p[1]), made.Code))
	}
	if got := w.events(id); len(got) != before+1 || got[before] != (inviteEvent{"declined", made.ID, p[1].UserID, p[1].UserID}) {
		t.Errorf("events = %v; want one of the decline", got)
	}
	if n := w.host.Notices(); len(n) != 1 {
		t.Errorf("%d notifications; an inviter in the party hears it there", len(n)-1)
	}
	w.must(w.redeem(p[1], made.Code)) // a user may still come after declining
}

func TestService_DeclineReachesAnInviterWhoLeft(t *testing.T) {
	ctx := t.Context()
	w := newWorld(t)
	p := w.host.Players(3)
	id := w.party(p[0], true, 4)
	w.must(w.join(p[1], id))
	made := w.create(p[0], party.InviteRequest{PartyID: id.String(), ForUserIDs: []string{p[2].UserID}})
	w.host.PartyLeave(p[0], id)
	w.admission.Left(ctx, id, p[0])
	w.must(w.invites.Decline(ctx, caller(p[2]), made.Code))
	n := w.host.Notices()
	if last := n[len(n)-1]; len(n) != 2 || last.UserID != p[0].UserID || last.Code != 1002 || last.Sender != p[2].UserID || last.Content["id"] != made.ID {
		t.Errorf("notifications = %+v; want the inviter told", n)
	}
}

func TestService_Sweep(t *testing.T) {
	ctx := t.Context()
	w := newWorld(t)
	p := w.host.Players(5)
	id := w.party(p[0], true, 8)
	for _, member := range p[2:] {
		w.must(w.join(member, id))
	}
	old := w.create(p[0], party.InviteRequest{PartyID: id.String(), TTLSec: ptr(int64(60))})
	kept := w.create(p[0], party.InviteRequest{PartyID: id.String(), TTLSec: ptr(int64(3600))})
	for i := range 300 {
		w.create(p[2+i%3], party.InviteRequest{PartyID: id.String(), TTLSec: ptr(int64(60))})
	}
	sweep := func(want int) {
		t.Helper()
		if n, more, err := w.invites.Sweep(ctx); n != want || more || err != nil {
			t.Errorf("Sweep = %d, %v; want %d", n, err, want)
		}
	}
	w.clock.Advance(time.Minute + invite.Retention - time.Second)
	sweep(0)
	w.refused(w.redeem(p[1], old.Code), party.InviteExpired)
	w.clock.Advance(time.Second)
	sweep(301)
	sweep(0)
	w.refused(w.redeem(p[1], old.Code), party.InviteNotFound)
	w.refused(w.invites.Revoke(ctx, caller(p[0]), old.ID, ""), party.InviteNotFound)
	w.refused(w.redeem(p[1], kept.Code), party.InviteExpired)
	if n := len(w.host.Values()); n != 3 {
		t.Errorf("%d objects left; want the three of one invite", n)
	}
}

// A record that cannot be decoded, or is empty, is logged once. The sweep deletes the others of its page.
func TestService_SweepPastTheBroken(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(1)
	id := w.party(p[0], true, 2)
	for range 3 {
		w.create(p[0], party.InviteRequest{PartyID: id.String()})
	}
	for _, collection := range []string{"partyline_invites", "partyline_invite_ids", "partyline_invite_notices", "partyline_parties"} {
		w.host.Break(collection, "0")
		_, err := w.host.StorageWrite(t.Context(), []*runtime.StorageWrite{{Collection: collection, Key: "1", Value: `{}`}})
		w.must(err)
	}
	w.clock.Advance(w.conf.Invites.Link.TTL + invite.Retention)
	for _, want := range []int{3, 0} {
		if n, _, err := w.invites.Sweep(t.Context()); n != want || err != nil {
			t.Errorf("Sweep = %d, %v; want %d", n, err, want)
		}
	}
	if got := w.rows(id); got != [3]int{2, 2, 0} {
		t.Errorf("%v rows; want nothing of the others", got)
	}
	w.broken("partyline_invites 0", "partyline_invites 1", "partyline_invite_notices 0", "partyline_invite_notices 1", "partyline_parties 0", "partyline_parties 1")
}

func TestService_CreateThatFailsHoldsNothing(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(2)
	id := w.party(p[0], false, 2)
	w.host.BeforeWrite = func([]*runtime.StorageWrite) error { return errAway }
	_, err := w.invites.Create(t.Context(), caller(p[0]), party.InviteRequest{PartyID: id.String(), HoldSeat: true, ForUserIDs: []string{p[1].UserID}})
	if !errors.Is(err, errAway) {
		t.Errorf("Create = %v; want %v", err, errAway)
	}
	w.held(id, 0)
	if len(w.events(id)) != 0 || len(w.host.Notices()) != 0 {
		t.Error("somebody was told of an invite that does not exist")
	}
}
