package admission_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heroiclabs/nakama-common/api"
	"pgregory.net/rapid"

	"partyline/party"
	"partyline/party/roster"
)

func TestRoster_View(t *testing.T) {
	k := newKernel(t)
	p := k.host.Players(3)
	began := k.clock.Now()
	id := k.create(p[0], true, 4)
	k.must(k.join(p[1], id))
	k.must(k.admit(p[2], id))
	k.wantHostAgrees(id)
	v := k.view(id)
	if v.ID != id || v.MaxSize != 4 || !v.Open || v.Hidden || v.Label != "" || !v.CreatedAt.Equal(began) || v.Size() != 3 {
		t.Errorf("View = %+v; want the facts it was created with", v)
	}
	if m, ok := v.Member(p[1].UserID); !ok || m.Session != p[1] || m.Leader || !m.JoinedAt.Equal(began.Add(time.Second)) {
		t.Errorf("Member = %+v, %v; want %v", m, ok, p[1])
	}
	if _, ok := v.Session(k.host.Player("stranger").SessionID); ok {
		t.Error("Session finds a stranger")
	}
}

func TestRoster_NobodyThere(t *testing.T) {
	k := newKernel(t)
	p := k.host.Players(1)
	id := k.create(p[0], true, 4)
	k.host.Disconnect(p[0])
	_, err := k.roster.View(t.Context(), id)
	k.refused(err, party.PartyNotFound)
}

// A failure because a connection has ended is a refusal, and raises no alert.
func TestRoster_BeginOfWhoHasGone(t *testing.T) {
	k := newKernel(t)
	p := k.host.Players(1)
	id := k.create(p[0], true, 4)
	k.host.Disconnect(p[0])
	k.refused(k.roster.Begin(id, p[0], party.Facts{Open: true, MaxSize: 4}, party.ID{}), party.NoLiveSession)
}

func TestRoster_LeaderFollowsTheEngine(t *testing.T) {
	ctx := t.Context()
	k := newKernel(t)
	p := k.host.Players(4)
	id := k.create(p[0], true, 8)
	for _, s := range p[1:] {
		k.must(k.join(s, id))
	}
	promote := func(from, to party.Session) {
		t.Helper()
		k.must(k.host.PartyPromote(from, to, id))
		k.admission.Promoted(ctx, id, to)
		k.wantHostAgrees(id)
	}
	promote(p[0], p[2])
	promote(p[2], p[3])
	k.host.Disconnect(p[3]) // no hook reports it: the longest-standing member leads, not the one who led before
	k.wantHostAgrees(id)
	promote(p[0], p[1])
	k.leave(p[1], id)
	k.wantHostAgrees(id)
	k.must(k.join(p[1], id)) // back, but not as leader
	k.wantHostAgrees(id)
	k.leave(p[0], id)
	k.wantHostAgrees(id)
	if got := k.view(id).Leader().Session; got != p[2] {
		t.Errorf("leader = %v; want %v", got, p[2])
	}
}

// A member who is promoted and leaves at the same moment may have left before the hook of the promotion runs.
func TestRoster_PromotedTooLate(t *testing.T) {
	k := newKernel(t)
	p := k.host.Players(3)
	id := k.create(p[0], true, 8)
	k.must(k.join(p[1], id))
	k.must(k.join(p[2], id))
	k.must(k.host.PartyPromote(p[0], p[1], id))
	k.leave(p[1], id)
	k.admission.Promoted(t.Context(), id, p[1])
	k.wantHostAgrees(id)
	k.must(k.join(p[1], id))
	k.wantHostAgrees(id)
}

func TestRoster_LeaderSeenCorrectsTheMirror(t *testing.T) {
	ctx := t.Context()
	k := newKernel(t)
	p := k.host.Players(3)
	id := k.create(p[0], true, 8)
	// The host took p[1] first, but the hooks ran in the other order.
	for _, s := range p[1:] {
		k.must(k.admission.BeginJoin(ctx, id, s))
	}
	k.must(k.host.PartyJoin(p[1], id))
	k.must(k.host.PartyJoin(p[2], id))
	k.admission.EndJoin(ctx, id, p[2])
	k.tick()
	k.admission.EndJoin(ctx, id, p[1])
	k.host.Disconnect(p[0])
	if k.view(id).Leader().Session == k.host.Leader(id) {
		t.Fatal("the mirror is right by itself; the test proves nothing")
	}
	k.admission.LeaderSeen(ctx, id, p[1])
	if got := k.view(id).Leader().Session; got != p[1] {
		t.Errorf("leader = %v; want %v", got, p[1])
	}
}

