package share_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"partyline/party"
	"partyline/party/rules"
	"partyline/party/share"
)

func TestService_Share_badInput(t *testing.T) {
	someone := uuid.NewString()
	many := make([]string, 101)
	for i := range many {
		many[i] = uuid.NewString()
	}
	tests := []struct {
		name  string
		r     func(id, self string) share.Request
		names string
	}{
		{"no_party", func(_, _ string) share.Request { return share.Request{To: share.To{Status: true}} }, "party_id:"},
		{"to_nobody", func(id, _ string) share.Request { return share.Request{PartyID: id} }, "to:"},
		{"long_message", func(id, _ string) share.Request {
			return share.Request{PartyID: id, To: share.To{Status: true}, Message: strings.Repeat("x", 256)}
		}, "message:"},
		{"message_no_UTF8", func(id, _ string) share.Request {
			return share.Request{PartyID: id, To: share.To{Status: true}, Message: "\xff"}
		}, "message:"},
		{"group_no_ID", func(id, _ string) share.Request { return share.Request{PartyID: id, To: share.To{GroupID: "guild"}} }, "to.group_id:"},
		{"users_no_IDs", func(id, _ string) share.Request {
			return share.Request{PartyID: id, To: share.To{UserIDs: []string{"bob"}}}
		}, "to.user_ids:"},
		{"oneself", func(id, self string) share.Request {
			return share.Request{PartyID: id, To: share.To{UserIDs: []string{self}}}
		}, "to.user_ids:"},
		{"nobody_there", func(id, _ string) share.Request {
			return share.Request{PartyID: id, To: share.To{UserIDs: []string{someone}}}
		}, "to.user_ids:"},
		{"too_many_users", func(id, _ string) share.Request { return share.Request{PartyID: id, To: share.To{UserIDs: many}} }, "to.user_ids:"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			a := w.host.Player("a")
			id := w.party(4, a)
			_, err := w.ask(a, tt.r(id.String(), a.UserID))
			w.refused(err, party.InvalidRequest)
			if err != nil && !strings.Contains(err.Error(), tt.names) {
				t.Errorf("refusal = %q; want %q in it", err, tt.names)
			}
			w.nothingShared(a, id)
		})
	}
}

// nothingShared checks that a refused call left nothing behind.
func (w *world) nothingShared(s party.Session, id party.ID) {
	w.t.Helper()
	if _, online := w.status(s); online {
		w.t.Error("a status was set")
	}
	if n := len(w.host.Notices()); n != 0 {
		w.t.Errorf("%d notifications were sent", n)
	}
	if list, err := w.invites.List(w.t.Context(), caller(s), id.String()); err == nil && len(list) != 0 {
		w.t.Errorf("invites = %v; want none", list)
	}
	if n := w.share.Kept(); n != 0 {
		w.t.Errorf("%d things are remembered; want nothing", n)
	}
}

func TestService_Share_whoMay(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(3)
	id := w.party(4, p[0], p[1])
	r := share.Request{PartyID: id.String(), To: share.To{Status: true}}
	_, err := w.ask(p[2], r)
	w.refused(err, party.NotMember)
	_, err = w.ask(p[0], share.Request{PartyID: "nonsense", To: share.To{Status: true}})
	w.refused(err, party.PartyNotFound)
	w.conf.Invites.Who = rules.InviteLeader
	_, err = w.ask(p[1], r)
	w.refused(err, party.NotLeader)
	w.nothingShared(p[1], id)

	guild := w.host.Group(p[2].UserID)
	toGuild := share.Request{PartyID: id.String(), To: share.To{GroupID: guild, Status: true}}
	_, err = w.ask(p[0], toGuild)
	w.refused(err, party.NotMember)
	if err != nil && !strings.Contains(err.Error(), "group_id") {
		t.Errorf("refusal = %q; want the field in it", err)
	}
	w.host.RequestToJoinGroup(guild, p[0].UserID) // a user who only asked is not a member
	_, err = w.ask(p[0], toGuild)
	w.refused(err, party.NotMember)
	w.nothingShared(p[0], id)
}

