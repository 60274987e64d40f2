package api_test

import (
	"fmt"
	"strings"
	"testing"
)

// wantFriends checks the friends of p, in order, as "name:state".
func (g *target) wantFriends(p player, query string, want ...string) string {
	g.t.Helper()
	var list struct {
		Friends []struct {
			User  struct{ Username string }
			State int
		}
		Cursor string
	}
	got := g.do("GET", "/v2/friend"+query, p.auth, "")
	got.decode(g.t, &list)
	var have []string
	for _, f := range list.Friends {
		have = append(have, fmt.Sprintf("%s:%d", f.User.Username, f.State))
	}
	if strings.Join(have, " ") != strings.Join(want, " ") {
		g.t.Fatalf("friends of %s%s = %v; want %v", p.name, query, have, want)
	}
	return list.Cursor
}

func nameState(p player, state int) string { return fmt.Sprintf("%s:%d", p.name, state) }

// wantEdges checks the edge count of p.
func (g *target) wantEdges(p player, want int) {
	g.t.Helper()
	var account struct {
		User struct {
			EdgeCount int `json:"edge_count"`
		}
	}
	g.do("GET", "/v2/account", p.auth, "").decode(g.t, &account)
	if account.User.EdgeCount != want {
		g.t.Fatalf("edge_count of %s = %d; want %d", p.name, account.User.EdgeCount, want)
	}
}

// wantNotifications checks the stored notifications of p, oldest first, as "code subject".
func (g *target) wantNotifications(p player, want ...string) {
	g.t.Helper()
	var list struct {
		Notifications []struct {
			Code    int
			Subject string
		}
	}
	g.do("GET", "/v2/notification?limit=100", p.auth, "").decode(g.t, &list)
	var have []string
	for _, n := range list.Notifications {
		have = append(have, fmt.Sprintf("%d %s", n.Code, n.Subject))
	}
	if strings.Join(have, "\n") != strings.Join(want, "\n") {
		g.t.Fatalf("notifications of %s = %q; want %q", p.name, have, want)
	}
}

func TestFriends_AskAndAccept(t *testing.T) {
	g := newTarget(t)
	a, b := g.player("ada"), g.player("bob")

	g.wantFriends(a, "")
	g.want(200, `{}`, "POST", "/v2/friend?ids="+b.id+"&metadata="+`%7B%22from%22:%22school%22%7D`, a.auth, "")
	g.wantFriends(a, "", nameState(b, 1))
	g.wantFriends(b, "", nameState(a, 2))
	g.want(200, `{}`, "POST", "/v2/friend?usernames="+b.name, a.auth, "") // a second request has no effect
	g.wantNotifications(b, "-2 "+a.name+" wants to add you as a friend")
	g.want(200, `{}`, "POST", "/v2/friend?usernames="+a.name, b.auth, "")
	g.wantFriends(a, "", nameState(b, 0))
	g.wantFriends(b, "?state=0", nameState(a, 0))
	g.wantFriends(b, "?state=1")
	g.wantNotifications(a, "-3 "+b.name+" accepted your friend request")
	g.wantEdges(a, 1)
	g.wantEdges(b, 1)
	g.want(200, `{"friends":[{"user":{"id":"`+b.id+`","username":"`+b.name+`","lang_tag":"en","metadata":"{}","create_time":"$time","update_time":"$time"},"state":0,"update_time":"$time","metadata":"{\"from\": \"school\"}"}]}`,
		"GET", "/v2/friend", a.auth, "")

	g.want(200, `{}`, "DELETE", "/v2/friend?ids="+a.id, b.auth, "")
	g.wantFriends(a, "")
	g.wantFriends(b, "")
	g.wantEdges(a, 0)
	g.wantNotifications(a, "-3 "+b.name+" accepted your friend request", "-9 "+b.name+" removed you as a friend")
	g.wantNotifications(b, "-2 "+a.name+" wants to add you as a friend")
}

