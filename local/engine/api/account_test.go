package api_test

import (
	"strings"
	"testing"
)

func TestAuthenticate_Device(t *testing.T) {
	g := newTarget(t)
	key := basic("defaultkey")
	device, name := fresh("device"), fresh("ada")
	const path = "/v2/account/authenticate/device"

	g.wantError(404, 5, "User account not found.", "POST", path+"?create=false", key, `{"id":"`+device+`"}`)
	got := g.want(200, `{"created":true,"token":"$any","refresh_token":"$any"}`, "POST", path+"?create=true&username="+name, key, `{"id":"`+device+`","vars":{"build":"7"},"unknown":1}`)
	p := g.session(name, got)
	claims := claimsOf(t, p.token)
	for field, want := range map[string]any{"usn": name, "uid": p.id} {
		if claims[field] != want {
			t.Errorf("claim %s = %v; want %v", field, claims[field], want)
		}
	}
	if vars, _ := claims["vrs"].(map[string]any); vars["build"] != "7" {
		t.Errorf("claim vrs = %v; want build 7", claims["vrs"])
	}
	for _, field := range []string{"tid", "exp", "iat"} {
		if claims[field] == nil {
			t.Errorf("claim %s is missing", field)
		}
	}
	again := g.want(200, `{"token":"$any","refresh_token":"$any"}`, "POST", path+"?username=other", key, `{"id":"`+device+`"}`)
	if q := g.session("", again); q.id != p.id || claimsOf(t, q.token)["usn"] != name {
		t.Errorf("second login is %v %v; want the first account", q.id, claimsOf(t, q.token)["usn"])
	}
	g.wantError(409, 6, "Username is already in use.", "POST", path+"?username="+name, key, `{"id":"`+fresh("device")+`"}`)
}

func TestAuthenticate_Refusals(t *testing.T) {
	g := newTarget(t)
	key := basic("defaultkey")
	long := strings.Repeat("x", 129)
	for name, c := range map[string]struct{ kind, query, body, message string }{
		"device/empty":      {"device", "", ``, "Device ID is required."},
		"device/no-id":      {"device", "", `{}`, "Device ID is required."},
		"device/space":      {"device", "", `{"id":"a device id"}`, "Device ID invalid, no spaces or control characters allowed."},
		"device/short":      {"device", "", `{"id":"short"}`, "Device ID invalid, must be 10-128 bytes."},
		"device/long":       {"device", "", `{"id":"` + long + `"}`, "Device ID invalid, must be 10-128 bytes."},
		"device/name":       {"device", "?username=a%09b", `{"id":"0123456789"}`, "Username invalid, no spaces or control characters allowed."},
		"device/long-name":  {"device", "?username=" + long, `{"id":"0123456789"}`, "Username invalid, must be 1-128 bytes."},
		"device/bad-create": {"device", "?create=maybe", `{"id":"0123456789"}`, `parsing field "create": strconv.ParseBool: parsing "maybe": invalid syntax`},
		"custom/no-id":      {"custom", "", `{}`, "Custom ID is required."},
		"custom/short":      {"custom", "", `{"id":"12345"}`, "Custom ID invalid, must be 6-128 bytes."},
		"custom/space":      {"custom", "", `{"id":"12 345"}`, "Custom ID invalid, no spaces or control characters allowed."},
		"email/empty":       {"email", "", ``, "Password must be at least 8 characters long."},
		"email/form":        {"email", "", `{"email":"nobody.example","password":"password"}`, "Invalid email address format."},
		"email/space":       {"email", "", `{"email":"a b@c.example","password":"password"}`, "Invalid email address, no spaces or control characters allowed."},
		"email/short":       {"email", "", `{"email":"a@b.c","password":"password"}`, "Invalid email address, must be 10-255 bytes."},
		"email/password":    {"email", "", `{"email":"ada@host.example","password":"short"}`, "Password must be at least 8 characters long."},
		"email/no-name":     {"email", "", `{"password":"password"}`, "Username is required when email address is not supplied."},
	} {
		t.Run(name, func(t *testing.T) {
			g := &target{t, g.base}
			g.wantError(400, 3, c.message, "POST", "/v2/account/authenticate/"+c.kind+c.query, key, c.body)
		})
	}
}

