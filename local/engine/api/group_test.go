package api_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// createGroup makes a group of p.
func (g *target) createGroup(p player, open bool, rest string) (id, name string) {
	g.t.Helper()
	name = fresh("group")
	var made struct{ ID string }
	got := g.do("POST", "/v2/group", p.auth, fmt.Sprintf(`{"name":"%s","open":%v%s}`, name, open, rest))
	if got.status != 200 {
		g.t.Fatalf("create group: %d %s", got.status, got.body)
	}
	got.decode(g.t, &made)
	return made.ID, name
}

// wantMembers checks the members of a group, in order, as "name:state".
func (g *target) wantMembers(asker player, id, query string, want ...string) string {
	g.t.Helper()
	var list struct {
		GroupUsers []struct {
			User  struct{ Username string }
			State int
		} `json:"group_users"`
		Cursor string
	}
	g.do("GET", "/v2/group/"+id+"/user"+query, asker.auth, "").decode(g.t, &list)
	var have []string
	for _, m := range list.GroupUsers {
		have = append(have, fmt.Sprintf("%s:%d", m.User.Username, m.State))
	}
	if strings.Join(have, " ") != strings.Join(want, " ") {
		g.t.Fatalf("members%s = %v; want %v", query, have, want)
	}
	return list.Cursor
}

// wantSize checks the edge count of a group that p is in, or has asked to join, and p's state.
func (g *target) wantSize(p player, id string, count, state int) {
	g.t.Helper()
	var list struct {
		UserGroups []struct {
			Group struct {
				ID        string
				EdgeCount int `json:"edge_count"`
			}
			State int
		} `json:"user_groups"`
	}
	g.do("GET", "/v2/user/"+p.id+"/group", p.auth, "").decode(g.t, &list)
	for _, row := range list.UserGroups {
		if row.Group.ID == id {
			if row.Group.EdgeCount != count || row.State != state {
				g.t.Fatalf("group of %s has edge_count %d, state %d; want %d, %d", p.name, row.Group.EdgeCount, row.State, count, state)
			}
			return
		}
	}
	g.t.Fatalf("%s is not in group %s", p.name, id)
}

func TestGroups_Create(t *testing.T) {
	g := newTarget(t)
	a := g.player("ada")
	name := fresh("group")
	group := `{"id":"$id","creator_id":"` + a.id + `","name":"` + name + `","lang_tag":"en","metadata":"{}","open":false,"edge_count":1,"max_count":100,"create_time":"$time","update_time":"$time"}`
	g.want(200, group, "POST", "/v2/group", a.auth, `{"name":"`+name+`"}`)
	g.wantError(409, 6, "Group name is in use.", "POST", "/v2/group", a.auth, `{"name":"`+name+`"}`)
	g.want(200, `{"user_groups":[{"group":`+group+`,"state":0}]}`, "GET", "/v2/user/"+a.id+"/group", a.auth, "")
	g.wantError(400, 3, "Group name must be set.", "POST", "/v2/group", a.auth, `{}`)
	g.wantError(400, 3, "Group max count must be >= 1 when set.", "POST", "/v2/group", a.auth, `{"name":"x","max_count":-1}`)
	g.wantError(500, 13, "Error while trying to create group.", "POST", "/v2/group", a.auth, `{"name":"`+strings.Repeat("x", 256)+`"}`)
	full := fresh("group")
	g.want(200, `{"id":"$id","creator_id":"`+a.id+`","name":"`+full+`","description":"d","avatar_url":"u","lang_tag":"de","metadata":"{}","open":true,"edge_count":1,"max_count":2,"create_time":"$time","update_time":"$time"}`,
		"POST", "/v2/group", a.auth, `{"name":"`+full+`","description":"d","avatar_url":"u","lang_tag":"de","open":true,"max_count":2}`)
}

func TestGroups_OpenJoinAndLeave(t *testing.T) {
	g := newTarget(t)
	a, b, c := g.player("ada"), g.player("bob"), g.player("cyd")
	id, _ := g.createGroup(a, true, `,"max_count":2`)
	path := "/v2/group/" + id

	g.want(200, `{}`, "POST", path+"/join", b.auth, "")
	g.wantMembers(a, id, "", nameState(a, 0), nameState(b, 2))
	g.wantSize(b, id, 2, 2)
	g.wantError(400, 3, "Group is full.", "POST", path+"/join", c.auth, "")
	g.wantError(400, 3, "Group is full.", "POST", path+"/join", b.auth, "") // also for a member
	g.wantError(400, 3, "Cannot leave group when you are the last superadmin.", "POST", path+"/leave", a.auth, "")
	g.want(200, `{}`, "POST", path+"/leave", c.auth, "")
	g.want(200, `{}`, "POST", path+"/leave", b.auth, "")
	g.wantSize(a, id, 1, 0)
	g.want(200, `{}`, "POST", path+"/leave", a.auth, "")
	g.wantError(404, 5, "Group not found.", "POST", path+"/join", b.auth, "")
	g.want(200, `{}`, "GET", path+"/user", a.auth, "")
	g.want(200, `{}`, "GET", "/v2/user/"+a.id+"/group", a.auth, "")
}

