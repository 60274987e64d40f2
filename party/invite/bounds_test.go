package invite_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"partyline/party"
	"partyline/party/rules"
)

func TestService_CreateBoundsAMembersInvites(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(2)
	id, other := w.party(p[0], true, 4), w.party(p[0], true, 4)
	w.must(w.join(p[1], id))
	w.create(p[0], party.InviteRequest{PartyID: id.String(), TTLSec: ptr(int64(60))})
	for range 99 {
		w.create(p[0], party.InviteRequest{PartyID: id.String()})
	}
	_, err := w.invites.Create(t.Context(), caller(p[0]), party.InviteRequest{PartyID: id.String()})
	w.refused(err, party.RateLimited)
	w.refused(w.invites.MayCreate(t.Context(), caller(p[0]), id, judge{w}), party.RateLimited) // party_check says so beforehand
	w.must(w.invites.MayCreate(t.Context(), caller(p[1]), id, judge{w}))
	w.create(p[1], party.InviteRequest{PartyID: id.String()})    // another member's invites are counted separately
	w.create(p[0], party.InviteRequest{PartyID: other.String()}) // and so are another party's
	w.clock.Advance(61 * time.Second)
	last := w.create(p[0], party.InviteRequest{PartyID: id.String()}) // the first has expired
	_, err = w.invites.Create(t.Context(), caller(p[0]), party.InviteRequest{PartyID: id.String()})
	w.refused(err, party.RateLimited)
	for range 10 { // a revoked invite does not count, and lists do not read it any more
		w.must(w.invites.Revoke(t.Context(), caller(p[0]), last.ID, ""))
		w.must(w.invites.MayCreate(t.Context(), caller(p[0]), id, judge{w}))
		last = w.create(p[0], party.InviteRequest{PartyID: id.String()})
		_, err = w.invites.Create(t.Context(), caller(p[0]), party.InviteRequest{PartyID: id.String()})
		w.refused(err, party.RateLimited)
	}
	if n := w.host.Objects("partyline_party_invites_" + id.UUID.String()); n != 101 {
		t.Errorf("%d invites are indexed; want the 101 there are", n)
	}
}