func TestAuthenticate_BrokenBodies(t *testing.T) {
	g := newTarget(t)
	for _, body := range []string{`{`, `x`, `[]`, `"text"`, `null`, `{"id":5}`, `{"id":"0123456789","vars":[]}`} {
		got := g.do("POST", "/v2/account/authenticate/device", noAuth, body) // the body is read before the key is checked
		if got.status != 400 || !strings.Contains(got.body, `"code":3`) {
			t.Errorf("body %s = %d %s; want 400 with code 3", body, got.status, got.body)
		}
	}
}

func TestAuthenticate_ServerKey(t *testing.T) {
	g := newTarget(t)
	const path = "/v2/account/authenticate/device"
	g.wantError(401, 16, "Server key required", "POST", path, noAuth, `{"id":"0123456789"}`)
	for _, auth := range []string{basic("wrong"), bearer("x"), "Basic ???"} {
		g.wantError(401, 16, "Server key invalid", "POST", path, auth, `{"id":"0123456789"}`)
	}
	if got := g.do("POST", path, noAuth, ``); got.header.Get("WWW-Authenticate") != "Server key required" {
		t.Errorf("WWW-Authenticate = %q", got.header.Get("WWW-Authenticate"))
	}
}

func TestAuthenticate_Email(t *testing.T) {
	g := newTarget(t)
	key := basic("defaultkey")
	name := fresh("mail")
	const path = "/v2/account/authenticate/email"
	body := func(email, password string) string { return `{"email":"` + email + `","password":"` + password + `"}` }
	email := name + "@host.example"

	g.wantError(404, 5, "User account not found.", "POST", path+"?create=false", key, body(email, "password"))
	p := g.session(name, g.want(200, `{"created":true,"token":"$any","refresh_token":"$any"}`, "POST", path+"?username="+name, key, body(strings.ToUpper(email), "password")))
	g.want(200, `{"token":"$any","refresh_token":"$any"}`, "POST", path, key, body(email, "password"))
	g.wantError(401, 16, "Invalid credentials.", "POST", path, key, body(email, "passw0rd"))
	g.want(200, `{"token":"$any","refresh_token":"$any"}`, "POST", path+"?username="+name, key, `{"password":"password"}`)
	g.wantError(401, 16, "Invalid credentials.", "POST", path+"?username="+name, key, `{"password":"passw0rd"}`)
	g.wantError(404, 5, "User account not found.", "POST", path+"?username="+fresh("none"), key, `{"password":"password"}`)
	device := g.player("device")
	g.wantError(401, 16, "Invalid credentials.", "POST", path+"?username="+device.name, key, `{"password":"password"}`)
	g.want(200, `{"user":{"id":"`+p.id+`","username":"`+name+`","lang_tag":"en","metadata":"{}","create_time":"$time","update_time":"$time"},"wallet":"{}","email":"`+email+`"}`,
		"GET", "/v2/account", p.auth, "")
}

func TestAuthenticate_Custom(t *testing.T) {
	g := newTarget(t)
	id := fresh("custom")
	p := g.session("", g.want(200, `{"created":true,"token":"$any","refresh_token":"$any"}`, "POST", "/v2/account/authenticate/custom", basic("defaultkey"), `{"id":"`+id+`"}`))
	g.want(200, `{"user":{"id":"`+p.id+`","username":"$any","lang_tag":"en","metadata":"{}","create_time":"$time","update_time":"$time"},"wallet":"{}","custom_id":"`+id+`"}`,
		"GET", "/v2/account", p.auth, "")
}

