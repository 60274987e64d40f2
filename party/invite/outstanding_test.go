package invite_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"partyline/party"
	"partyline/party/invite"
	"partyline/party/rules"
)

func TestOutstanding(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(4)
	id, other := w.party(p[0], false, 4), w.party(p[1], true, 4)
	inviteTo := func(s party.Session, id party.ID, edit func(*party.InviteRequest)) party.CreatedInvite {
		req := party.InviteRequest{PartyID: id.String()}
		if edit != nil {
			edit(&req)
		}
		c := w.create(s, req)
		w.clock.Advance(time.Second)
		return c
	}
	one := 1
	plain := inviteTo(p[0], id, nil)
	used := inviteTo(p[0], id, func(r *party.InviteRequest) { r.MaxUses = &one })
	w.must(w.redeem(p[2], used.Code))
	revoked := inviteTo(p[0], id, nil)
	w.must(w.invites.Revoke(t.Context(), caller(p[0]), revoked.ID, ""))
	declined := inviteTo(p[0], id, func(r *party.InviteRequest) { r.ForUserIDs = []string{p[3].UserID} })
	w.must(w.invites.Decline(t.Context(), caller(p[3]), declined.Code))
	gone := inviteTo(p[1], other, nil)
	follows := inviteTo(p[1], other, func(r *party.InviteRequest) { r.FollowInviter = true })
	w.host.PartyClose(other)
	short := int64(1)
	inviteTo(p[0], id, func(r *party.InviteRequest) { r.TTLSec = &short })
	w.clock.Advance(2 * time.Second)

	list, more, err := w.invites.Outstanding(t.Context())
	if err != nil || more {
		t.Fatal(more, err)
	}
	var got []string
	for _, o := range list {
		got = append(got, o.ID)
		if o.ID == gone.ID {
			t.Error("an invite that leads nowhere is listed")
		}
	}
	want := []string{follows.ID, declined.ID, plain.ID}
	if len(got) != len(want) || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] {
		t.Errorf("Outstanding = %v; want %v, the latest first", got, want)
	}
	if list[2].PartyID != id.String() || list[2].CreatedBy != p[0].UserID {
		t.Errorf("row = %+v", list[2])
	}
	if got, want := w.invites.Counts(), (invite.Counts{Created: 7, Redeemed: 1, Declined: 1, Revoked: 1}); got != want {
		t.Errorf("Counts = %+v; want %+v", got, want)
	}
}

func TestRedeem_SeveralSessions(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(2)
	c := w.create(p[0], party.InviteRequest{PartyID: w.party(p[0], false, 4).String()})
	open := func() party.Session {
		id, err := uuid.NewUUID()
		if err != nil {
			t.Fatal(err)
		}
		return w.host.ConnectAs(p[1].UserID, id.String())
	}
	w.host.Disconnect(p[1])
	open()
	newest := open()
	_, err := w.invites.Redeem(t.Context(), overHTTP(p[1]), c.Code, "")
	w.refused(err, party.SessionAmbiguous)
	w.conf.Invites.SeveralSessions = rules.SeveralSessionsNewest
	_, err = w.invites.Redeem(t.Context(), overHTTP(p[1]), c.Code, "")
	w.must(err)
	id, _ := party.ParseID(c.PartyID)
	v, err := w.roster.View(t.Context(), id)
	w.must(err)
	if _, in := v.Session(newest.SessionID); !in {
		t.Errorf("members = %+v; want the newest session %s", v.Members, newest.SessionID)
	}
}
