package api_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// group makes a group of p.
func (g *target) group(p player, open bool, rest string) (id, name string) {
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

// members checks the members of a group, in order, as "name:state".
func (g *target) members(asker player, id, query string, want ...string) string {
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

// size checks the edge count of a group that p is in, or has asked to join, and p's state.
func (g *target) size(p player, id string, count, state int) {
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
	g.refused(409, 6, "Group name is in use.", "POST", "/v2/group", a.auth, `{"name":"`+name+`"}`)
	g.want(200, `{"user_groups":[{"group":`+group+`,"state":0}]}`, "GET", "/v2/user/"+a.id+"/group", a.auth, "")
	g.refused(400, 3, "Group name must be set.", "POST", "/v2/group", a.auth, `{}`)
	g.refused(400, 3, "Group max count must be >= 1 when set.", "POST", "/v2/group", a.auth, `{"name":"x","max_count":-1}`)
	g.refused(500, 13, "Error while trying to create group.", "POST", "/v2/group", a.auth, `{"name":"`+strings.Repeat("x", 256)+`"}`)
	full := fresh("group")
	g.want(200, `{"id":"$id","creator_id":"`+a.id+`","name":"`+full+`","description":"d","avatar_url":"u","lang_tag":"de","metadata":"{}","open":true,"edge_count":1,"max_count":2,"create_time":"$time","update_time":"$time"}`,
		"POST", "/v2/group", a.auth, `{"name":"`+full+`","description":"d","avatar_url":"u","lang_tag":"de","open":true,"max_count":2}`)
}

func TestGroups_OpenJoinAndLeave(t *testing.T) {
	g := newTarget(t)
	a, b, c := g.player("ada"), g.player("bob"), g.player("cyd")
	id, _ := g.group(a, true, `,"max_count":2`)
	path := "/v2/group/" + id

	g.want(200, `{}`, "POST", path+"/join", b.auth, "")
	g.members(a, id, "", is(a, 0), is(b, 2))
	g.size(b, id, 2, 2)
	g.refused(400, 3, "Group is full.", "POST", path+"/join", c.auth, "")
	g.refused(400, 3, "Group is full.", "POST", path+"/join", b.auth, "") // also for a member
	g.refused(400, 3, "Cannot leave group when you are the last superadmin.", "POST", path+"/leave", a.auth, "")
	g.want(200, `{}`, "POST", path+"/leave", c.auth, "")
	g.want(200, `{}`, "POST", path+"/leave", b.auth, "")
	g.size(a, id, 1, 0)
	g.want(200, `{}`, "POST", path+"/leave", a.auth, "")
	g.refused(404, 5, "Group not found.", "POST", path+"/join", b.auth, "")
	g.want(200, `{}`, "GET", path+"/user", a.auth, "")
	g.want(200, `{}`, "GET", "/v2/user/"+a.id+"/group", a.auth, "")
}

func TestGroups_ClosedJoin(t *testing.T) {
	g := newTarget(t)
	a, b, c := g.player("ada"), g.player("bob"), g.player("cyd")
	id, name := g.group(a, false, "")
	path := "/v2/group/" + id

	g.want(200, `{}`, "POST", path+"/join", b.auth, "")
	g.want(200, `{}`, "POST", path+"/join", b.auth, "") // a second time: no effect
	g.want(200, `{}`, "POST", path+"/join", c.auth, "")
	g.members(a, id, "", is(a, 0), is(b, 3), is(c, 3))
	g.members(a, id, "?state=3", is(b, 3), is(c, 3))
	g.size(b, id, 1, 3)
	g.notes(a, "-5 User "+b.name+" wants to join your group", "-5 User "+c.name+" wants to join your group")
	g.refused(404, 5, "Group not found or permission denied.", "POST", path+"/add?user_ids="+c.id, b.auth, "")
	g.want(200, `{}`, "POST", path+"/add?user_ids="+b.id, a.auth, "")
	g.members(a, id, "", is(a, 0), is(b, 2), is(c, 3))
	g.size(b, id, 2, 2)
	g.notes(b, "-4 You've been added to group "+name)
	g.want(200, `{}`, "POST", path+"/kick?user_ids="+c.id, a.auth, "") // refuses the request
	g.want(200, `{}`, "POST", path+"/leave", b.auth, "")
	g.size(a, id, 1, 0)
}

func TestGroups_Ranks(t *testing.T) {
	g := newTarget(t)
	a, b, c, d := g.player("ada"), g.player("bob"), g.player("cyd"), g.player("dee")
	id, _ := g.group(a, true, "")
	path := "/v2/group/" + id
	g.want(200, `{}`, "POST", path+"/add?user_ids="+b.id+"&user_ids="+c.id, a.auth, "")
	g.want(200, `{}`, "POST", path+"/join", d.auth, "")

	g.refused(404, 5, "Group not found or permission denied.", "POST", path+"/promote?user_ids="+c.id, b.auth, "")
	g.want(200, `{}`, "POST", path+"/promote?user_ids="+b.id, a.auth, "")
	g.members(a, id, "", is(a, 0), is(b, 1), is(c, 2), is(d, 2))
	g.want(200, `{}`, "POST", path+"/promote?user_ids="+c.id, b.auth, "")
	g.want(200, `{}`, "POST", path+"/promote?user_ids="+c.id, b.auth, "") // not above their own state
	g.want(200, `{}`, "POST", path+"/kick?user_ids="+c.id+"&user_ids="+a.id, b.auth, "")
	g.members(a, id, "?state=1", is(b, 1), is(c, 1))
	g.want(200, `{}`, "POST", path+"/demote?user_ids="+a.id, b.auth, "")
	g.want(200, `{}`, "POST", path+"/demote?user_ids="+c.id, b.auth, "")
	g.members(a, id, "", is(a, 0), is(b, 1), is(c, 2), is(d, 2))
	g.want(200, `{}`, "POST", path+"/kick?user_ids="+c.id, b.auth, "")
	g.want(200, `{}`, "POST", path+"/ban?user_ids="+d.id, a.auth, "")
	g.members(a, id, "", is(a, 0), is(b, 1))
	g.members(a, id, "?state=4", is(d, 4))
	g.size(a, id, 2, 0)
	g.want(200, `{}`, "GET", "/v2/user/"+d.id+"/group", d.auth, "")
	g.want(200, `{}`, "POST", path+"/join", d.auth, "") // banned: no effect
	g.want(200, `{}`, "POST", path+"/leave", d.auth, "")
	g.want(200, `{}`, "POST", path+"/add?user_ids="+d.id, a.auth, "")
	g.members(a, id, "", is(a, 0), is(b, 1))
	g.want(200, `{}`, "POST", path+"/kick?user_ids="+d.id, a.auth, "")
	g.want(200, `{}`, "POST", path+"/join", d.auth, "")
	g.members(a, id, "", is(a, 0), is(b, 1), is(d, 2))
	g.want(200, `{}`, "POST", path+"/promote?user_ids="+b.id, a.auth, "")
	g.want(200, `{}`, "POST", path+"/leave", a.auth, "")
	g.want(200, `{}`, "POST", path+"/demote?user_ids="+b.id, b.auth, "")
	g.members(a, id, "", is(b, 0), is(d, 2))
	g.refused(400, 3, "User IDs must be set.", "POST", path+"/demote", b.auth, "")
	g.refused(404, 5, "Group not found or permission denied.", "POST", path+"/demote?user_ids="+b.id, a.auth, "")
}

func TestGroups_UpdateAndDelete(t *testing.T) {
	g := newTarget(t)
	a, b := g.player("ada"), g.player("bob")
	id, _ := g.group(a, true, `,"description":"d"`)
	_, taken := g.group(b, true, "")
	path := "/v2/group/" + id
	name := fresh("group")

	g.want(200, `{}`, "PUT", path, a.auth, `{"name":"`+name+`","description":"","open":false,"group_id":"ignored"}`)
	g.want(200, `{"groups":[{"id":"`+id+`","creator_id":"`+a.id+`","name":"`+name+`","lang_tag":"en","metadata":"{}","open":false,"edge_count":1,"max_count":100,"create_time":"$time","update_time":"$time"}]}`,
		"GET", "/v2/group?name="+name, a.auth, "")
	g.refused(404, 5, "Group not found or you're not allowed to update.", "PUT", path, b.auth, `{"open":true}`)
	g.refused(400, 3, "Specify at least one field to update.", "PUT", path, a.auth, `{}`)
	g.refused(400, 3, "Group name cannot be empty.", "PUT", path, a.auth, `{"name":""}`)
	g.refused(400, 3, "Group language cannot be empty.", "PUT", path, a.auth, `{"lang_tag":""}`)
	g.refused(400, 3, "Group name is in use.", "PUT", path, a.auth, `{"name":"`+taken+`"}`)
	g.refused(500, 13, "Error while trying to update group.", "PUT", path, a.auth, `{"lang_tag":"`+strings.Repeat("x", 19)+`"}`)
	g.refused(400, 3, "Group not found or you're not allowed to delete.", "DELETE", path, b.auth, "")
	g.want(200, `{}`, "DELETE", path, a.auth, "")
	g.refused(400, 3, "Group not found or you're not allowed to delete.", "DELETE", path, a.auth, "")
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

	mine := check2(t, g, a, "?limit=2")
	check2(t, g, a, "?limit=2&cursor="+mine)
	members := g.members(a, ids[1], "?limit=1", is(a, 0))
	g.members(a, ids[1], "?limit=1&cursor="+members, is(b, 2))
}

// check2 checks one page of a user's groups and returns its cursor.
func check2(t *testing.T, g *target, p player, query string) string {
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
	id, _ := g.group(a, true, "")
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
		g.refused(400, 3, c.message, c.method, c.path, a.auth, "")
	}
	g.refused(500, 13, "Error while trying to list groups.", "GET", "/v2/group?cursor=!", a.auth, "")
	g.want(200, `{}`, "POST", "/v2/group/"+id+"/add", a.auth, "")
	g.want(200, `{}`, "POST", "/v2/group/"+id+"/kick?user_ids="+stranger, a.auth, "")
	g.want(200, `{}`, "POST", "/v2/group/"+id+"/kick?user_ids="+a.id, a.auth, "") // the caller is skipped
	g.want(200, `{}`, "POST", "/v2/group/"+stranger+"/leave", a.auth, "")
	g.want(200, `{}`, "GET", "/v2/group/"+stranger+"/user", a.auth, "")
	g.members(a, id, "", is(a, 0))
}