func TestSession_RefreshAndLogout(t *testing.T) {
	g := newTarget(t)
	key := basic("defaultkey")
	p := g.player("lou")
	const refresh, logout = "/v2/account/session/refresh", "/v2/session/logout"

	g.wantError(400, 3, "Refresh token is required.", "POST", refresh, key, `{}`)
	g.wantError(401, 16, "Refresh token invalid or expired.", "POST", refresh, key, `{"token":"`+p.token+`"}`)
	q := g.session(p.name, g.want(200, `{"token":"$any","refresh_token":"$any"}`, "POST", refresh, key, `{"token":"`+p.refresh+`","vars":{"a":"b"}}`))
	if q.id != p.id {
		t.Errorf("refreshed session is of %s; want %s", q.id, p.id)
	}
	if vars, _ := claimsOf(t, q.token)["vrs"].(map[string]any); vars["a"] != "b" {
		t.Errorf("refreshed vars = %v; want the given ones", vars)
	}
	for _, none := range []string{"", `,"vars":{}`} {
		kept := g.session(p.name, g.do("POST", refresh, key, `{"token":"`+q.refresh+`"`+none+`}`))
		if vars, _ := claimsOf(t, kept.token)["vrs"].(map[string]any); vars["a"] != "b" {
			t.Errorf("vars after a refresh with %q = %v; want the old ones", none, vars)
		}
	}

	other := g.player("other")
	g.wantError(400, 3, "Session token invalid.", "POST", logout, p.auth, `{"token":"`+other.token+`"}`)
	g.wantError(400, 3, "Refresh token invalid.", "POST", logout, p.auth, `{"refresh_token":"`+other.refresh+`"}`)
	g.want(200, `{}`, "POST", logout, p.auth, `{"token":"`+p.token+`","refresh_token":"`+p.refresh+`"}`)
	g.wantError(401, 16, "Auth token invalid", "GET", "/v2/account", p.auth, "")
	g.wantError(401, 16, "Refresh token invalid or expired.", "POST", refresh, key, `{"token":"`+p.refresh+`"}`)
	g.do("GET", "/v2/account", other.auth, "")
	g.want(200, `{}`, "POST", logout, other.auth, `{}`)
}

func TestAccount_Update(t *testing.T) {
	g := newTarget(t)
	p, other := g.player("ada"), g.player("bob")
	const path = "/v2/account"

	g.want(200, `{}`, "PUT", path, p.auth, `{"display_name":"Ada","avatar_url":"http://a/b","lang_tag":"de","location":"Here","timezone":"CET"}`)
	get := func(rest string) {
		t.Helper()
		g.want(200, `{"user":{"id":"`+p.id+`","username":"`+p.name+`","metadata":"{}","create_time":"$time","update_time":"$time"`+rest+`},"wallet":"{}","devices":[{"id":"$any"}]}`, "GET", path, p.auth, "")
	}
	get(`,"display_name":"Ada","avatar_url":"http://a/b","lang_tag":"de","location":"Here","timezone":"CET"`)
	g.want(200, `{}`, "PUT", path, p.auth, `{"displayName":"","location":""}`)
	get(`,"avatar_url":"http://a/b","lang_tag":"de","timezone":"CET"`)
	p.name = fresh("renamed")
	g.want(200, `{}`, "PUT", path, p.auth, `{"username":"`+p.name+`"}`)
	get(`,"avatar_url":"http://a/b","lang_tag":"de","timezone":"CET"`)

	g.wantError(400, 3, "No fields to update.", "PUT", path, p.auth, `{}`)
	g.wantError(400, 3, "No fields to update.", "PUT", path, p.auth, ``)
	g.wantError(400, 3, "Username invalid, must be 1-128 bytes.", "PUT", path, p.auth, `{"username":""}`)
	g.wantError(400, 3, "Username invalid, no spaces or control characters allowed.", "PUT", path, p.auth, `{"username":"a\tb"}`)
	g.wantError(400, 3, "rpc error: code = AlreadyExists desc = Username is already in use.", "PUT", path, p.auth, `{"username":"`+other.name+`"}`)
	g.wantError(500, 13, "Error while trying to update account.", "PUT", path, p.auth, `{"display_name":"`+strings.Repeat("é", 256)+`"}`)
	g.want(200, `{}`, "PUT", path, p.auth, `{"display_name":"`+strings.Repeat("é", 255)+`"}`)
	g.wantError(500, 13, "Error while trying to update account.", "PUT", path, p.auth, `{"lang_tag":""}`)
	g.wantError(500, 13, "Error while trying to update account.", "PUT", path, p.auth, `{"location":"a\u0000b"}`)
}