func TestFriends_BothAsk(t *testing.T) {
	g := newTarget(t)
	a, b := g.player("ada"), g.player("bob")
	g.want(200, `{}`, "POST", "/v2/friend?ids="+b.id, a.auth, "")
	g.want(200, `{}`, "POST", "/v2/friend?ids="+a.id, b.auth, "")
	g.wantFriends(a, "", nameState(b, 0))
	g.want(200, `{}`, "DELETE", "/v2/friend?usernames="+b.name, a.auth, "")
	g.want(200, `{}`, "DELETE", "/v2/friend?ids="+b.id, a.auth, "") // a second time: no effect
	g.wantEdges(a, 0)
	g.wantEdges(b, 0)
}

func TestFriends_Block(t *testing.T) {
	g := newTarget(t)
	a, b := g.player("ada"), g.player("bob")
	g.want(200, `{}`, "POST", "/v2/friend?ids="+b.id, a.auth, "")
	g.want(200, `{}`, "POST", "/v2/friend?ids="+a.id, b.auth, "")
	g.want(200, `{}`, "POST", "/v2/friend/block?ids="+b.id, a.auth, "")
	g.wantFriends(a, "", nameState(b, 3))
	g.wantFriends(b, "")
	g.wantEdges(a, 1)
	g.wantEdges(b, 0)
	g.want(200, `{}`, "POST", "/v2/friend?ids="+a.id, b.auth, "") // blocked: no effect and no notification
	g.want(200, `{}`, "POST", "/v2/friend?ids="+b.id, a.auth, "") // nor does it remove a's own block
	g.wantFriends(a, "", nameState(b, 3))
	g.wantFriends(b, "")
	g.want(200, `{}`, "DELETE", "/v2/friend?ids="+a.id, b.auth, "") // the blocked user cannot remove the block
	g.wantFriends(a, "", nameState(b, 3))
	g.want(200, `{}`, "POST", "/v2/friend/block?usernames="+a.name, b.auth, "") // mutual
	g.want(200, `{}`, "DELETE", "/v2/friend?ids="+b.id, a.auth, "")
	g.wantFriends(a, "")
	g.wantFriends(b, "", nameState(a, 3))
	g.wantEdges(a, 0)
	g.wantEdges(b, 1)
	g.wantNotifications(a, "-3 "+b.name+" accepted your friend request")
	g.wantNotifications(b, "-2 "+a.name+" wants to add you as a friend")
}

func TestFriends_BlockStranger(t *testing.T) {
	g := newTarget(t)
	a, b := g.player("ada"), g.player("bob")
	g.want(200, `{}`, "POST", "/v2/friend/block?ids="+b.id, a.auth, "")
	g.wantFriends(a, "", nameState(b, 3))
	g.wantFriends(b, "")
	g.wantEdges(a, 1)
	g.wantEdges(b, 0)
}

func TestFriends_Pages(t *testing.T) {
	g := newTarget(t)
	a := g.player("ada")
	var all []string
	for i := range 5 {
		p := g.player(fmt.Sprintf("f%d", i))
		g.want(200, `{}`, "POST", "/v2/friend?ids="+p.id, a.auth, "")
		all = append(all, nameState(p, 1))
	}
	cursor := g.wantFriends(a, "?limit=2", all[:2]...)
	next := g.wantFriends(a, "?limit=2&state=1&cursor="+cursor, all[2:4]...)
	if last := g.wantFriends(a, "?limit=2&cursor="+next, all[4:]...); last != "" {
		t.Errorf("cursor after the last page = %q; want none", last)
	}
	g.wantError(400, 3, "Cursor is invalid.", "GET", "/v2/friend?cursor=xyz", a.auth, "")
	g.wantError(400, 3, "Cursor is invalid.", "GET", "/v2/friend?state=0&cursor="+cursor, a.auth, "")
}

