package invite_test

import (
	"testing"
	"testing/synctest"
	"time"

	"partyline/party"
)

// drop disconnects sessions, so that their seats are kept.
func (w *world) drop(sessions ...party.Session) {
	w.t.Helper()
	w.conf.Parties.ReconnectGrace = time.Minute
	for _, s := range sessions {
		w.host.Disconnect(s)
		w.must(w.admission.Ended(w.t.Context(), s))
	}
}

// The inviter has moved on to a party that is away now. A user with a kept seat there brings that party back at once,
// also by the inviter's link. Strangers wait for the inviter.
func TestService_FollowsToAPartyThatIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.host.Players(3)
		first := w.party(p[0], false, 4)
		code := w.create(p[0], party.InviteRequest{PartyID: first.String(), FollowInviter: true, MaxUses: ptr(2)}).Code
		other := w.party(p[0], true, 4)
		w.must(w.join(p[1], other))
		w.host.PartyLeave(p[0], first)
		w.admission.Left(t.Context(), first, p[0])
		w.drop(p[0], p[1])

		begin := time.Now()
		w.refused(w.redeem(p[2], code), party.PartyAway)
		if waited := time.Since(begin); waited != 5*time.Second {
			t.Errorf("a stranger is refused after %v; want 5s", waited)
		}
		preview, err := w.invites.Preview(t.Context(), caller(p[2]), code)
		w.must(err)
		if now := w.admission.Current(other).String(); preview.State != party.StateAway || preview.Party == nil || preview.Party.PartyID != now || len(preview.Party.Members) != 0 {
			t.Errorf("Preview = %+v; want %s, away", preview, now)
		}

		begin = time.Now()
		back := w.host.Connect(p[1].UserID)
		w.must(w.redeem(back, code))
		now := w.admission.Current(other)
		if waited := time.Since(begin); waited != 0 || now == other {
			t.Errorf("who comes back waits %v, and the party is %v", waited, now)
		}
		w.members(now, back)
		w.must(w.redeem(back, code)) // a member already

		// The party is back, but the inviter is not: nobody can enter by this link yet.
		begin = time.Now()
		w.refused(w.redeem(p[2], code), party.PartyAway)
		if waited := time.Since(begin); waited != 5*time.Second {
			t.Errorf("a stranger is refused after %v; want 5s", waited)
		}
		preview, err = w.invites.Preview(t.Context(), caller(p[2]), code)
		w.must(err)
		if preview.State != party.StateAway || len(preview.Party.Members) != 0 {
			t.Errorf("Preview = %+v; want nobody, away", preview)
		}
		w.members(now, back)

		inviter := w.host.Connect(p[0].UserID)
		go func() {
			time.Sleep(time.Second)
			_ = w.admission.Admit(t.Context(), now, inviter, party.Grant{}, nil)
		}()
		w.must(w.redeem(p[2], code))
		w.members(now, back, inviter, p[2])
	})
}

// A user who comes back to a kept seat by a link takes no use, and may do so when the link is over.
func TestService_AKeptSeatNeedsNoUse(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(4)
	id := w.party(p[0], false, 4)
	once := w.create(p[0], party.InviteRequest{PartyID: id.String(), MaxUses: ptr(1)})
	spent := w.create(p[0], party.InviteRequest{PartyID: id.String(), MaxUses: ptr(1)})
	w.must(w.redeem(p[1], spent.Code))
	w.drop(p[0], p[1])
	for _, s := range p[:2] {
		back := w.host.Connect(s.UserID)
		w.must(w.redeem(back, once.Code))
		w.must(w.redeem(back, spent.Code))
	}
	w.must(w.redeem(p[2], once.Code))
	w.refused(w.redeem(p[3], once.Code), party.InviteExhausted)
}

// A named user comes back to a kept seat by the invite. The invite then holds no seat for them when they leave, and
// its notification is deleted.
func TestService_ReturnByTheInviteThatNamesThem(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(3)
	id := w.party(p[0], true, 3)
	w.must(w.join(p[1], id))
	w.drop(p[1])
	made := w.create(p[0], party.InviteRequest{PartyID: id.String(), ForUserIDs: []string{p[1].UserID}, HoldSeat: true})
	back := w.host.Connect(p[1].UserID)
	w.must(w.redeem(back, made.Code))
	w.settled()
	if n := w.stored(back); n != 0 {
		t.Errorf("%d notifications of an invite that has been answered", n)
	}
	w.host.PartyLeave(back, id)
	w.admission.Left(t.Context(), id, back)
	w.held(id, 0)
}

// An invite that was used up before the named user came back does not change.
func TestService_ReturnByAnInviteThatIsUsedUp(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(3)
	id := w.party(p[0], true, 3)
	w.must(w.join(p[1], id))
	made := w.create(p[0], party.InviteRequest{PartyID: id.String(), ForUserIDs: []string{p[1].UserID, p[2].UserID}, MaxUses: ptr(1)})
	w.must(w.redeem(p[2], made.Code))
	w.drop(p[1])
	w.must(w.redeem(w.host.Connect(p[1].UserID), made.Code))
	if n := w.uses(p[0], id); n != 1 {
		t.Errorf("%d uses of one", n)
	}
}

// If an inviter has kept seats in several parties, the link leads to the party of the invite.
func TestService_FollowsToTheKeptSeatOfTheInvite(t *testing.T) {
	for _, playsOn := range []bool{false, true} { // in a third party that they may not invite to
		w := newWorld(t)
		p := w.host.Players(3)
		own := w.party(p[0], true, 4)
		w.must(w.join(p[1], own))
		code := w.create(p[0], party.InviteRequest{PartyID: own.String(), FollowInviter: true}).Code
		later := w.party(p[0], true, 4)
		w.must(w.join(p[1], later))
		w.drop(p[0])
		if playsOn {
			third := w.party(p[1], true, 4)
			w.must(w.join(w.host.Connect(p[0].UserID), third))
			w.judge = func(q party.Question) error {
				if q.View.ID == third {
					return party.Refuse(party.RuleDenied, "No.")
				}
				return nil
			}
		}
		w.must(w.redeem(p[2], code))
		w.members(own, p[1], p[2])
	}
}