func TestService_Share_whoIsTold(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(12)
	sharer, member, friend, oneSided, mate, both := p[0], p[1], p[2], p[3], p[4], p[5]
	named, blocksUs, blockedByUs, asks, mateBlocks, strangers := p[6], p[7], p[8], p[9], p[10], p[11]
	offline := w.host.User("offline")
	id := w.party(8, sharer, member)
	for _, f := range []party.Session{friend, both, member} {
		w.host.Befriend(sharer.UserID, f.UserID)
	}
	_ = oneSided // only asked to be a friend, which does not count
	guild := w.host.Group(mate.UserID, sharer.UserID, both.UserID, member.UserID, mateBlocks.UserID, offline)
	w.host.RequestToJoinGroup(guild, asks.UserID)
	w.host.Block(blocksUs.UserID, sharer.UserID)
	w.host.Block(sharer.UserID, blockedByUs.UserID)
	w.host.Block(mateBlocks.UserID, sharer.UserID)
	seen := 0

	told := func(to share.To, want share.Delivered, users ...string) {
		t.Helper()
		a := w.shareTo(sharer, id, to)
		if a.Delivered != want {
			t.Errorf("delivered = %+v; want %+v", a.Delivered, want)
		}
		slices.Sort(users)
		if got := w.notified(&seen); !slices.Equal(got, users) {
			t.Errorf("notified %v; want %v", got, users)
		}
	}
	told(share.To{Friends: true}, share.Delivered{Friends: 2}, ids(friend, both)...)
	told(share.To{GroupID: strings.ToUpper(guild)}, share.Delivered{Group: 3}, append(ids(mate, both), offline)...)
	told(share.To{UserIDs: []string{named.UserID, named.UserID, blocksUs.UserID, blockedByUs.UserID, member.UserID}}, share.Delivered{Users: 1}, named.UserID)
	told(share.To{Status: true, Friends: true, GroupID: guild, UserIDs: []string{both.UserID, strangers.UserID}},
		share.Delivered{Status: 1, Users: 2, Friends: 1, Group: 2}, append(ids(both, strangers, friend, mate), offline)...)

	a := w.shareTo(sharer, id, share.To{UserIDs: []string{named.UserID}})
	n := w.host.Notices()[len(w.host.Notices())-1]
	want := map[string]any{"party_id": id.String(), "url": a.URL, "code": n.Content["code"], "from": sharer.Username, "message": "Join us"}
	if n.Code != 1001 || n.Subject != "party_invite" || !n.Persistent || n.Sender != sharer.UserID || !reflect.DeepEqual(n.Content, want) {
		t.Errorf("notification = %+v; want a persistent 1001 with %v", n, want)
	}
	if code, _ := n.Content["code"].(string); code == "" || !strings.HasSuffix(a.URL, "/party/join/"+code) {
		t.Errorf("url = %q, code = %v; want the one to lead to the other", a.URL, n.Content["code"])
	}
}

func TestService_Share_oneInvite(t *testing.T) {
	w := newWorld(t)
	w.conf.Limits = rules.Limits{ShareRecipients: 10}
	p := w.host.Players(3)
	id := w.party(8, p[0], p[1])
	to := share.To{UserIDs: []string{p[2].UserID}}
	say := func(s party.Session, message string) share.Answer {
		t.Helper()
		a, err := w.ask(s, share.Request{PartyID: id.String(), To: to, Message: message})
		w.must(err)
		return a
	}
	first := say(p[0], "one")
	if again := say(p[0], "two"); again.ID != first.ID || again.URL != first.URL || again.ExpiresAt != first.ExpiresAt {
		t.Errorf("shared again: %+v; want the same invite as %+v", again, first)
	}
	list, err := w.invites.List(t.Context(), caller(p[0]), id.String())
	w.must(err)
	if len(list) != 1 || list[0].MaxUses != 0 || list[0].Message != "two" || len(list[0].ForUserIDs) != 0 {
		t.Errorf("invites = %+v; want one for everybody, without a limit, with the last message", list)
	}
	if n := w.host.Notices(); n[1].Content["message"] != "two" || n[1].Content["url"] != first.URL {
		t.Errorf("notification = %+v; want the same link with the last message", n[1].Content)
	}
	if _, err := w.ask(p[0], share.Request{PartyID: id.String(), To: share.To{Status: true}}); err != nil {
		t.Fatal(err)
	}
	if list, err = w.invites.List(t.Context(), caller(p[0]), id.String()); err != nil || list[0].Message != "two" {
		t.Errorf("invites = %+v, %v; want the last message, which a call without one leaves", list, err)
	}
	if other := say(p[1], "one"); other.ID == first.ID {
		t.Error("another member shared an invite that names the first as inviter")
	}

	// A new invite is made if the old one cannot be used any more.
	w.must(w.invites.Revoke(t.Context(), caller(p[0]), first.ID, ""))
	second := say(p[0], "")
	if second.ID == first.ID {
		t.Error("an invite that was revoked was shared")
	}
	w.clock.Advance(w.conf.Invites.Link.TTL/2 - time.Second)
	if say(p[0], "").ID != second.ID {
		t.Error("an invite with half of its life before it was not shared")
	}
	w.clock.Advance(time.Minute)
	third := say(p[0], "")
	if third.ID == second.ID {
		t.Error("an invite was shared that ends before a new one would")
	}
	w.restart() // the code is stored nowhere
	fourth := say(p[0], "")
	if fourth.ID == third.ID {
		t.Error("a code was read from storage")
	}
	w.leave(p[0], id)
	w.join(p[0], id)
	if say(p[0], "").ID != fourth.ID {
		t.Error("a member who left and came back shared another invite")
	}
}

