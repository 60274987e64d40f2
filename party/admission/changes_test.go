package admission_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"partyline/party"
	"partyline/party/admission"
	"partyline/party/reserve"
)

// changes collects the roster's news as "kind session".
func (k *kernel) changes() *[]string {
	kinds := map[party.ChangeKind]string{
		party.PartyCreated: "created", party.PartyClosed: "closed", party.PartyUpdated: "updated", party.MemberEntered: "entered",
		party.MemberLeft: "left", party.MemberDropped: "dropped", party.SeatsChanged: "seats", party.PartyEnded: "ended",
		party.MemberRemoved: "removed", party.RequestRejected: "rejected", party.SeatLost: "lost", party.SeatEnded: "over",
	}
	told := &[]string{}
	k.news.Subscribe(func(c party.Change) { *told = append(*told, fmt.Sprintf("%s %s", kinds[c.Kind], c.Session.Username)) })
	return told
}

// newsAbout collects the news from now on. one then checks that all of it is about one party.
func (k *kernel) newsAbout() (one func(id party.ID)) {
	var told []party.Change
	k.news.Subscribe(func(c party.Change) { told = append(told, c) })
	return func(id party.ID) {
		k.t.Helper()
		for _, c := range told {
			if c.ID != id {
				k.t.Errorf("told of %v: %+v; want %v", c.ID, c, id)
			}
		}
	}
}

func TestRoster_OnChange(t *testing.T) {
	ctx := t.Context()
	k := newKernel(t)
	told := k.changes()
	p := k.host.Players(5)
	stranger := p[4]
	about := k.newsAbout()
	id := k.create(p[0], true, 4)
	k.must(k.join(p[1], id))
	k.must(k.admit(p[2], id))
	k.must(k.admit(p[2], id)) // is a member already
	k.admission.Updated(ctx, id, false, false, "")
	k.leave(p[1], id)
	k.leave(p[1], id)     // the host lets anybody leave
	k.leave(stranger, id) // any party
	k.kick(stranger, id)  // a session that only asked to join
	k.must(k.admit(p[3], id))
	k.kick(p[3], id)
	k.host.Disconnect(p[2])
	k.must(k.admission.Ended(t.Context(), p[2]))
	k.must(k.admission.Ended(t.Context(), p[2]))
	k.must(k.admission.Ended(t.Context(), stranger))
	k.must(k.admission.Hold(ctx, id, reserve.Hold{InviteID: "i", UserIDs: []string{stranger.UserID}, ExpiresAt: k.clock.Now().Add(time.Hour)}))
	k.admission.HoldsChanged(id, false)
	k.admission.Closed(ctx, id)
	k.must(k.admission.Ended(t.Context(), p[0]))
	about(id)
	want := []string{
		"created ", "entered player2", "entered player3", "updated ", "left player2", "rejected player5", "entered player4", "left player4", "removed player4", "dropped player3", "seats ", "closed ", "ended ",
	}
	if !slices.Equal(*told, want) {
		t.Errorf("told %q; want %q", *told, want)
	}
}

// A player who is kicked while away leaves the party like any kicked player.
func TestRoster_KickedWhileAway(t *testing.T) {
	k := newKernel(t)
	k.conf.Parties.ReconnectGrace = time.Minute
	p := k.host.Players(2)
	id := k.create(p[0], true, 4)
	k.must(k.join(p[1], id))
	k.host.Disconnect(p[1])
	k.must(k.admission.Ended(t.Context(), p[1]))
	told := k.changes()
	about := k.newsAbout()
	k.must(k.admission.BeginKick(t.Context(), id, p[1], p[0]))
	if want := []string{"lost ", "seats ", "left player2", "removed player2"}; !slices.Equal(*told, want) {
		t.Errorf("told %q; want %q", *told, want)
	}
	about(id)
	k.refused(k.join(k.host.Connect(p[1].UserID), id), party.Banned)
}

