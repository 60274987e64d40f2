package invite_test

import (
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
	short := w.create(p[0], party.InviteRequest{PartyID: id.String(), TTLSec: ptr(int64(60))})
	for range 99 {
		w.create(p[0], party.InviteRequest{PartyID: id.String()})
	}
	_, err := w.invites.Create(t.Context(), caller(p[0]), party.InviteRequest{PartyID: id.String()})
	w.refused(err, party.RateLimited)
	w.must(w.invites.Revoke(t.Context(), caller(p[0]), short.ID, ""))
	_, err = w.invites.Create(t.Context(), caller(p[0]), party.InviteRequest{PartyID: id.String()})
	w.refused(err, party.RateLimited) // or making and revoking would get around the bound

	w.create(p[1], party.InviteRequest{PartyID: id.String()})    // another member's are his own
	w.create(p[0], party.InviteRequest{PartyID: other.String()}) // and so are another party's
	w.clock.Advance(61 * time.Second)
	w.create(p[0], party.InviteRequest{PartyID: id.String()}) // the first has expired
}

// A link that follows its inviter must not lead into a party to which he may not invite.
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
			w.roster.Left(t.Context(), own, p[0])
			w.must(w.join(p[0], theirs))
			c.forbid(w)

			w.refused(w.redeem(p[2], code), party.PartyNotFound)
			w.members(theirs, p[0], p[1])
			if preview, err := w.invites.PublicPreview(t.Context(), code, "192.0.2.1"); err != nil || preview.State != party.StatePartyGone || preview.Party != nil {
				t.Errorf("PublicPreview = %+v, %v; want nothing of the other party", preview, err)
			}
			w.conf.Invites.Who, w.judge = rules.InviteMember, nil
			w.must(w.redeem(p[2], code))
			w.members(theirs, p...)
		})
	}
}