// A player who lost the connection for a moment shares the same invite as before.
func TestService_Share_afterADrop(t *testing.T) {
	w := newWorld(t)
	w.conf.Parties.ReconnectGrace = time.Minute
	p := w.host.Players(3)
	id := w.party(8, p[0], p[1])
	say := func(s party.Session) string {
		t.Helper()
		return w.shareTo(s, id, share.To{UserIDs: []string{p[2].UserID}}).ID
	}
	first := say(p[0])
	w.host.Disconnect(p[0])
	w.ended(p[0])
	back := w.host.Connect(p[0].UserID)
	w.join(back, id)
	if again := say(back); again != first {
		t.Errorf("back in the party, %s is shared; want %s", again, first)
	}
}

func TestService_Share_atOnce(t *testing.T) {
	w := newWorld(t)
	w.conf.Limits = rules.Limits{ShareRecipients: 10}
	a := w.host.Player("a")
	id := w.party(8, a)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := w.ask(a, share.Request{PartyID: id.String(), To: share.To{Status: true}}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	list, err := w.invites.List(t.Context(), caller(a), id.String())
	if err != nil || len(list) != 1 {
		t.Errorf("invites = %v, %v; want one", list, err)
	}
}

func TestService_Share_limits(t *testing.T) {
	w := newWorld(t)
	w.conf.Limits = rules.Limits{Share: rules.Rate{N: 2, Per: time.Minute}, ShareRecipients: 5}
	p := w.host.Players(10)
	id := w.party(4, p[0])
	for _, f := range p[1:7] {
		w.host.Befriend(p[0].UserID, f.UserID)
	}
	guild := w.host.Group(ids(p...)...)
	seen := 0
	a := w.shareTo(p[0], id, share.To{Friends: true, GroupID: guild, UserIDs: ids(p[8], p[9])})
	if want := (share.Delivered{Users: 2, Friends: 3}); a.Delivered != want {
		t.Errorf("delivered = %+v; want %+v", a.Delivered, want)
	}
	if got := w.notified(&seen); len(got) != 5 {
		t.Errorf("notified %d; want 5", len(got))
	}
	w.shareTo(p[0], id, share.To{GroupID: guild})
	_, err := w.ask(p[0], share.Request{PartyID: id.String(), To: share.To{Friends: true}})
	w.refused(err, party.RateLimited)
	if got := w.notified(&seen); len(got) != 5 {
		t.Errorf("notified %d by the second call and a refused one; want 5", len(got))
	}
	w.clock.Advance(time.Minute)
	w.shareTo(p[0], id, share.To{Friends: true})
}

// Many friends and a large group are read page by page.
func TestService_Share_pages(t *testing.T) {
	w := newWorld(t)
	w.conf.Limits = rules.Limits{ShareRecipients: 1000}
	sharer := w.host.Player("sharer")
	id := w.party(4, sharer)
	friends, mates := w.host.Players(250), w.host.Players(230)
	for _, f := range friends {
		w.host.Befriend(sharer.UserID, f.UserID)
	}
	for range 120 { // other groups of the sharer, which are listed first
		w.host.Group(sharer.UserID)
	}
	guild := w.host.Group(append(ids(mates...), sharer.UserID)...)
	a := w.shareTo(sharer, id, share.To{Friends: true, GroupID: guild})
	if want := (share.Delivered{Friends: 250, Group: 230}); a.Delivered != want {
		t.Errorf("delivered = %+v; want %+v", a.Delivered, want)
	}
	// The friends alone fill the limit. The sharer still has to be in the group.
	w.conf.Limits.ShareRecipients = 100
	_, err := w.ask(sharer, share.Request{PartyID: id.String(), To: share.To{Friends: true, GroupID: w.host.Group(ids(mates...)...)}})
	w.refused(err, party.NotMember)
}

func TestService_Share_whenItCannotBeDelivered(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(2)
	id := w.party(4, p[0])
	w.host.NotifyError = errors.New("database away")
	_, err := w.ask(p[0], share.Request{PartyID: id.String(), To: share.To{Status: true, UserIDs: ids(p[1])}})
	w.refused(err, party.Internal)
	if _, online := w.status(p[0]); online {
		t.Error("a status was set by a call that failed")
	}
}