// A player who is away and whose request from a new connection is rejected keeps the kept seat.
func TestRoster_TurnedDownWhileAway(t *testing.T) {
	k := newKernel(t)
	k.conf.Parties.ReconnectGrace = time.Minute
	p := k.host.Players(2)
	id := k.create(p[0], false, 4)
	k.must(k.admit(p[1], id))
	k.host.Disconnect(p[1])
	k.must(k.admission.Ended(t.Context(), p[1]))
	again := k.host.Connect(p[1].UserID)
	k.must(k.join(again, id))
	told := k.changes()
	k.must(k.admission.BeginKick(t.Context(), id, again, p[0]))
	k.kick(again, id)
	if slices.Contains(*told, "left player2") || slices.Contains(*told, "removed player2") {
		t.Errorf("told %q; want nothing of a member", *told)
	}
	k.must(k.admission.Admit(t.Context(), id, again, party.Grant{Back: true}, nil))
	k.wantHostAgrees(id)
}

// The end of a party ends all memberships and kept seats, also if nobody reports it.
func TestRoster_EndsWithMembers(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(k *kernel, id party.ID)
		want []string
	}{
		"closed": {func(k *kernel, id party.ID) { k.admission.Closed(k.t.Context(), id) }, []string{"closed ", "ended ", "over "}},
		"found":  {func(k *kernel, _ party.ID) { k.must(k.admission.Sweep(k.t.Context())) }, []string{"dropped player1", "dropped player2", "ended ", "over "}},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKernel(t)
			k.conf.Parties.ReconnectGrace = time.Minute
			p := k.host.Players(3)
			id := k.create(p[0], true, 4)
			k.must(k.join(p[1], id))
			k.must(k.join(p[2], id))
			k.host.Disconnect(p[2])
			k.must(k.admission.Ended(t.Context(), p[2]))
			told, about := k.changes(), k.newsAbout()
			k.host.PartyClose(id)
			c.end(k, id)
			about(id)
			if slices.Sort(*told); !slices.Equal(*told, c.want) {
				t.Errorf("told %q; want %q", *told, c.want)
			}
		})
	}
}

// Many sessions look before any of them comes in. A session whose look is out of date looks again.
func TestLook_IsOutOfDate(t *testing.T) {
	for name, comes := range map[string]func(k *kernel, s party.Session, id party.ID) error{
		"join":   func(k *kernel, s party.Session, id party.ID) error { return k.join(s, id) },
		"invite": func(k *kernel, s party.Session, id party.ID) error { return k.admit(s, id) },
		"hold": func(k *kernel, s party.Session, id party.ID) error {
			h := reserve.Hold{InviteID: "i", UserIDs: []string{s.UserID}, ExpiresAt: k.clock.Now().Add(time.Hour)}
			return k.admission.Hold(t.Context(), id, h)
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			k := newKernel(t)
			p := k.host.Players(4)
			id := k.create(p[0], true, 2)
			look, err := k.admission.Look(ctx, id)
			k.must(err)
			k.must(comes(k, p[1], id))
			k.refused(k.admission.Before(ctx, admission.Message{Kind: admission.Join, Party: id, Sender: p[2]}, &look), party.PartyFull)
			k.refused(k.admission.Admit(ctx, id, p[3], party.Grant{}, &admission.Judged{Look: look}), party.PartyFull)
			k.wantHostAgrees(id)
		})
	}
	t.Run("leave", func(t *testing.T) { // there is a free seat now
		k := newKernel(t)
		p := k.host.Players(3)
		id := k.create(p[0], true, 2)
		k.must(k.join(p[1], id))
		look, err := k.admission.Look(t.Context(), id)
		k.must(err)
		k.leave(p[1], id)
		k.must(k.admission.Admit(t.Context(), id, p[2], party.Grant{}, &admission.Judged{Look: look}))
		k.wantHostAgrees(id)
	})
}

// Operators see the counts of all parties together.
func TestStats(t *testing.T) {
	k := newKernel(t)
	p := k.host.Players(7)
	first, second := k.create(p[0], true, 8), k.create(p[1], false, 8)
	k.must(k.join(p[2], first))
	k.kick(p[2], first)
	k.must(k.admission.Hold(t.Context(), first, reserve.Hold{InviteID: "i", UserIDs: []string{p[3].UserID}, ExpiresAt: k.clock.Now().Add(time.Hour)}))
	k.loseJoin(p[4], first)
	k.must(k.admission.Ended(t.Context(), p[4]))
	k.must(k.join(p[5], second)) // a request
	k.must(k.admission.BeginJoin(t.Context(), first, p[6]))
	want := admission.Stats{Parties: 2, Holds: 1, Kicks: 1, Requests: 1, Joins: 1, Lost: 1}
	if stats := k.admission.Stats(); stats != want {
		t.Errorf("Stats = %+v; want %+v", stats, want)
	}
}

