package admission_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"partyline/party"
	"partyline/party/admission"
	"partyline/party/reserve"
)

// loseJoin runs a PartyJoin whose socket ends while the host handles it. The host has the session as a member that is
// on no stream, and no after-hook runs.
func (k *kernel) loseJoin(s party.Session, id party.ID) {
	k.t.Helper()
	k.must(k.admission.BeginJoin(k.t.Context(), id, s))
	k.host.BetweenJoinAndTrack = func() { k.host.Disconnect(s) }
	defer func() { k.host.BetweenJoinAndTrack = nil }()
	if err := k.host.PartyJoin(s, id); err == nil {
		k.t.Fatal("the join has landed")
	}
	if !slices.Contains(k.host.Members(id), s) {
		k.t.Fatal("the engine has no such member")
	}
}

// Until the leader removes it, a lost member takes a seat for every way in, and never leads.
func TestLost_TakesASeatUntilRemoved(t *testing.T) {
	heard := map[string]func(*kernel, party.Session, party.ID){
		"end_of_session": func(k *kernel, s party.Session, _ party.ID) { k.must(k.admission.Ended(k.t.Context(), s)) },
		"time": func(k *kernel, _ party.Session, id party.ID) {
			k.clock.Advance(5 * time.Second)
			k.must(k.admission.Sweep(k.t.Context()))
		},
	}
	for name, hear := range heard {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			k := newKernel(t)
			p := k.host.Players(4)
			id := k.create(p[0], true, 3)
			k.loseJoin(p[1], id)
			hear(k, p[1], id)
			v := k.view(id)
			if !slices.Equal(v.Lost, []party.Session{p[1]}) || v.Size() != 1 || v.Taken() != 2 || !v.IsLost(p[1].SessionID) {
				t.Errorf("members %v, lost %v; want the creator and one lost", v.Members, v.Lost)
			}
			k.must(k.admit(p[2], id))
			k.refused(k.admit(p[3], id), party.PartyFull) // the host would make it a ghost
			k.refused(k.admission.BeginJoin(ctx, id, p[3]), party.PartyFull)
			if ghosts := k.host.Ghosts(id); len(ghosts) > 0 {
				t.Errorf("ghosts = %v; want none", ghosts)
			}
			// The lost member is the host's oldest member after the leader has left.
			if err := k.host.PartyRemove(p[0], p[1], id); err != nil {
				t.Fatal(err)
			}
			told := k.changes()
			k.must(k.admission.Kicked(ctx, id, p[1]))
			if !slices.Equal(*told, []string{"seats "}) {
				t.Errorf("told %q; want that there is a seat", *told)
			}
			if lost := k.view(id).Lost; len(lost) != 0 {
				t.Errorf("lost = %v after the leader has removed it; want none", lost)
			}
			k.must(k.admit(p[3], id))
			k.wantHostAgrees(id)
			k.refused(k.join(k.host.Connect(p[1].UserID), id), party.PartyFull) // and not banned
		})
	}
}

// A player whose connection ends during a second judgement was never in the host's party. So no seat is lost, for any
// length of time, and players who come in meanwhile are judged with them.
func TestLost_NotWhileJudged(t *testing.T) {
	ctx := t.Context()
	k := newKernel(t)
	p := k.host.Players(4)
	id := k.create(p[0], true, 3)
	look, err := k.admission.Check(ctx, id, reserve.Intent{Kind: reserve.Admit, Session: p[1], By: p[1].SessionID}, nil)
	k.must(err)
	k.must(k.join(p[2], id)) // a new user for the player to be judged with
	judged := &admission.Judged{Look: look, Rejudge: func(context.Context, reserve.Look) error {
		k.clock.Advance(2 * reserve.PendingTTL)
		k.host.Disconnect(p[1])
		k.must(k.admission.Ended(ctx, p[1]))
		if l, err := k.admission.Look(ctx, id); err != nil || !slices.Contains(l.Joining, p[1].UserID) {
			t.Errorf("joining: %v, %v; want the player who is judged", l.Joining, err)
		}
		return nil
	}}
	k.refused(k.admission.Admit(ctx, id, p[1], party.Grant{}, judged), party.NoLiveSession)
	if v := k.view(id); v.Taken() != 2 {
		t.Errorf("%d seats taken, lost %v; want the two members'", v.Taken(), v.Lost)
	}
	k.must(k.join(p[3], id))
}

// A native join that is under way in a party that is closed ends with the party.
func TestLost_NotInAClosedParty(t *testing.T) {
	k := newKernel(t)
	p := k.host.Players(2)
	id := k.create(p[0], true, 3)
	k.must(k.admission.BeginJoin(t.Context(), id, p[1]))
	k.host.PartyClose(id)
	k.admission.Closed(t.Context(), id)
	k.host.Disconnect(p[1])
	k.must(k.admission.Ended(t.Context(), p[1]))
	if n := k.admission.Stats().Lost; n != 0 {
		t.Errorf("%d lost members", n)
	}
}

func TestLost_NeverLeads(t *testing.T) {
	k := newKernel(t)
	p := k.host.Players(3)
	id := k.create(p[0], true, 4)
	k.loseJoin(p[1], id)
	k.must(k.admission.Ended(k.t.Context(), p[1]))
	k.must(k.join(p[2], id))
	k.leave(p[0], id)
	if leader := k.view(id).Leader(); leader.Session != p[2] {
		t.Errorf("leader = %v; want the only member who is there", leader)
	}
}

// No seat is lost by a join that the host refused, by one that landed before its socket ended, or in a party that has
// ended.
func TestLost_OnlyWhoIsLost(t *testing.T) {
	ctx := t.Context()
	k := newKernel(t)
	p := k.host.Players(4)
	id := k.create(p[0], true, 4)
	k.must(k.admission.BeginJoin(ctx, id, p[1]))
	k.clock.Advance(5 * time.Second) // refused: there is no after-hook, and the socket lives
	if v := k.view(id); len(v.Lost) > 0 {
		t.Errorf("lost = %v; want nobody", v.Lost)
	}
	k.must(k.admission.Sweep(ctx))
	k.must(k.join(p[1], id))

	// The end may be reported before the after-hook runs.
	k.must(k.admission.BeginJoin(ctx, id, p[2]))
	k.must(k.host.PartyJoin(p[2], id))
	k.host.Disconnect(p[2])
	k.must(k.admission.Ended(k.t.Context(), p[2]))
	k.admission.EndJoin(ctx, id, p[2])
	k.wantHostAgrees(id)
	if v := k.view(id); len(v.Lost) > 0 {
		t.Errorf("lost = %v; want nobody", v.Lost)
	}

	k.loseJoin(p[3], id)
	k.must(k.admission.Ended(k.t.Context(), p[3]))
	k.host.PartyClose(id)
	k.admission.Closed(ctx, id)
	if stats := k.admission.Stats(); stats.Lost != 0 {
		t.Errorf("%d lost are remembered of a party that has ended", stats.Lost)
	}
}
