package admission_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"partyline/party"
	"partyline/party/rules"
)

func movingKernel(t testing.TB) *kernel {
	k := newKernel(t)
	k.conf.Parties.SecondSocket = rules.SecondSocketMove
	return k
}

// toldClosed returns the sockets that were told that the party is over for them. It must run in a bubble of synctest.
func (k *kernel) toldClosed() []string {
	time.Sleep(party.NewcomerAfter)
	synctest.Wait()
	var sessions []string
	for _, sent := range k.host.Sent() {
		if sent.Envelope.GetPartyClose() != nil && sent.Mode == 0 {
			sessions = append(sessions, sent.To...)
		}
	}
	return sessions
}

func TestSecondSocket_OpenPartyWithRoom(t *testing.T) { synctest.Test(t, testOpenPartyWithRoom) }

func testOpenPartyWithRoom(t *testing.T) {
	k := movingKernel(t)
	p := k.host.Players(2)
	id := k.create(p[0], true, 3)
	k.must(k.join(p[1], id))
	phone := k.host.Connect(p[1].UserID)
	k.must(k.join(phone, id))
	k.wantHostAgrees(id)
	v := k.view(id)
	if _, in := v.Session(phone.SessionID); !in || v.Size() != 2 {
		t.Errorf("members = %+v; want the second device in the first one's seat", v.Members)
	}
	time.Sleep(party.NewcomerAfter - 1)
	synctest.Wait()
	if sent := len(k.host.Sent()); sent != 0 {
		t.Errorf("%d messages at once; the host may still send the party to the older device", sent)
	}
	if told := k.toldClosed(); len(told) != 1 || told[0] != p[1].SessionID {
		t.Errorf("told %q; want the older device", told)
	}
	k.must(k.join(p[1], id)) // both devices move the seat within a moment
	k.must(k.join(phone, id))
	k.must(k.join(p[1], id))
	if told := k.toldClosed(); len(told) != 2 || told[1] != phone.SessionID {
		t.Errorf("told %q; want the device that is out, and not the one that came back in", told)
	}
	k.must(k.join(phone, id))
	k.admission.Close()
	if told := k.toldClosed(); len(told) != 2 {
		t.Errorf("told %q by a process that has ended", told[2:])
	}
}

// If the host cannot move the seat, the module does, and its answer says so.
func TestSecondSocket_FullOrClosed(t *testing.T) {
	for name, open := range map[string]bool{"full": true, "closed": false} {
		t.Run(name, func(t *testing.T) {
			k := movingKernel(t)
			p := k.host.Players(3)
			size := 2
			if !open {
				size = 4
			}
			id := k.create(p[0], open, size)
			k.must(k.admit(p[1], id))
			phone := k.host.Connect(p[1].UserID)
			k.refused(k.join(phone, id), party.AlreadyMember)
			k.wantHostAgrees(id)
			v := k.view(id)
			if _, in := v.Session(phone.SessionID); !in || v.Size() != 2 {
				t.Errorf("members = %+v; want the second device in the first one's seat", v.Members)
			}
			if open {
				k.refused(k.join(p[2], id), party.PartyFull)
			}
			if s := k.admission.Stats(); s.Requests != 0 || s.Joins != 0 {
				t.Errorf("left behind: %+v", s)
			}
		})
	}
}

func TestSecondSocket_ByInvite(t *testing.T) {
	for _, size := range []int{2, 4} {
		k := movingKernel(t)
		p := k.host.Players(2)
		id := k.create(p[0], false, size)
		k.must(k.admit(p[1], id))
		phone := k.host.Connect(p[1].UserID)
		k.must(k.admit(phone, id))
		k.wantHostAgrees(id)
		if v := k.view(id); v.Size() != 2 || v.Leader().SessionID != p[0].SessionID {
			t.Errorf("%d seats: members = %+v", size, v.Members)
		}
		gone := k.host.Connect(p[1].UserID)
		k.host.Disconnect(gone)
		if size == 4 { // in a full party the older device has to leave first
			k.refused(k.admit(gone, id), party.NoLiveSession)
			k.wantHostAgrees(id)
		}
	}
}

func TestSecondSocket_TheOnlyMember(t *testing.T) {
	k := movingKernel(t)
	p := k.host.Players(1)
	id := k.create(p[0], true, 2)
	phone := k.host.Connect(p[0].UserID)
	k.must(k.join(phone, id))
	k.wantHostAgrees(id)
	if v := k.view(id); v.Size() != 1 || v.Leader().SessionID != phone.SessionID {
		t.Errorf("members = %+v; want the second device to lead", v.Members)
	}
	alone := k.create(p[0], true, 1)
	k.refused(k.join(phone, alone), party.AlreadyMember) // moving would end the party
	k.refused(k.admit(phone, alone), party.AlreadyMember)
	k.wantHostAgrees(alone)
}