func TestFriends_Refusals(t *testing.T) {
	g := newTarget(t)
	a := g.player("ada")
	none := fresh("none")
	g.want(200, `{}`, "POST", "/v2/friend", a.auth, "")
	g.want(200, `{}`, "DELETE", "/v2/friend", a.auth, "")
	g.want(200, `{}`, "POST", "/v2/friend/block", a.auth, "")
	g.want(200, `{}`, "POST", "/v2/friend?ids=6b0d1b1e-3c55-4c6f-9a53-0f8f0f7a3b11", a.auth, "") // an unknown user
	g.want(200, `{}`, "POST", "/v2/friend/block?ids=6b0d1b1e-3c55-4c6f-9a53-0f8f0f7a3b11", a.auth, "")
	g.wantFriends(a, "")
	for _, c := range []struct{ method, path, message string }{
		{"POST", "/v2/friend?ids=" + a.id, "Cannot add self as friend."},
		{"POST", "/v2/friend?usernames=" + a.name, "Cannot add self as friend."},
		{"POST", "/v2/friend?ids=x", "Invalid user ID 'x'."},
		{"POST", "/v2/friend?ids=00000000-0000-0000-0000-000000000000", "Invalid user ID '00000000-0000-0000-0000-000000000000'."},
		{"POST", "/v2/friend?usernames=", "Username must not be empty."},
		{"POST", "/v2/friend?usernames=" + none, "No valid ID or username was provided."},
		{"DELETE", "/v2/friend?ids=" + a.id, "Cannot delete self."},
		{"POST", "/v2/friend/block?ids=" + a.id, "Cannot block self."},
		{"POST", "/v2/friend/block?usernames=" + none, "No valid ID or username was provided."},
		{"GET", "/v2/friend?limit=0", "Invalid limit - limit must be between 1 and 1000."},
		{"GET", "/v2/friend?limit=1001", "Invalid limit - limit must be between 1 and 1000."},
		{"GET", "/v2/friend?limit=x", `parsing field "limit": strconv.ParseInt: parsing "x": invalid syntax`},
		{"GET", "/v2/friend?limit=1&limit=2", `too many values for field "limit": 1, 2`},
		{"GET", "/v2/friend?state=4", "Invalid state - state must be between 0 and 3."},
	} {
		g.wantError(400, 3, c.message, c.method, c.path, a.auth, "")
	}
	g.want(200, `{}`, "DELETE", "/v2/friend?usernames="+none, a.auth, "")
	g.wantError(500, 13, "Error while trying to add friends.", "POST", "/v2/friend?metadata=x&ids="+g.player("bob").id, a.auth, "")
}

func TestFriends_OfFriends(t *testing.T) {
	g := newTarget(t)
	a, b, c, d := g.player("a"), g.player("b"), g.player("c"), g.player("d")
	pair := func(x, y player) {
		g.want(200, `{}`, "POST", "/v2/friend?ids="+y.id, x.auth, "")
		g.want(200, `{}`, "POST", "/v2/friend?ids="+x.id, y.auth, "")
	}
	g.want(200, `{}`, "GET", "/v2/friend/friends", a.auth, "")
	pair(a, b)
	pair(b, c)
	g.want(200, `{}`, "POST", "/v2/friend?ids="+d.id, c.auth, "") // no friends yet
	user := func(p player, edges int) string {
		return fmt.Sprintf(`{"id":"%s","username":"%s","lang_tag":"en","metadata":"{}","edge_count":%d,"create_time":"$time","update_time":"$time"}`, p.id, p.name, edges)
	}
	g.want(200, `{"friends_of_friends":[{"referrer":"`+b.id+`","user":`+user(c, 2)+`}]}`, "GET", "/v2/friend/friends", a.auth, "")
	g.want(200, `{"friends_of_friends":[{"referrer":"`+b.id+`","user":`+user(a, 1)+`}]}`, "GET", "/v2/friend/friends", c.auth, "")
	g.wantError(400, 3, "Invalid limit - limit must be between 1 and 100.", "GET", "/v2/friend/friends?limit=101", a.auth, "")
	g.wantError(400, 3, "Cursor is invalid.", "GET", "/v2/friend/friends?cursor=xyz", a.auth, "")
}
