package admission_test

import (
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"partyline/party"
	"partyline/party/rules"
)

func TestAdmission_ClosedPartyWithoutAHook(t *testing.T) {
	k := newKernel(t)
	p := k.host.Players(3)
	id := k.create(p[0], false, 2)
	k.must(k.admit(p[1], id))
	k.wantHostAgrees(id)
	k.must(k.admit(p[1], id)) // again: changes nothing
	k.refused(k.admit(p[2], id), party.PartyFull)
	k.wantHostAgrees(id)
	if reads, writes := k.host.Calls(); reads+writes+k.holdReads != 0 {
		t.Errorf("%d reads, %d writes, %d looks for holds; want none for a party that began here", reads, writes, k.holdReads)
	}
}

func TestAdmission_Refusals(t *testing.T) {
	k := newKernel(t)
	p := k.host.Players(3)
	id := k.create(p[0], true, 4)
	k.must(k.join(p[1], id))
	second := k.host.Connect(p[1].UserID)
	k.refused(k.admit(second, id), party.AlreadyMember)
	k.refused(k.join(second, id), party.AlreadyMember)
	k.refused(k.join(p[1], id), party.AlreadyMember)
	gone := k.host.Connect(p[2].UserID)
	k.host.Disconnect(gone)
	k.refused(k.admit(gone, id), party.NoLiveSession)
	k.lock = party.Refuse(party.PartyLocked, "This party is in a match.")
	k.refused(k.admit(p[2], id), party.PartyLocked)
	k.refused(k.join(p[2], id), party.PartyLocked)
	k.lock = nil
	k.host.PartyClose(id)
	k.refused(k.admit(p[2], id), party.PartyNotFound)
	k.refused(k.join(p[2], id), party.PartyNotFound)
	k.refused(k.admission.BeginJoin(t.Context(), id, p[2]), party.PartyNotFound)
}

func TestAdmission_NativeJoinUnderWayKeepsItsSeat(t *testing.T) {
	ctx := t.Context()
	k := newKernel(t)
	p := k.host.Players(4)
	id := k.create(p[0], true, 2)
	k.must(k.admission.BeginJoin(ctx, id, p[1]))
	k.refused(k.admit(p[2], id), party.PartyFull)
	k.refused(k.admit(k.host.Connect(p[1].UserID), id), party.AlreadyMember)
	k.admission.Settle(p[1]) // the host refused it: the session's next message has arrived
	k.must(k.admit(p[2], id))
	k.wantHostAgrees(id)

	other := k.create(p[0], true, 2)
	k.must(k.admission.BeginJoin(ctx, other, p[1]))
	k.clock.Advance(6 * time.Second) // without a next message
	k.must(k.admit(p[3], other))
	k.wantHostAgrees(other)

	third := k.create(p[0], true, 2)
	k.must(k.admission.BeginJoin(ctx, third, p[1]))
	k.must(k.admission.Ended(t.Context(), p[1]))
	k.must(k.admit(p[3], third))
}

func TestAdmission_ClosedPartyOnlyAsks(t *testing.T) {
	ctx := t.Context()
	k := newKernel(t)
	p := k.host.Players(4)
	id := k.create(p[0], false, 2)
	k.must(k.join(p[1], id)) // a request
	k.must(k.join(p[2], id)) // a request
	if v := k.view(id); v.Size() != 1 {
		t.Fatalf("%d members; want 1", v.Size())
	}
	if n := k.host.OnStream(101, id.UUID.String(), id.Node); n != 1 {
		t.Errorf("%d sessions on the mirror; a user who only asks must not be there", n)
	}
	k.ask = party.RefuseRate(time.Second)
	k.refused(k.join(p[3], id), party.RateLimited)
	k.must(k.admission.BeginAccept(ctx, id, p[1], p[0])) // an accept is not a request
	k.refused(k.admit(p[3], id), party.PartyFull)
	k.refused(k.admission.BeginAccept(ctx, id, p[2], p[3]), party.PartyFull)
	k.must(k.host.PartyAccept(p[0], p[1], id))
	k.admission.EndJoin(ctx, id, p[1])
	k.wantHostAgrees(id)
	k.refused(k.admission.BeginAccept(ctx, id, p[2], p[0]), party.PartyFull)
}

func TestAdmission_AcceptThatFailsFreesItsSeat(t *testing.T) {
	ctx := t.Context()
	k := newKernel(t)
	p := k.host.Players(3)
	id := k.create(p[0], false, 2)
	k.must(k.join(p[1], id)) // a request
	k.must(k.admission.BeginAccept(ctx, id, p[1], p[0]))
	k.refused(k.admit(p[2], id), party.PartyFull)
	k.admission.Settle(p[0])
	k.must(k.admit(p[2], id))
}