// Invites made at the same moment do not pass the bound together.
func TestService_CreateBoundsInvitesAtOnce(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(1)
	id := w.party(p[0], true, 4)
	for range 95 {
		w.create(p[0], party.InviteRequest{PartyID: id.String()})
	}
	var all sync.WaitGroup
	var made atomic.Int64
	for range 20 {
		all.Go(func() {
			switch _, err := w.invites.Create(t.Context(), caller(p[0]), party.InviteRequest{PartyID: id.String()}); party.ReasonOf(err) {
			case "":
				made.Add(1)
			case party.RateLimited:
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	if made.Load() != 5 {
		t.Errorf("%d invites more than 95; want 5", made.Load())
	}
}

// A link that follows its inviter must not lead to a party that the inviter may not invite to.
func TestService_FollowedInviterMayInvite(t *testing.T) {
	for _, c := range []struct {
		name   string
		forbid func(*world)
	}{
		{"only leaders invite", func(w *world) { w.conf.Invites.Who = rules.InviteLeader }},
		{"a designer's rule", func(w *world) {
			w.judge = func(q party.Question) error {
				if q.Action == rules.ActionInvite {
					return &party.Error{Reason: party.RuleDenied, Rule: "no-guests"}
				}
				return nil
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			p := w.host.Players(3)
			own := w.party(p[0], false, 4)
			code := w.create(p[0], party.InviteRequest{PartyID: own.String(), FollowInviter: true}).Code
			theirs := w.party(p[1], true, 4)
			w.host.PartyLeave(p[0], own)
			w.admission.Left(t.Context(), own, p[0])
			w.must(w.join(p[0], theirs))
			c.forbid(w)

			w.refused(w.redeem(p[2], code), party.PartyNotFound)
			w.members(theirs, p[0], p[1])
			if preview, err := w.invites.PublicPreview(t.Context(), code, "192.0.2.1"); err != nil || preview.State != party.StateBetween || preview.Party != nil {
				t.Errorf("PublicPreview = %+v, %v; want nothing of the other party", preview, err)
			}
			w.conf.Invites.Who, w.judge = rules.InviteMember, nil
			w.must(w.redeem(p[2], code))
			w.members(theirs, p...)
		})
	}
}

// The link leads to the party it was made for as long as the inviter is a member: the rules were asked then.
func TestService_FollowedInviterStays(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(3)
	id := w.party(p[0], true, 4)
	w.must(w.join(p[1], id))
	code := w.create(p[0], party.InviteRequest{PartyID: id.String(), FollowInviter: true}).Code
	w.conf.Invites.Who = rules.InviteLeader
	w.admission.Promoted(t.Context(), id, p[1])
	w.must(w.redeem(p[2], code))
	w.members(id, p...)
}

// An invite, its row and its held seat end at exactly the second of the expiry.
func TestService_ExactExpiry(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(3)
	id := w.party(p[0], true, 4)
	inv := w.create(p[0], party.InviteRequest{PartyID: id.String(), TTLSec: ptr(int64(60))})
	held := w.create(p[0], party.InviteRequest{PartyID: id.String(), TTLSec: ptr(int64(60)), HoldSeat: true, ForUserIDs: []string{p[2].UserID}})
	if held.ExpiresAt != inv.ExpiresAt {
		t.Fatal("made in different seconds")
	}
	rows := func() int {
		list, err := w.invites.List(t.Context(), caller(p[0]), id.String())
		w.must(err)
		return len(list)
	}
	w.clock.Advance(time.Unix(inv.ExpiresAt, 0).Sub(w.clock.Now()) - time.Nanosecond)
	w.held(id, 1)
	if n := rows(); n != 2 {
		t.Errorf("%d invites in the last moment; want 2", n)
	}
	w.must(w.redeem(p[1], inv.Code))
	w.clock.Advance(time.Unix(inv.ExpiresAt, 0).Sub(w.clock.Now()))
	w.held(id, 0)
	if n := rows(); n != 0 {
		t.Errorf("%d invites after it; want none", n)
	}
	w.refused(w.redeem(p[2], inv.Code), party.InviteExpired)
}

// Objects that clients write into the module's collections are ignored by lists, held seats, the bound on invites and
// the sweep.
func TestService_ObjectsOfClients(t *testing.T) {
	ctx := t.Context()
	w := newWorld(t)
	p := w.host.Players(3)
	id, own := w.party(p[0], false, 2), w.party(p[2], false, 8)
	kept := w.create(p[0], party.InviteRequest{PartyID: id.String()})
	foreign := w.create(p[2], party.InviteRequest{PartyID: own.String(), HoldSeat: true, ForUserIDs: []string{p[0].UserID, p[1].UserID}})
	index := "partyline_party_invites_" + id.UUID.String()
	intruder := p[2].UserID
	w.host.WriteAsClient(intruder, index, "0", `{"expires_at":"never"}`)
	sum := sha256.Sum256([]byte(foreign.Code))
	w.host.WriteAsClient(intruder, index, "1", fmt.Sprintf(`{"key":%q,"hold":true,"expires_at":%d}`, hex.EncodeToString(sum[:]), foreign.ExpiresAt))
	for i := range 200 {
		w.host.WriteAsClient(intruder, index, fmt.Sprint("many", i), fmt.Sprintf(`{"key":"k","by":%q,"expires_at":%d}`, p[0].UserID, foreign.ExpiresAt))
	}
	w.host.WriteAsClient(intruder, "partyline_invites", "0", `{"id":7}`)
	w.host.WriteAsClient(intruder, "partyline_invites", "1", fmt.Sprintf(`{"id":%q,"party_id":%q,"expires_at":1}`, kept.ID, id))

	w.node = w.start() // a process that knows only what storage has
	w.held(id, 0)
	if rows, err := w.invites.List(ctx, caller(p[0]), id.String()); err != nil || len(rows) != 1 {
		t.Errorf("List = %v, %v; want the one invite of the party", rows, err)
	}
	w.create(p[0], party.InviteRequest{PartyID: id.String()})
	if list, _, err := w.invites.Outstanding(ctx, ""); err != nil || len(list) != 3 {
		t.Errorf("Outstanding = %v, %v; want three invites", list, err)
	}
	if n, _, err := w.invites.Sweep(ctx); n != 0 || err != nil {
		t.Errorf("Sweep = %d, %v; want nothing to do", n, err)
	}
	w.must(w.redeem(p[1], kept.Code))
}