func TestAccount_Delete(t *testing.T) {
	g := newTarget(t)
	p, friend := g.player("gone"), g.player("left")
	g.want(200, `{}`, "POST", "/v2/friend?ids="+friend.id, p.auth, "")
	g.want(200, `{}`, "DELETE", "/v2/account", p.auth, "")
	// On a real server a token that was issued in the same second outlives its account, so both answers are right.
	if got := g.do("GET", "/v2/account", p.auth, ""); got.status != 401 && got.status != 404 {
		t.Errorf("account after its end = %d %s; want 401 or 404", got.status, got.body)
	}
	g.want(200, `{}`, "GET", "/v2/user?ids="+p.id, friend.auth, "")
	g.want(200, `{}`, "GET", "/v2/friend", friend.auth, "")
}

func TestUsers_Get(t *testing.T) {
	g := newTarget(t)
	a, b := g.player("a"), g.player("b")
	user := func(p player) string {
		return `{"id":"` + p.id + `","username":"` + p.name + `","lang_tag":"en","metadata":"{}","create_time":"$time","update_time":"$time"}`
	}
	g.want(200, `{}`, "GET", "/v2/user", a.auth, "")
	g.want(200, `{"users":[`+user(b)+`]}`, "GET", "/v2/user?ids="+b.id+"&ids="+b.id+"&usernames="+b.name, a.auth, "")
	g.want(200, `{"users":[`+user(b)+`]}`, "GET", "/v2/user?usernames="+b.name+"&unknown=1", a.auth, "")
	g.want(200, `{}`, "GET", "/v2/user?usernames="+fresh("none"), a.auth, "")
	g.wantError(400, 3, "ID 'x' is not a valid system ID.", "GET", "/v2/user?ids=x", a.auth, "")
	both := g.do("GET", "/v2/user?ids="+b.id+"&ids="+a.id, a.auth, "")
	if !strings.Contains(both.body, a.id) || !strings.Contains(both.body, b.id) {
		t.Errorf("two users = %s; want both", both.body)
	}
}

func TestSession_Required(t *testing.T) {
	g := newTarget(t)
	for _, c := range [][2]string{
		{"GET", "/v2/account"}, {"PUT", "/v2/account"}, {"DELETE", "/v2/account"}, {"GET", "/v2/user"}, {"GET", "/v2/friend"},
		{"POST", "/v2/friend"}, {"DELETE", "/v2/friend"}, {"POST", "/v2/friend/block"}, {"GET", "/v2/group"}, {"POST", "/v2/group"},
		{"PUT", "/v2/group/x"}, {"DELETE", "/v2/group/x"}, {"POST", "/v2/group/x/join"}, {"POST", "/v2/group/x/leave"},
		{"POST", "/v2/group/x/add"}, {"POST", "/v2/group/x/kick"}, {"POST", "/v2/group/x/promote"}, {"GET", "/v2/group/x/user"},
		{"GET", "/v2/user/x/group"}, {"GET", "/v2/notification"}, {"DELETE", "/v2/notification"}, {"POST", "/v2/storage"},
		{"PUT", "/v2/storage"}, {"PUT", "/v2/storage/delete"}, {"GET", "/v2/storage/c"}, {"GET", "/v2/storage/c/x"},
		{"GET", "/v2/party"}, {"GET", "/v2/match"}, {"POST", "/v2/session/logout"},
	} {
		g.wantError(401, 16, "Auth token required", c[0], c[1], noAuth, "")
		g.wantError(401, 16, "Auth token invalid", c[0], c[1], bearer("x.y.z"), "")
		g.wantError(401, 16, "Auth token invalid", c[0], c[1], basic("defaultkey"), "")
	}
}