func TestAdmission_PartyEndsMeanwhile(t *testing.T) {
	k := newKernel(t)
	p := k.host.Players(2)
	id := k.create(p[0], true, 4)
	streams := &interferingStreams{Streams: k.host}
	streams.beforeJoin = func() { k.host.PartyClose(id) }
	k.overStreams(streams)
	k.refused(k.admit(p[1], id), party.PartyNotFound)
	if n := k.host.OnStream(party.StreamMode, id.UUID.String(), id.Node); n != 0 {
		t.Errorf("%d sessions left on the stream of a party that ended; want 0", n)
	}
}

func TestAdmission_AnotherNodeIsFaster(t *testing.T) {
	k := newKernel(t)
	p := k.host.Players(3)
	id := k.create(p[0], true, 2)
	streams := &interferingStreams{Streams: k.host}
	streams.beforeJoin = func() {
		if err := k.host.PartyJoin(p[2], id); err != nil {
			t.Error(err)
		}
	}
	k.overStreams(streams)
	k.refused(k.admit(p[1], id), party.PartyFull)
	if got := k.host.Members(id); !slices.Equal(got, []party.Session{p[0], p[2]}) {
		t.Errorf("members = %v; want %v", got, p)
	}
	if ghosts := k.host.Ghosts(id); len(ghosts) > 0 {
		t.Errorf("ghosts = %v; want none", ghosts)
	}
}

// A native join may take longer than its seat is reserved. Then the host has two sessions for one seat, and the
// admitted one, a ghost, is taken off.
func TestAdmission_LateNativeJoinEvictsTheGhost(t *testing.T) {
	ctx := t.Context()
	k := newKernel(t)
	p := k.host.Players(3)
	id := k.create(p[0], true, 2)
	k.host.BetweenJoinAndTrack = func() {
		k.clock.Advance(6 * time.Second)
		k.must(k.admit(p[2], id))
	}
	k.must(k.admission.BeginJoin(ctx, id, p[1]))
	k.must(k.host.PartyJoin(p[1], id))
	if len(k.host.Ghosts(id)) != 1 {
		t.Fatal("no ghost; the test proves nothing")
	}
	k.admission.EndJoin(ctx, id, p[1])
	k.wantHostAgrees(id)
	if !slices.ContainsFunc(k.log.Lines(), func(l string) bool { return strings.HasPrefix(l, "warn party over capacity") }) {
		t.Error("nothing logged")
	}
}

func TestAdmission_FiftyRacersForThreeSeats(t *testing.T) {
	for _, mix := range []struct {
		name   string
		native func(i int) bool
	}{
		{"invited", func(int) bool { return false }},
		{"native", func(int) bool { return true }},
		{"mixed", func(i int) bool { return i%2 == 0 }},
	} {
		t.Run(mix.name, func(t *testing.T) {
			k := newKernel(t)
			k.host.BetweenJoinAndTrack = runtime.Gosched
			racers := k.host.Players(51)
			id := k.create(racers[0], true, 4)
			var in atomic.Int32
			var wg sync.WaitGroup
			start := make(chan struct{})
			for i, s := range racers[1:] {
				enter := k.admit
				if mix.native(i) {
					enter = k.join
				}
				wg.Go(func() {
					<-start
					err := enter(s, id)
					if err == nil {
						in.Add(1)
					} else {
						k.refused(err, party.PartyFull)
					}
				})
			}
			close(start)
			wg.Wait()
			if in.Load() != 3 || len(k.host.Members(id)) != 4 {
				t.Errorf("%d racers came in, the party has %d members; want 3 and 4", in.Load(), len(k.host.Members(id)))
			}
			if ghosts := k.host.Ghosts(id); len(ghosts) > 0 {
				t.Errorf("ghosts = %v; want none", ghosts)
			}
		})
	}
}