func TestRoster_Updated(t *testing.T) {
	ctx := t.Context()
	k := newKernel(t)
	p := k.host.Players(3)
	id := k.create(p[0], true, 4)
	k.must(k.join(p[1], id))
	k.admission.Updated(ctx, id, false, true, `{"mode": "co op"}`)
	k.host.Disconnect(p[0]) // the writer of the presences may go
	k.must(k.admit(p[2], id))
	k.host.Disconnect(p[1])
	if v := k.view(id); v.Open || !v.Hidden || v.Label != `{"mode": "co op"}` || v.MaxSize != 4 {
		t.Errorf("View = %+v; want the update", v)
	}
}

func TestRoster_MembersWithoutAHookComeLast(t *testing.T) {
	k := newKernel(t)
	p := k.host.Players(4)
	id := k.create(p[0], true, 8)
	for _, s := range p[1:3] { // another module puts them there
		if err := k.host.PartyJoin(s, id); err != nil {
			t.Fatal(err)
		}
	}
	k.must(k.join(p[3], id))
	v := k.view(id)
	if v.Members[0].Session != p[0] || v.Members[1].Session != p[3] || v.Members[2].SessionID > v.Members[3].SessionID {
		t.Errorf("members = %+v; want the mirrored ones first, then by session", v.Members)
	}
}

func TestRoster_PartyNoHookHasSeen(t *testing.T) {
	k := newKernel(t)
	p := k.host.Players(2)
	made := k.host.PartyCreate(p[0], false, 3)
	id, _ := party.ParseID(made.PartyId)
	v := k.view(id)
	if v.MaxSize != 3 || v.Open || v.Leader().Session != p[0] {
		t.Errorf("View = %+v; want the engine's facts", v)
	}
	k.must(k.admit(p[1], id))
	k.wantHostAgrees(id)
	// Sessions on a stream whose party has ended are no party.
	k.host.PartyClose(id)
	if _, err := k.host.StreamUserJoin(party.StreamMode, id.UUID.String(), "", id.Node, p[1].UserID, p[1].SessionID, false, false, ""); err != nil {
		t.Fatal(err)
	}
	k.admission.Closed(t.Context(), id)
	_, err := k.roster.View(t.Context(), id)
	k.refused(err, party.PartyNotFound)
}

// If the creator closes the socket right after PartyCreate, that is no failure of the server.
func TestRoster_CreatorIsGone(t *testing.T) {
	k := newKernel(t)
	p := k.host.Players(1)
	made := k.host.PartyCreate(p[0], true, 3)
	k.host.Disconnect(p[0])
	k.refused(k.admission.EndCreate(t.Context(), p[0], made), party.NoLiveSession)
}

func TestRoster_PartiesOf(t *testing.T) {
	ctx := t.Context()
	k := newKernel(t)
	p := k.host.Players(2)
	second := k.host.Connect(p[1].UserID)
	first := k.create(p[0], true, 4)
	other := k.create(p[0], true, 4)
	k.must(k.join(p[1], first))
	k.must(k.join(p[1], other))
	in := func() (ids []party.ID) {
		t.Helper()
		list, err := k.roster.PartiesOf(ctx, p[1].UserID)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range list {
			if m.Session != p[1] && m.Session != second {
				t.Errorf("membership %+v is not the user's", m)
			}
			ids = append(ids, m.ID)
		}
		return ids
	}
	if got := in(); len(got) != 2 || got[0] != other || got[1] != first {
		t.Errorf("PartiesOf = %v; want the latest first", got)
	}
	k.leave(p[1], other)
	if got := in(); len(got) != 1 || got[0] != first {
		t.Errorf("PartiesOf after leaving = %v; want %v", got, first)
	}
	k.host.PartyLeave(p[1], first) // without a hook
	if got := in(); len(got) != 0 {
		t.Errorf("PartiesOf = %v; want none", got)
	}
	k.must(k.join(second, other))
	if got := in(); len(got) != 1 || got[0] != other {
		t.Errorf("PartiesOf by another session = %v; want %v", got, other)
	}
	k.host.PartyClose(other)
	k.admission.Closed(ctx, other)
	if got := in(); len(got) != 0 {
		t.Errorf("PartiesOf after the end = %v; want none", got)
	}
}

