package admission_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"partyline/party"
	"partyline/party/rules"
)

// accept runs a PartyAccept with its hooks.
func (k *kernel) accept(leader, s party.Session, id party.ID) error {
	ctx := k.t.Context()
	if err := k.admission.BeginAccept(ctx, id, s, leader); err != nil {
		return err
	}
	if err := k.host.PartyAccept(leader, s, id); err != nil {
		return err
	}
	k.admission.EndJoin(ctx, id, s)
	return nil
}

func (k *kernel) waiting(id party.ID) int {
	k.t.Helper()
	d, err := k.admission.Detail(k.t.Context(), id)
	if err != nil {
		k.t.Fatal(err)
	}
	return d.Requests
}

func TestRequests_CapCountsWhoStillWaits(t *testing.T) {
	k := newKernel(t)
	k.conf.Parties.Requests.Cap = 2
	p := k.host.Players(6)
	id := k.create(p[0], false, 16)
	k.must(k.join(p[1], id))
	k.must(k.join(p[2], id))
	k.refused(k.join(p[3], id), party.RateLimited)
	if n := k.waiting(id); n != 2 {
		t.Errorf("%d wait; want 2", n)
	}
	k.host.Disconnect(p[1])
	k.must(k.join(p[3], id)) // p1 does not wait any more
	k.refused(k.join(p[4], id), party.RateLimited)
	k.must(k.admit(p[2], id)) // came in by an invite
	k.must(k.join(p[4], id))
	k.refused(k.join(p[5], id), party.RateLimited)
	k.must(k.accept(p[0], p[3], id))
	k.must(k.join(p[5], id))
	if n, stats := k.waiting(id), k.admission.Stats(); n != 2 || stats.Requests != 4 {
		t.Errorf("%d wait, %+v; want 2 of 4 entries", n, stats)
	}
}

func TestRequests_DeclinedMakeRoom(t *testing.T) {
	k := newKernel(t)
	k.conf.Parties.Requests.Cap = 1
	p := k.host.Players(3)
	id := k.create(p[0], false, 16)
	k.must(k.join(p[1], id))
	k.refused(k.join(p[2], id), party.RateLimited)
	k.must(k.admission.Kicked(t.Context(), id, p[1]))
	k.must(k.join(p[2], id))
	k.must(k.admission.Kicked(t.Context(), id, p[2]))
	k.must(k.join(p[1], id)) // rejected, not banned
}

// The host keeps the requests of strangers who have gone. A part of its list stays free for friends.
func TestRequests_StrangersLeaveRoomForFriends(t *testing.T) {
	k := newKernel(t)
	p := k.host.Players(12)
	id := k.create(p[0], false, 8)
	for _, s := range p[1:7] {
		k.must(k.join(s, id))
		k.host.Disconnect(s)
	}
	k.refused(k.join(p[7], id), party.RateLimited)
	k.friends = []string{p[0].UserID}
	k.must(k.join(p[8], id))
	k.friendsErr = context.DeadlineExceeded
	k.refused(k.join(p[9], id), party.Internal)
	k.friends, k.friendsErr = nil, nil

	// An accept of a player who has gone removes the entry from the host's list, and fails.
	for _, gone := range p[1:3] {
		if err := k.accept(p[0], gone, id); err == nil {
			t.Error("accepted a session that has ended")
		}
	}
	k.must(k.join(p[10], id))
	k.refused(k.join(p[11], id), party.RateLimited)
}

func TestRequests_SmallPartiesReserveNothing(t *testing.T) {
	k := newKernel(t)
	p := k.host.Players(4)
	id := k.create(p[0], false, 2)
	k.must(k.join(p[1], id))
	k.must(k.join(p[2], id))
	k.refused(k.join(p[3], id), party.RateLimited)
}

func TestRequests_WhileInParty(t *testing.T) {
	k := newKernel(t)
	k.conf.Parties.Requests.WhileInParty = false
	p := k.host.Players(2)
	id, own := k.create(p[0], false, 4), k.create(p[1], true, 4)
	k.refused(k.join(p[1], id), party.AlreadyInParty)
	k.leave(p[1], own)
	k.must(k.join(p[1], id))
}

// A request that the host refuses takes no place: the session's next message shows that.
func TestRequests_RefusedByTheEngine(t *testing.T) {
	ctx := t.Context()
	k := newKernel(t)
	k.conf.Parties.Requests.Cap = 1
	p := k.host.Players(4)
	id := k.create(p[0], false, 4)
	k.must(k.admission.BeginJoin(ctx, id, p[1]))
	k.refused(k.join(p[2], id), party.RateLimited) // the host may still accept p1's request
	k.admission.Settle(p[1])
	k.must(k.admission.BeginJoin(ctx, id, p[2]))
	k.clock.Advance(6 * time.Second) // no next message
	k.must(k.join(p[3], id))
	k.admission.Settle(p[3]) // the host has accepted the request
	k.refused(k.join(p[1], id), party.RateLimited)
}