func TestAdmission_OnePartyPerUser(t *testing.T) {
	ctx := t.Context()
	k := newKernel(t)
	p := k.host.Players(3)
	first := k.create(p[0], true, 4)
	other := k.create(p[1], true, 4)
	k.must(k.join(p[2], first))
	second := k.host.Connect(p[2].UserID)

	k.conf.Parties.OnePerUser = rules.OnePartyOnly
	k.refused(k.admit(second, other), party.AlreadyInParty)
	k.refused(k.join(p[2], other), party.AlreadyInParty)
	k.refused(k.admission.MayCreate(ctx, p[2]), party.AlreadyInParty)
	k.must(k.admit(p[2], first)) // still a member
	k.wantHostAgrees(first)

	k.conf.Parties.OnePerUser = rules.LeavePrevious
	k.must(k.join(p[2], other))
	k.wantHostAgrees(first)
	k.wantHostAgrees(other)
	k.must(k.admit(p[2], first))
	k.wantHostAgrees(first)
	k.wantHostAgrees(other)
	k.must(k.admission.MayCreate(ctx, p[2]))
	third := k.create(p[2], true, 4)
	k.wantHostAgrees(first)
	if in, _ := k.roster.PartiesOf(ctx, p[2].UserID); len(in) != 1 || in[0].ID != third {
		t.Errorf("PartiesOf = %v; want the new one alone", in)
	}
}

// A leader's accept and the user's own join do not see each other before they land. In any order, the user is in one
// party afterwards.
func TestAdmission_LeavePreviousRace(t *testing.T) {
	ctx := t.Context()
	for _, acceptLandsFirst := range []bool{true, false} {
		k := newKernel(t)
		k.conf.Parties.OnePerUser = rules.LeavePrevious
		p := k.host.Players(3)
		closed, open := k.create(p[0], false, 4), k.create(p[1], true, 4)
		k.must(k.join(p[2], closed)) // a request
		k.must(k.admission.BeginAccept(ctx, closed, p[2], p[0]))
		k.must(k.admission.BeginJoin(ctx, open, p[2]))
		k.must(k.host.PartyAccept(p[0], p[2], closed))
		k.must(k.host.PartyJoin(p[2], open))
		ends := []party.ID{closed, open}
		if !acceptLandsFirst {
			ends = []party.ID{open, closed}
		}
		for _, id := range ends {
			k.admission.EndJoin(ctx, id, p[2])
		}
		if in, err := k.roster.PartiesOf(ctx, p[2].UserID); err != nil || len(in) != 1 || in[0].ID != ends[1] {
			t.Errorf("accept lands first %t: PartiesOf = %v, %v; want the one that landed last", acceptLandsFirst, in, err)
		}
		k.wantHostAgrees(closed)
		k.wantHostAgrees(open)
	}
}

func TestAdmission_OnePartyPerUserRace(t *testing.T) {
	k := newKernel(t)
	k.conf.Parties.OnePerUser = rules.OnePartyOnly
	p := k.host.Players(9)
	var ids []party.ID
	for _, s := range p[1:] {
		ids = append(ids, k.create(s, true, 4))
	}
	var wg sync.WaitGroup
	var in atomic.Int32
	for i, id := range ids {
		s := k.host.Connect(p[0].UserID)
		enter := k.admit
		if i%2 == 0 {
			enter = k.join
		}
		wg.Go(func() {
			if enter(s, id) == nil {
				in.Add(1)
			}
		})
	}
	wg.Wait()
	memberships, err := k.roster.PartiesOf(t.Context(), p[0].UserID)
	if err != nil || len(memberships) != 1 || in.Load() != 1 {
		t.Errorf("in %d parties, %d joins worked, %v; want 1", len(memberships), in.Load(), err)
	}
}

func TestAdmission_SweepForgetsWhatHasEnded(t *testing.T) {
	k := newKernel(t)
	p := k.host.Players(3)
	id := k.create(p[0], true, 4)
	k.must(k.join(p[1], id))
	k.kick(p[1], id)
	lives := k.create(p[2], true, 4)
	k.must(k.join(p[1], lives))
	k.kick(p[1], lives)
	k.host.Disconnect(p[0])
	k.must(k.admission.Sweep(t.Context()))
	if n := k.host.Objects("partyline_parties"); n != 1 {
		t.Errorf("kicks of %d parties kept; want 1", n)
	}
	k.refused(k.join(p[1], lives), party.Banned)
}

// interferingStreams runs a function just before a session is put on a stream.
type interferingStreams struct {
	party.Streams
	beforeJoin func()
}

func (m *interferingStreams) StreamUserJoin(mode uint8, subject, subcontext, label, userID, sessionID string, hidden, persistence bool, status string) (bool, error) {
	if mode == party.StreamMode && m.beforeJoin != nil {
		f := m.beforeJoin
		m.beforeJoin = nil
		f()
	}
	return m.Streams.StreamUserJoin(mode, subject, subcontext, label, userID, sessionID, hidden, persistence, status)
}

func (k *kernel) overStreams(s party.Streams) { k.admission = k.hooksOver(s) }
