package share_test

import (
	"fmt"
	"testing"

	"partyline/party"
	"partyline/party/rules"
	"partyline/party/share"
)

// A refused share does not count against the limits of invites between strangers.
func TestService_Share_aRefusalCountsNothing(t *testing.T) {
	w := newWorld(t)
	w.conf.Limits = rules.Limits{ShareRecipients: 200}
	w.conf.Invites.Who = rules.InviteLeader
	p := w.host.Players(4)
	id := w.party(4, p[0], p[1])
	guild := w.host.Group(ids(p[0], p[1], p[2])...)
	to := share.To{GroupID: guild, UserIDs: ids(p[3])}
	for range 12 {
		_, err := w.ask(p[1], share.Request{PartyID: id.String(), To: to})
		w.refused(err, party.NotLeader)
	}
	if a := w.shareTo(p[0], id, to); a.Delivered != (share.Delivered{Users: 1, Group: 1}) {
		t.Errorf("delivered %+v; want all who were never told", a.Delivered)
	}
}

// Friends in a group are not strangers. A named member of the group counts like any other member of it.
func TestService_Share_boundsOfAGroup(t *testing.T) {
	w := newWorld(t)
	w.conf.Limits = rules.Limits{ShareRecipients: 200}
	p := w.host.Players(4)
	id := w.party(4, p[0])
	w.host.Befriend(p[0].UserID, p[1].UserID)
	guild := w.host.Group(ids(p[0], p[1], p[2], p[3])...)
	for n := range 12 {
		want := share.Delivered{Group: 3}
		if n >= 10 {
			want.Group = 1
		}
		if a := w.shareTo(p[0], id, share.To{GroupID: guild}); a.Delivered != want {
			t.Errorf("share %d: delivered %+v; want %+v", n, a.Delivered, want)
		}
	}
	mate := w.host.User("mate")
	guild = w.host.Group(p[0].UserID, mate, w.host.User("other mate"))
	var strangers []string
	for n := range 100 {
		strangers = append(strangers, w.host.User(fmt.Sprint("stranger ", n)))
	}
	if a := w.shareTo(p[0], id, share.To{UserIDs: strangers}); a.Delivered.Users != 100 {
		t.Fatalf("delivered %+v; want the hundred of an hour", a.Delivered)
	}
	if a := w.shareTo(p[0], id, share.To{GroupID: guild, UserIDs: []string{mate}}); a.Delivered != (share.Delivered{Users: 1, Group: 1}) {
		t.Errorf("delivered %+v; want the whole group", a.Delivered)
	}
}