func TestGroups_ClosedJoin(t *testing.T) {
	g := newTarget(t)
	a, b, c := g.player("ada"), g.player("bob"), g.player("cyd")
	id, name := g.createGroup(a, false, "")
	path := "/v2/group/" + id

	g.want(200, `{}`, "POST", path+"/join", b.auth, "")
	g.want(200, `{}`, "POST", path+"/join", b.auth, "") // a second time: no effect
	g.want(200, `{}`, "POST", path+"/join", c.auth, "")
	g.wantMembers(a, id, "", nameState(a, 0), nameState(b, 3), nameState(c, 3))
	g.wantMembers(a, id, "?state=3", nameState(b, 3), nameState(c, 3))
	g.wantSize(b, id, 1, 3)
	g.wantNotifications(a, "-5 User "+b.name+" wants to join your group", "-5 User "+c.name+" wants to join your group")
	g.wantError(404, 5, "Group not found or permission denied.", "POST", path+"/add?user_ids="+c.id, b.auth, "")
	g.want(200, `{}`, "POST", path+"/add?user_ids="+b.id, a.auth, "")
	g.wantMembers(a, id, "", nameState(a, 0), nameState(b, 2), nameState(c, 3))
	g.wantSize(b, id, 2, 2)
	g.wantNotifications(b, "-4 You've been added to group "+name)
	g.want(200, `{}`, "POST", path+"/kick?user_ids="+c.id, a.auth, "") // refuses the request
	g.want(200, `{}`, "POST", path+"/leave", b.auth, "")
	g.wantSize(a, id, 1, 0)
}

func TestGroups_Ranks(t *testing.T) {
	g := newTarget(t)
	a, b, c, d := g.player("ada"), g.player("bob"), g.player("cyd"), g.player("dee")
	id, _ := g.createGroup(a, true, "")
	path := "/v2/group/" + id
	g.want(200, `{}`, "POST", path+"/add?user_ids="+b.id+"&user_ids="+c.id, a.auth, "")
	g.want(200, `{}`, "POST", path+"/join", d.auth, "")

	g.wantError(404, 5, "Group not found or permission denied.", "POST", path+"/promote?user_ids="+c.id, b.auth, "")
	g.want(200, `{}`, "POST", path+"/promote?user_ids="+b.id, a.auth, "")
	g.wantMembers(a, id, "", nameState(a, 0), nameState(b, 1), nameState(c, 2), nameState(d, 2))
	g.want(200, `{}`, "POST", path+"/promote?user_ids="+c.id, b.auth, "")
	g.want(200, `{}`, "POST", path+"/promote?user_ids="+c.id, b.auth, "") // not above their own state
	g.want(200, `{}`, "POST", path+"/kick?user_ids="+c.id+"&user_ids="+a.id, b.auth, "")
	g.wantMembers(a, id, "?state=1", nameState(b, 1), nameState(c, 1))
	g.want(200, `{}`, "POST", path+"/demote?user_ids="+a.id, b.auth, "")
	g.want(200, `{}`, "POST", path+"/demote?user_ids="+c.id, b.auth, "")
	g.wantMembers(a, id, "", nameState(a, 0), nameState(b, 1), nameState(c, 2), nameState(d, 2))
	g.want(200, `{}`, "POST", path+"/kick?user_ids="+c.id, b.auth, "")
	g.want(200, `{}`, "POST", path+"/ban?user_ids="+d.id, a.auth, "")
	g.wantMembers(a, id, "", nameState(a, 0), nameState(b, 1))
	g.wantMembers(a, id, "?state=4", nameState(d, 4))
	g.wantSize(a, id, 2, 0)
	g.want(200, `{}`, "GET", "/v2/user/"+d.id+"/group", d.auth, "")
	g.want(200, `{}`, "POST", path+"/join", d.auth, "") // banned: no effect
	g.want(200, `{}`, "POST", path+"/leave", d.auth, "")
	g.want(200, `{}`, "POST", path+"/add?user_ids="+d.id, a.auth, "")
	g.wantMembers(a, id, "", nameState(a, 0), nameState(b, 1))
	g.want(200, `{}`, "POST", path+"/kick?user_ids="+d.id, a.auth, "")
	g.want(200, `{}`, "POST", path+"/join", d.auth, "")
	g.wantMembers(a, id, "", nameState(a, 0), nameState(b, 1), nameState(d, 2))
	g.want(200, `{}`, "POST", path+"/promote?user_ids="+b.id, a.auth, "")
	g.want(200, `{}`, "POST", path+"/leave", a.auth, "")
	g.want(200, `{}`, "POST", path+"/demote?user_ids="+b.id, b.auth, "")
	g.wantMembers(a, id, "", nameState(b, 0), nameState(d, 2))
	g.wantError(400, 3, "User IDs must be set.", "POST", path+"/demote", b.auth, "")
	g.wantError(404, 5, "Group not found or permission denied.", "POST", path+"/demote?user_ids="+b.id, a.auth, "")
}