// The host forgets a removed member before they are off the party's stream. If nobody else stays, the older device's
// leaving would end the party, and the newer one would be on a stream without a party.
func TestSecondSocket_WhileTheOnlyOtherMemberIsRemoved(t *testing.T) {
	synctest.Test(t, testWhileTheOnlyOtherMemberIsRemoved)
}

func testWhileTheOnlyOtherMemberIsRemoved(t *testing.T) {
	for _, ban := range []time.Duration{0, time.Minute} {
		ctx, k := t.Context(), movingKernel(t)
		k.conf.Parties.KickBan = ban
		p := k.host.Players(2)
		id := k.create(p[0], true, 2)
		k.must(k.join(p[1], id))
		phone := k.host.Connect(p[0].UserID)
		k.must(k.admission.BeginKick(ctx, id, p[1], p[0]))
		k.refused(k.join(phone, id), party.AlreadyMember)
		k.refused(k.admit(phone, id), party.AlreadyMember)
		if v, told := k.view(id), k.toldClosed(); v.Leader().SessionID != p[0].SessionID || len(told) != 0 {
			t.Errorf("ban %s: members = %+v, told %q; want the first device to stay", ban, v.Members, told)
		}
		k.host.PartyLeave(p[1], id)
		k.must(k.admission.Kicked(ctx, id, p[1]))
		k.must(k.join(phone, id))
		k.wantHostAgrees(id)
		if v := k.view(id); v.Size() != 1 || v.Leader().SessionID != phone.SessionID {
			t.Errorf("ban %s: members = %+v; want the second device alone", ban, v.Members)
		}
	}
}

// If another member stays, the seat moves.
func TestSecondSocket_WhileAnotherMemberIsRemoved(t *testing.T) {
	synctest.Test(t, testWhileAnotherMemberIsRemoved)
}

func testWhileAnotherMemberIsRemoved(t *testing.T) {
	k := movingKernel(t)
	p := k.host.Players(3)
	id := k.create(p[0], true, 3)
	k.must(k.join(p[1], id))
	k.must(k.join(p[2], id))
	phone := k.host.Connect(p[0].UserID)
	k.must(k.admission.BeginKick(t.Context(), id, p[1], p[0]))
	k.refused(k.join(phone, id), party.AlreadyMember)
	_, in := k.view(id).Session(phone.SessionID)
	if told := k.toldClosed(); !in || len(told) != 1 {
		t.Errorf("in: %t, told %q; want the seat moved", in, told)
	}
}

// A session that is admitted while the leader removes the only other member and then disconnects is in no party either.
func TestAdmit_WhileTheLastMemberIsRemoved(t *testing.T) {
	k := newKernel(t)
	p := k.host.Players(3)
	id := k.create(p[0], false, 4)
	k.must(k.admit(p[1], id))
	k.must(k.admission.BeginKick(t.Context(), id, p[1], p[0]))
	k.host.Disconnect(p[0])
	k.refused(k.admit(p[2], id), party.PartyNotFound)
	members, err := k.roster.Members(id)
	k.must(err)
	if len(members) != 1 || members[0].SessionID != p[1].SessionID {
		t.Errorf("on the stream = %+v; want nobody else", members)
	}
}

func TestSecondSocket_AcceptMoves(t *testing.T) {
	k := newKernel(t)
	p := k.host.Players(2)
	id := k.create(p[0], false, 4)
	phone := k.host.Connect(p[1].UserID)
	k.must(k.join(phone, id))
	k.must(k.admit(p[1], id))
	k.conf.Parties.SecondSocket = rules.SecondSocketMove
	k.refused(k.accept(p[0], phone, id), party.AlreadyMember)
	k.host.PartyUpdate(id, true, false, "")
	k.admission.Updated(t.Context(), id, true, false, "")
	k.must(k.accept(p[0], phone, id))
	k.wantHostAgrees(id)
	if v := k.view(id); v.Size() != 2 {
		t.Errorf("members = %+v; want one seat per user", v.Members)
	}
}

func TestNewest(t *testing.T) {
	var sessions []party.Session
	for range 4 {
		id, err := uuid.NewUUID()
		if err != nil {
			t.Fatal(err)
		}
		sessions = append(sessions, party.Session{UserID: "u", SessionID: id.String()})
	}
	sessions[0], sessions[3] = sessions[3], sessions[0]
	if got, known := party.ChooseSession(sessions, true); !known || got != sessions[0] {
		t.Errorf("Only = %v, %v; want %v", got, known, sessions[0])
	}
	for _, odd := range []string{uuid.NewString(), "x", ""} {
		if got, known := party.ChooseSession(append(sessions[:2:2], party.Session{SessionID: odd}), true); known {
			t.Errorf("with the session %q: %v", odd, got)
		}
	}
	if _, known := party.ChooseSession(nil, true); known {
		t.Error("nobody has a newest session")
	}
}