// The end of a session removes it from every party it was in, and from no other.
func TestRoster_SessionEnded(t *testing.T) {
	k := newKernel(t)
	p := k.host.Players(2)
	first, second, left := k.create(p[0], true, 4), k.create(p[0], true, 4), k.create(p[0], true, 4)
	for _, id := range []party.ID{first, second, left} {
		k.must(k.join(p[1], id))
	}
	k.leave(p[1], left)
	var dropped []party.ID
	k.news.Subscribe(func(c party.Change) { dropped = append(dropped, c.ID) })
	k.host.Disconnect(p[1])
	k.must(k.admission.Ended(t.Context(), p[1]))
	slices.SortFunc(dropped, func(a, b party.ID) int {
		return slices.Index([]party.ID{first, second}, a) - slices.Index([]party.ID{first, second}, b)
	})
	if !slices.Equal(dropped, []party.ID{first, second}) {
		t.Errorf("dropped out of %v; want %v", dropped, []party.ID{first, second})
	}
}

// A kick is reported on the leader's node, which has never seen the session.
func TestRoster_LeftOnAnotherNode(t *testing.T) {
	k := newKernel(t)
	p := k.host.Players(2)
	id := k.create(p[0], true, 4)
	k.must(k.join(p[1], id))
	k.restart()
	told := k.changes()
	k.kick(p[1], id)
	if !slices.Equal(*told, []string{"left player2", "removed player2"}) {
		t.Errorf("told %q; want that the second left, removed", *told)
	}
}

func TestAdmission_Expected(t *testing.T) {
	ctx := t.Context()
	k := newKernel(t)
	p := k.host.Players(5)
	id := k.create(p[0], true, 8)
	hold := reserve.Hold{InviteID: "i", UserIDs: []string{p[1].UserID, p[2].UserID}, ExpiresAt: k.clock.Now().Add(time.Hour)}
	k.must(k.admission.Hold(ctx, id, hold))
	k.must(k.admission.Hold(ctx, id, reserve.Hold{InviteID: "j", UserIDs: []string{p[2].UserID}, ExpiresAt: hold.ExpiresAt}))
	k.must(k.join(p[1], id)) // the seat is its own now
	k.must(k.admission.BeginJoin(ctx, id, p[3]))
	v, err := k.admission.Look(ctx, id)
	users := v.Expected
	slices.Sort(users)
	want := []string{p[2].UserID, p[3].UserID}
	slices.Sort(want)
	if err != nil || v.Size() != 2 || !slices.Equal(users, want) {
		t.Errorf("Expected = %d members, %v, %v; want 2 and %v", v.Size(), users, err, want)
	}
	k.clock.Advance(time.Hour)
	if v, err := k.admission.Look(ctx, id); err != nil || len(v.Expected) != 0 {
		t.Errorf("Expected = %v, %v; want nobody any more", v.Expected, err)
	}
	_, err = k.admission.Look(ctx, party.ID{UUID: id.UUID, Node: "elsewhere"})
	k.refused(err, party.PartyNotFound)
}

func TestAdmission_Locked(t *testing.T) {
	k := newKernel(t)
	if err := k.admission.Locked(context.Background(), party.View{}); err != nil {
		t.Errorf("Locked = %v; want open", err)
	}
	k.lock = party.Refuse(party.PartyLocked, "Locked.")
	k.refused(k.admission.Locked(context.Background(), party.View{}), party.PartyLocked)
}

func TestFootprint(t *testing.T) {
	tests := []struct {
		f              party.Footprint
		onTheWay, size int
	}{
		{party.Footprint{Members: 1, MaxSize: 4}, 0, 1},
		{party.Footprint{Members: 1, Held: 1, Incoming: 1, MaxSize: 4}, 2, 3},
		{party.Footprint{Members: 2, Held: 1, Incoming: 5, MaxSize: 4}, 2, 4},
		{party.Footprint{Members: 5, Incoming: 1, MaxSize: 4}, 0, 5}, // a ghost that is about to be taken off
	}
	for _, tt := range tests {
		if tt.f.OnTheWay() != tt.onTheWay || tt.f.Size() != tt.size {
			t.Errorf("%+v: %d on the way of %d; want %d of %d", tt.f, tt.f.OnTheWay(), tt.f.Size(), tt.onTheWay, tt.size)
		}
	}
}