func TestGroups_UpdateAndDelete(t *testing.T) {
	g := newTarget(t)
	a, b := g.player("ada"), g.player("bob")
	id, _ := g.createGroup(a, true, `,"description":"d"`)
	_, taken := g.createGroup(b, true, "")
	path := "/v2/group/" + id
	name := fresh("group")

	g.want(200, `{}`, "PUT", path, a.auth, `{"name":"`+name+`","description":"","open":false,"group_id":"ignored"}`)
	g.want(200, `{"groups":[{"id":"`+id+`","creator_id":"`+a.id+`","name":"`+name+`","lang_tag":"en","metadata":"{}","open":false,"edge_count":1,"max_count":100,"create_time":"$time","update_time":"$time"}]}`,
		"GET", "/v2/group?name="+name, a.auth, "")
	g.wantError(404, 5, "Group not found or you're not allowed to update.", "PUT", path, b.auth, `{"open":true}`)
	g.wantError(400, 3, "Specify at least one field to update.", "PUT", path, a.auth, `{}`)
	g.wantError(400, 3, "Group name cannot be empty.", "PUT", path, a.auth, `{"name":""}`)
	g.wantError(400, 3, "Group language cannot be empty.", "PUT", path, a.auth, `{"lang_tag":""}`)
	g.wantError(400, 3, "Group name is in use.", "PUT", path, a.auth, `{"name":"`+taken+`"}`)
	g.wantError(500, 13, "Error while trying to update group.", "PUT", path, a.auth, `{"lang_tag":"`+strings.Repeat("x", 19)+`"}`)
	g.wantError(400, 3, "Group not found or you're not allowed to delete.", "DELETE", path, b.auth, "")
	g.want(200, `{}`, "DELETE", path, a.auth, "")
	g.wantError(400, 3, "Group not found or you're not allowed to delete.", "DELETE", path, a.auth, "")
	g.want(200, `{}`, "GET", "/v2/group?name="+name, a.auth, "")
}

func TestGroups_Lists(t *testing.T) {
	g := newTarget(t)
	a, b := g.player("ada"), g.player("bob")
	prefix := fresh("list")
	lang := prefix[5:20]
	var ids []string
	for i := range 3 {
		var made struct{ ID string }
		g.do("POST", "/v2/group", a.auth, fmt.Sprintf(`{"name":"%s %d","lang_tag":"%s","open":%v}`, prefix, i, lang, i > 0)).decode(t, &made)
		ids = append(ids, made.ID)
	}
	names := func(query string) (names []string, cursor string) {
		var list struct {
			Groups []struct{ Name string }
			Cursor string
		}
		g.do("GET", "/v2/group?"+query, a.auth, "").decode(t, &list)
		for _, group := range list.Groups {
			names = append(names, strings.TrimPrefix(group.Name, prefix+" "))
		}
		return names, list.Cursor
	}
	check := func(query, want string) string {
		t.Helper()
		got, cursor := names(query)
		if strings.Join(got, " ") != want {
			t.Fatalf("groups by %s = %v; want %s", query, got, want)
		}
		return cursor
	}
	pattern := url.QueryEscape(strings.ToUpper(prefix) + " %")
	cursor := check("limit=2&name="+pattern, "0 1")
	check("limit=2&name="+pattern+"&cursor="+cursor, "2")
	check("limit=9&name="+url.QueryEscape("%"+prefix+" _"), "0 1 2")
	check("name="+pattern, "0") // the default limit is 1
	check("limit=9&open=false&lang_tag="+lang, "0")
	g.want(200, `{}`, "POST", "/v2/group/"+ids[1]+"/join", b.auth, "")
	check("limit=9&members=1&open=true&lang_tag="+lang, "2")
	check("limit=1&open=true&lang_tag="+lang, "1") // the larger group first

	mine := wantUserGroups(t, g, a, "?limit=2")
	wantUserGroups(t, g, a, "?limit=2&cursor="+mine)
	members := g.wantMembers(a, ids[1], "?limit=1", nameState(a, 0))
	g.wantMembers(a, ids[1], "?limit=1&cursor="+members, nameState(b, 2))
}

