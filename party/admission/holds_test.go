package admission_test

import (
	"testing"
	"time"

	"partyline/local/partytest"
	"partyline/party"
	"partyline/party/reserve"
)

func (k *kernel) held(id party.ID, want int) {
	k.t.Helper()
	if got, err := k.admission.Held(k.t.Context(), id); err != nil || got != want {
		k.t.Errorf("Held = %d, %v; want %d", got, err, want)
	}
}

func (k *kernel) hold(invite string, users ...party.Session) reserve.Hold {
	h := reserve.Hold{InviteID: invite, ExpiresAt: k.clock.Now().Add(time.Minute)}
	for _, u := range users {
		h.UserIDs = append(h.UserIDs, u.UserID)
	}
	return h
}

func TestHolds_CountInEveryWayIn(t *testing.T) {
	ctx := t.Context()
	k := newKernel(t)
	p := k.host.Players(5)
	id := k.create(p[0], true, 3)
	k.must(k.admission.Hold(ctx, id, k.hold("i", p[1])))
	k.held(id, 1)
	k.must(k.join(p[2], id))
	k.refused(k.join(p[3], id), party.PartyFull)
	k.refused(k.admit(p[3], id), party.PartyFull)
	k.refused(k.admission.BeginAccept(ctx, id, p[3], p[0]), party.PartyFull)
	k.refused(k.admission.BeginJoin(ctx, id, p[3]), party.PartyFull)
	k.must(k.join(p[1], id)) // the seat is p[1]'s for any way in
	k.held(id, 0)
	k.wantHostAgrees(id)
}

func TestHolds_EndWithTimeAndRelease(t *testing.T) {
	ctx := t.Context()
	k := newKernel(t)
	p := k.host.Players(5)
	id := k.create(p[0], true, 4)
	k.must(k.admission.Hold(ctx, id, k.hold("i", p[1], p[2])))
	k.refused(k.admission.Hold(ctx, id, k.hold("too many", p[3], p[4])), party.PartyFull)
	k.held(id, 2)
	k.must(k.admission.Hold(ctx, id, k.hold("same user", p[1]))) // needs no second seat
	k.held(id, 2)
	k.admission.Release(id, "i", p[2].UserID)
	k.held(id, 1)
	k.admission.Release(id, "i")
	k.held(id, 1)
	k.clock.Advance(time.Minute)
	k.held(id, 0)
}

func TestHolds_UsedUpByTheirAdmission(t *testing.T) {
	ctx := t.Context()
	k := newKernel(t)
	p := k.host.Players(3)
	id := k.create(p[0], false, 3)
	k.must(k.admission.Hold(ctx, id, k.hold("i", p[1], p[2])))
	k.must(k.admission.Admit(ctx, id, p[1], party.Grant{InviteID: "i"}, nil))
	k.held(id, 1)
	k.leave(p[1], id)
	k.held(id, 1) // it was used; leaving does not restore it
}

func TestHolds_ReadForAPartyNotSeenBefore(t *testing.T) {
	k := newKernel(t)
	p := k.host.Players(4)
	id := k.create(p[0], true, 3)
	k.stored = []reserve.Hold{k.hold("i", p[1])}
	k.held(id, 0)
	k.restart()
	k.held(id, 1)
	k.must(k.join(p[2], id))
	k.refused(k.join(p[3], id), party.PartyFull)
	if k.holdReads != 1 {
		t.Errorf("holds were read %d times; want 1", k.holdReads)
	}
}

func TestHolds_Unsure(t *testing.T) {
	k := newKernel(t)
	p := k.host.Players(3)
	id := k.create(p[0], true, 2)
	here := k.admission
	k.restart()
	there := k.admission
	k.held(id, 0)
	k.stored = []reserve.Hold{k.hold("i", p[1])} // the write succeeded, although it returned an error
	here.HoldsChanged(id, true)
	for _, k.admission = range []partytest.Hooks{here, there} {
		reads := k.holdReads
		k.held(id, 1)
		k.held(id, 1)
		if k.holdReads != reads+1 {
			t.Errorf("holds were read %d times; want once", k.holdReads-reads)
		}
	}
	k.refused(k.join(p[2], id), party.PartyFull)
}

func TestHolds_StayWhileTheyAreStored(t *testing.T) {
	k := newKernel(t)
	p := k.host.Players(3)
	id := k.create(p[0], true, 3)
	k.must(k.admission.Hold(t.Context(), id, k.hold("i", p[1])))
	k.admission.HoldsChanged(id, true) // for another invite
	k.held(id, 1)
	k.stored = []reserve.Hold{k.hold("i", p[1]), k.hold("j", p[2])}
	k.held(id, 2) // read again, because the first read may have been too early
	k.admission.Stored(id, "i")
	k.stored = nil
	k.admission.HoldsChanged(id, true)
	k.held(id, 0)
}

func TestHolds_OfAnotherNode(t *testing.T) {
	k := newKernel(t)
	p := k.host.Players(4)
	id := k.create(p[0], true, 3)
	here := k.admission
	k.restart()
	there := k.admission
	k.must(there.Hold(t.Context(), id, k.hold("i", p[1])))
	k.stored = []reserve.Hold{k.hold("i", p[1])}
	there.HoldsChanged(id, false)
	reads := k.holdReads
	k.admission = here
	k.held(id, 1)
	k.held(id, 1)
	if k.holdReads != reads+1 {
		t.Errorf("holds were read %d times; want once after the change", k.holdReads-reads)
	}
	k.admission = there
	k.held(id, 1)
	if k.holdReads != reads+1 {
		t.Error("the session that made the change reads it again")
	}
}