func TestRoster_LeavesNothingBehind(t *testing.T) {
	k := newKernel(t)
	p := k.host.Players(2)
	id := k.create(p[0], true, 4)
	k.must(k.join(p[1], id))
	for mode := range uint8(200) {
		for _, s := range p {
			if n := k.host.OnStream(mode, s.UserID, ""); mode != 0 && mode != 102 && n > 0 {
				t.Errorf("%d presences on mode %d; want none", n, mode)
			}
		}
	}
	k.leave(p[1], id)
	if n := k.host.OnStream(101, id.UUID.String(), id.Node); n != 1 {
		t.Errorf("%d sessions on the mirror; want 1", n)
	}
	if n := k.host.OnStream(102, p[1].UserID, ""); n != 0 {
		t.Errorf("%d sessions on the user's list; want 0", n)
	}
	k.host.PartyClose(id)
	k.admission.Closed(t.Context(), id)
	if n := k.host.OnStream(101, id.UUID.String(), id.Node); n != 0 {
		t.Errorf("%d sessions on the mirror of a closed party; want 0", n)
	}
}

// After any sequence of actions, the view equals the host's state.
func TestRoster_FollowsTheEngine(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		k := newKernel(t)
		ctx := t.Context()
		players := k.host.Players(6)
		id := k.create(players[0], true, 4)
		pick := func() party.Session { return rapid.SampledFrom(players).Draw(rt, "player") }
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			if len(k.host.Members(id)) == 0 {
				return
			}
			s := pick()
			switch rapid.IntRange(0, 6).Draw(rt, "what") {
			case 0:
				_ = k.join(s, id)
			case 1:
				_ = k.admit(s, id)
			case 2:
				k.leave(s, id)
			case 3:
				if s != k.host.Leader(id) {
					k.kick(s, id)
				}
			case 4:
				k.host.Disconnect(s)
				i := 0
				for players[i] != s {
					i++
				}
				players[i] = k.host.Connect(s.UserID)
			case 5:
				if leader := k.host.Leader(id); k.host.PartyPromote(leader, s, id) == nil {
					k.admission.Promoted(ctx, id, s)
				}
			case 6:
				k.clock.Advance(time.Hour) // kicked players may come back
			}
			if len(k.host.Members(id)) > 0 {
				k.wantHostAgrees(id)
			}
		}
		if t.Failed() {
			rt.Fatal("the view went its own way")
		}
	})
}

// finderOfNothing is an index that does not list a new party yet.
type finderOfNothing struct{ party.Finder }

func (finderOfNothing) PartyList(context.Context, int, *bool, bool, string, string) ([]*api.Party, string, error) {
	return nil, "", nil
}

// The creator's client has the party's ID before the hook after its creation has run, and may tell it to others. Their
// joins wait for the hook, and do not block it.
func TestRoster_JoinBeforeTheCreationIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKernel(t)
		k.roster = roster.New(k.host, finderOfNothing{k.host}, k.clock.Now)
		k.admission = k.hooksOver(k.host)
		p := k.host.Players(2)
		made := k.host.PartyCreate(p[0], true, 4)
		id, err := party.ParseID(made.PartyId)
		k.must(err)
		joined := make(chan error, 1)
		go func() { joined <- k.join(p[1], id) }()
		synctest.Wait() // the join waits for the party's facts
		k.must(k.admission.EndCreate(t.Context(), p[0], made))
		k.must(<-joined)
		k.wantHostAgrees(id)
		if v := k.view(id); v.MaxSize != 4 || v.Size() != 2 {
			t.Errorf("View = %+v; want two in a party of four", v)
		}
	})
}