// wantUserGroups checks one page of a user's groups and returns its cursor.
func wantUserGroups(t *testing.T, g *target, p player, query string) string {
	t.Helper()
	var list struct {
		UserGroups []struct{ State int } `json:"user_groups"`
		Cursor     string
	}
	g.do("GET", "/v2/user/"+p.id+"/group"+query, p.auth, "").decode(t, &list)
	want := 2
	if strings.Contains(query, "cursor") {
		want = 1
	}
	if len(list.UserGroups) != want || (list.Cursor == "") != (want == 1) {
		t.Fatalf("groups of %s%s = %d, cursor %q; want %d", p.name, query, len(list.UserGroups), list.Cursor, want)
	}
	return list.Cursor
}

func TestGroups_Refusals(t *testing.T) {
	g := newTarget(t)
	a := g.player("ada")
	id, _ := g.createGroup(a, true, "")
	const stranger = "6b0d1b1e-3c55-4c6f-9a53-0f8f0f7a3b11"
	for _, c := range []struct{ method, path, message string }{
		{"PUT", "/v2/group/x", "Group ID must be a valid ID."},
		{"DELETE", "/v2/group/x", "Group ID must be a valid ID."},
		{"POST", "/v2/group/x/join", "Group ID must be a valid ID."},
		{"POST", "/v2/group/x/leave", "Group ID must be a valid ID."},
		{"POST", "/v2/group/x/add", "Group ID must be a valid ID."},
		{"POST", "/v2/group/x/demote", "Group ID must be a valid ID."},
		{"GET", "/v2/group/x/user", "Group ID must be a valid ID."},
		{"GET", "/v2/user/x/group", "Group ID must be a valid ID."},
		{"POST", "/v2/group/" + id + "/add?user_ids=x", "User ID must be a valid ID."},
		{"POST", "/v2/group/" + id + "/kick?user_ids=00000000-0000-0000-0000-000000000000", "User ID must be a valid ID."},
		{"POST", "/v2/group/" + id + "/add?user_ids=" + stranger, "One or more users not found."},
		{"GET", "/v2/group?limit=101", "Invalid limit - limit must be between 1 and 100."},
		{"GET", "/v2/group?name=a&open=true", "name filter cannot be combined with any other filter"},
		{"GET", "/v2/group/" + id + "/user?limit=0", "Invalid limit - limit must be between 1 and 100."},
		{"GET", "/v2/group/" + id + "/user?state=5", "Invalid state - state must be between 0 and 4."},
		{"GET", "/v2/group/" + id + "/user?cursor=x", "Cursor is invalid."},
		{"GET", "/v2/user/" + a.id + "/group?limit=0", "Invalid limit - limit must be between 1 and 100."},
		{"GET", "/v2/user/" + a.id + "/group?state=5", "Invalid state - state must be between 0 and 4."},
		{"GET", "/v2/user/" + a.id + "/group?cursor=x", "Cursor is invalid."},
	} {
		g.wantError(400, 3, c.message, c.method, c.path, a.auth, "")
	}
	g.wantError(500, 13, "Error while trying to list groups.", "GET", "/v2/group?cursor=!", a.auth, "")
	g.want(200, `{}`, "POST", "/v2/group/"+id+"/add", a.auth, "")
	g.want(200, `{}`, "POST", "/v2/group/"+id+"/kick?user_ids="+stranger, a.auth, "")
	g.want(200, `{}`, "POST", "/v2/group/"+id+"/kick?user_ids="+a.id, a.auth, "") // the caller is skipped
	g.want(200, `{}`, "POST", "/v2/group/"+stranger+"/leave", a.auth, "")
	g.want(200, `{}`, "GET", "/v2/group/"+stranger+"/user", a.auth, "")
	g.wantMembers(a, id, "", nameState(a, 0))
}