func TestRequests_Rate(t *testing.T) {
	k := newKernel(t)
	limits := party.NewLimits(func() rules.Config { return k.conf }, k.clock.Now)
	k.conf.Parties.Requests.Rate = rules.Rate{N: 1, Per: time.Hour}
	if err := limits.JoinRequest.Check("u"); err != nil {
		t.Error(err)
	}
	k.must(limits.JoinRequest.Take("u"))
	k.refused(limits.JoinRequest.Check("u"), party.RateLimited)
	k.refused(limits.JoinRequest.Take("u"), party.RateLimited)
	k.must(limits.JoinRequest.Take("v"))
}

// MayJoin returns what BeginNative does.
func TestMayJoin(t *testing.T) {
	ctx := t.Context()
	for _, open := range []bool{true, false} {
		k := newKernel(t)
		k.conf.Parties.OnePerUser = rules.OnePartyOnly
		p := k.host.Players(6)
		id := k.create(p[0], open, 2)
		may := func(s party.Session, want party.Reason) {
			t.Helper()
			_, err := k.admission.MayJoin(ctx, id, s)
			k.refused(err, want)
			k.refused(k.admission.BeginJoin(ctx, id, s), want)
			k.admission.Settle(s)
		}
		may(p[0], party.AlreadyMember)
		may(p[1], "")
		may(k.host.Connect(p[0].UserID), party.AlreadyMember)
		k.create(p[2], true, 4)
		may(p[2], party.AlreadyInParty)
		k.must(k.admit(p[3], id))
		may(p[4], party.PartyFull)
		k.kick(p[3], id)
		may(p[3], party.Banned)
		v, err := k.admission.MayJoin(ctx, id, p[5])
		if err != nil || v.Size() != 1 || v.Held(p[5].UserID) != 0 {
			t.Errorf("MayJoin = %+v, %v", v, err)
		}
		if s := k.admission.Stats(); s.Joins+s.Requests != 0 {
			t.Errorf("asking left %+v", s)
		}
	}
}

// Any member may send a PartyAccept for anybody. The host refuses it. Until then it must not take a seat, nor keep its
// target out.
func TestAdmission_AcceptOfAMemberWhoDoesNotLead(t *testing.T) {
	ctx := t.Context()
	k := newKernel(t)
	p := k.host.Players(5)
	id := k.create(p[0], true, 3)
	k.must(k.join(p[1], id))
	forged := party.Session{UserID: p[2].UserID, SessionID: uuid.NewString(), Username: "p"}
	for _, named := range []party.Session{forged, p[2], p[3]} {
		k.must(k.admission.BeginAccept(ctx, id, named, p[1]))
		k.must(k.join(p[2], id))
		k.leave(p[2], id)
		k.must(k.admission.BeginAccept(ctx, id, named, p[1]))
		k.must(k.admit(p[2], id))
		k.leave(p[2], id)
	}
	k.wantHostAgrees(id)
}

// The leader may also name a session that has not asked, is not the one that asked, or does not live. That neither
// takes a seat nor keeps anybody out, here or elsewhere.
func TestAdmission_AcceptOfSomebodyWhoHasNotAsked(t *testing.T) {
	ctx := t.Context()
	k := newKernel(t)
	k.conf.Parties.OnePerUser = rules.OnePartyOnly
	p := k.host.Players(4)
	id, other := k.create(p[0], false, 2), k.create(p[1], true, 4)
	k.must(k.join(p[3], id)) // a request
	again := k.host.Connect(p[3].UserID)
	refused := func(victim, named party.Session) {
		t.Helper()
		k.must(k.admission.BeginAccept(ctx, id, named, p[0]))
		k.must(k.admission.MayCreate(ctx, victim))
		k.must(k.join(victim, other))
		k.leave(victim, other)
		k.must(k.admit(victim, id))
		k.leave(victim, id)
	}
	refused(p[2], p[2])
	refused(p[2], party.Session{UserID: p[2].UserID, SessionID: uuid.NewString(), Username: "p"})
	refused(p[2], party.Session{UserID: p[2].UserID, SessionID: p[3].SessionID, Username: p[2].Username})
	refused(again, again)
	k.host.Disconnect(p[3])
	refused(again, p[3])
	if s := k.admission.Stats(); s.Joins+s.Requests != 0 {
		t.Errorf("left %+v", s)
	}
}

func TestAdmission_AcceptOfNobody(t *testing.T) {
	k := newKernel(t)
	p := k.host.Players(2)
	id := k.create(p[0], false, 3)
	for _, named := range []party.Session{
		{}, {UserID: "x", SessionID: p[1].SessionID}, {UserID: p[1].UserID, SessionID: "\x00"},
		{UserID: strings.ToUpper(p[1].UserID), SessionID: p[1].SessionID},
	} {
		k.refused(k.admission.BeginAccept(t.Context(), id, named, p[0]), party.InvalidRequest)
	}
}

// A player who asks again from another device takes no second place.
func TestRequests_OfTwoDevices(t *testing.T) {
	k := newKernel(t)
	p := k.host.Players(3)
	id := k.create(p[0], false, 2)
	k.must(k.join(p[1], id))
	k.must(k.admission.BeginJoin(t.Context(), id, k.host.Connect(p[1].UserID))) // which the host refuses
	k.must(k.join(p[2], id))
	if n := k.waiting(id); n != 2 {
		t.Errorf("%d wait; want 2", n)
	}
}
