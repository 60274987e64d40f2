package api_test

import (
	"crypto/md5"
	"fmt"
	"strings"
	"testing"
)

const conditions = "Storage write rejected - version check failed."

func object(collection, key, value, rest string) string {
	return fmt.Sprintf(`{"collection":"%s","key":"%s","value":%q%s}`, collection, key, value, rest)
}

func objects(list ...string) string { return `{"objects":[` + strings.Join(list, ",") + `]}` }

func TestStorage_WriteAndRead(t *testing.T) {
	g := newTarget(t)
	a, b := g.player("ada"), g.player("bob")
	ack := func(key, version string) string {
		return fmt.Sprintf(`{"collection":"c","key":"%s","version":"%s","user_id":"%s","create_time":"$time","update_time":"$time"}`, key, version, a.id)
	}
	// The version is that of the written text; the value has the form in which the database prints it.
	const value = `{"b":1.50, "aa":[true,null],"a":"\u00e9<"}`
	version := fmt.Sprintf("%x", md5.Sum([]byte(value)))
	g.want(200, `{"acks":[`+ack("k1", version)+`,`+ack("k0", "99914b932bd37a50b983c5e7c90ae93b")+`]}`, "PUT", "/v2/storage", a.auth,
		objects(object("c", "k1", value, ""), object("c", "k0", `{}`, `,"permission_read":2,"permission_write":0`)))

	read := `{"object_ids":[{"collection":"c","key":"k1","user_id":"` + a.id + `"},{"collection":"c","key":"none","user_id":"` + a.id + `"}]}`
	g.want(200, `{"objects":[{"collection":"c","key":"k1","user_id":"`+a.id+`","value":"{\"a\": \"é<\", \"b\": 1.50, \"aa\": [true, null]}","version":"`+version+`","permission_read":1,"permission_write":1,"create_time":"$time","update_time":"$time"}]}`,
		"POST", "/v2/storage", a.auth, read)
	g.want(200, `{}`, "POST", "/v2/storage", b.auth, read)
	public := `{"object_ids":[{"collection":"c","key":"k0","user_id":"` + a.id + `"}]}`
	g.want(200, `{"objects":[{"collection":"c","key":"k0","user_id":"`+a.id+`","value":"{}","version":"99914b932bd37a50b983c5e7c90ae93b","permission_read":2,"create_time":"$time","update_time":"$time"}]}`,
		"POST", "/v2/storage", b.auth, public)
	g.want(200, `{}`, "POST", "/v2/storage", a.auth, `{"object_ids":[{"collection":"c","key":"k1"}]}`) // no owner: the server's objects
	g.want(200, `{}`, "POST", "/v2/storage", a.auth, `{}`)
	g.want(200, `{}`, "PUT", "/v2/storage", a.auth, `{}`)
	g.want(200, `{}`, "PUT", "/v2/storage/delete", a.auth, ``)
}

func TestStorage_Conditions(t *testing.T) {
	g := newTarget(t)
	a := g.player("ada")
	const empty, one = "99914b932bd37a50b983c5e7c90ae93b", "3d8a36fff8b1ae90ebcc4a2e8c0e0dfb"
	put := func(value, version string) reply {
		return g.do("PUT", "/v2/storage", a.auth, objects(object("c", "k", value, `,"version":"`+version+`"`)))
	}
	for _, step := range []struct {
		value, version string
		status         int
	}{
		{`{}`, one, 400}, // no object with this version
		{`{}`, "*", 200},
		{`{}`, "*", 400},
		{`{}`, one, 400},
		{`{"a":1}`, empty, 200},
		{`{"a":2}`, empty, 400},
		{`{"a":2}`, "", 200},
		{`{"a":2}`, "", 200},
	} {
		got := put(step.value, step.version)
		if got.status != step.status {
			t.Fatalf("write %s if %q = %d %s; want %d", step.value, step.version, got.status, got.body, step.status)
		}
		if got.status == 400 {
			if diff := compareJSON(`{"code":3,"message":"`+conditions+`"}`, got.body); diff != "" {
				t.Fatal(diff)
			}
		}
	}

	// One failed condition stops the whole call.
	g.wantError(400, 3, conditions, "PUT", "/v2/storage", a.auth, objects(object("c", "new", `{}`, ""), object("c", "k", `{}`, `,"version":"*"`)))
	g.want(200, `{}`, "POST", "/v2/storage", a.auth, `{"object_ids":[{"collection":"c","key":"new","user_id":"`+a.id+`"}]}`)

	// An object that the owner may not write does not change, whatever the condition.
	g.do("PUT", "/v2/storage", a.auth, objects(object("c", "fixed", `{}`, `,"permission_write":0`)))
	const denied = "Storage write rejected - permission denied."
	g.wantError(400, 3, denied, "PUT", "/v2/storage", a.auth, objects(object("c", "fixed", `{"a":1}`, "")))
	g.wantError(400, 3, denied, "PUT", "/v2/storage", a.auth, objects(object("c", "fixed", `{"a":1}`, `,"version":"`+empty+`"`)))
	g.wantError(400, 3, conditions, "PUT", "/v2/storage", a.auth, objects(object("c", "fixed", `{"a":1}`, `,"version":"*"`)))
}

func TestStorage_Delete(t *testing.T) {
	g := newTarget(t)
	a := g.player("ada")
	const rejected = "Storage delete rejected - not found, version check failed, or permission denied."
	del := func(key, version string) string {
		return `{"collection":"c","key":"` + key + `","version":"` + version + `"}`
	}
	ids := func(list ...string) string { return `{"object_ids":[` + strings.Join(list, ",") + `]}` }
	g.do("PUT", "/v2/storage", a.auth, objects(object("c", "k", `{}`, ""), object("c", "l", `{}`, ""), object("c", "fixed", `{}`, `,"permission_write":0`)))
	g.wantError(400, 3, rejected, "PUT", "/v2/storage/delete", a.auth, ids(del("none", "")))
	g.wantError(400, 3, rejected, "PUT", "/v2/storage/delete", a.auth, ids(del("k", "x")))
	g.wantError(400, 3, rejected, "PUT", "/v2/storage/delete", a.auth, ids(del("fixed", "")))
	g.wantError(400, 3, rejected, "PUT", "/v2/storage/delete", a.auth, ids(del("k", ""), del("none", "")))
	g.want(200, `{}`, "PUT", "/v2/storage/delete", a.auth, ids(del("k", "99914b932bd37a50b983c5e7c90ae93b"), del("l", "")))
	g.want(200, `{}`, "POST", "/v2/storage", a.auth, `{"object_ids":[{"collection":"c","key":"k","user_id":"`+a.id+`"},{"collection":"c","key":"l","user_id":"`+a.id+`"}]}`)
}

func TestStorage_List(t *testing.T) {
	g := newTarget(t)
	a, b := g.player("ada"), g.player("bob")
	collection := fresh("list")
	keys := func(p player, path string) (keys []string, cursor string) {
		var list struct {
			Objects []struct{ Key string }
			Cursor  string
		}
		g.do("GET", "/v2/storage/"+path, p.auth, "").decode(t, &list)
		for _, o := range list.Objects {
			keys = append(keys, o.Key)
		}
		return keys, list.Cursor
	}
	check := func(p player, path, want string) string {
		t.Helper()
		got, cursor := keys(p, path)
		if strings.Join(got, " ") != want {
			t.Fatalf("%s lists %s = %v; want %s", p.name, path, got, want)
		}
		return cursor
	}
	var writes []string
	for i, key := range []string{"d", "a", "c", "b", "e"} {
		writes = append(writes, object(collection, key, `{}`, fmt.Sprintf(`,"permission_read":%d`, []int{2, 1, 0, 2, 1}[i])))
	}
	g.do("PUT", "/v2/storage", a.auth, objects(writes...))
	g.do("PUT", "/v2/storage", b.auth, objects(object(collection, "c", `{}`, `,"permission_read":2`)))

	check(a, collection+"?limit=9&user_id="+a.id, "a e b d")
	check(a, collection+"/"+a.id+"?limit=9", "a e b d")
	check(b, collection+"/"+a.id+"?limit=9", "b d")
	check(b, collection+"?limit=9", "b c d")
	check(b, collection+"?limit=9&user_id="+b.id, "c")
	check(b, collection, "b") // the default limit is 1
	check(b, fresh("none")+"?limit=9", "")
	cursor := check(a, collection+"?limit=3&user_id="+a.id, "a e b")
	if end := check(a, collection+"?limit=3&user_id="+a.id+"&cursor="+cursor, "d"); end != "" {
		t.Errorf("cursor at the end = %q; want none", end)
	}
	cursor = check(b, collection+"?limit=2", "b c")
	check(b, collection+"?limit=2&cursor="+cursor, "d")
	check(a, "delete?limit=2", "") // "delete" is a collection like any other

	g.wantError(400, 3, "Invalid limit - limit must be between 1 and 100.", "GET", "/v2/storage/c?limit=101", a.auth, "")
	g.wantError(400, 3, "Malformed cursor was used.", "GET", "/v2/storage/c?limit=2&cursor=!", a.auth, "")
	g.wantError(400, 3, "Invalid user ID - make sure user ID is a valid UUID.", "GET", "/v2/storage/c/x", a.auth, "")
}

func TestStorage_Refusals(t *testing.T) {
	g := newTarget(t)
	a := g.player("ada")
	const unset = "Invalid collection or key value supplied. They must be set."
	long := strings.Repeat("x", 129)
	for _, c := range []struct{ method, path, body, message string }{
		{"PUT", "/v2/storage", objects(object("", "k", `{}`, "")), unset},
		{"PUT", "/v2/storage", objects(object("c", "", `{}`, "")), unset},
		{"PUT", "/v2/storage", objects(object("c", "k", ``, "")), unset},
		{"PUT", "/v2/storage", objects(object("c", "k", `[]`, "")), "Value must be a JSON object."},
		{"PUT", "/v2/storage", objects(object("c", "k", `{`, "")), "Value must be a JSON object."},
		{"PUT", "/v2/storage", objects(object("c", "k", `{}`, `,"permission_read":3`)), "Invalid Read permission supplied. It must be either 0, 1 or 2."},
		{"PUT", "/v2/storage", objects(object("c", "k", `{}`, `,"permission_write":2`)), "Invalid Write permission supplied. It must be either 0 or 1."},
		{"POST", "/v2/storage", `{"object_ids":[{"key":"k"}]}`, unset},
		{"POST", "/v2/storage", `{"object_ids":[{"collection":"c","key":"k","user_id":"x"}]}`, "Invalid user ID - make sure user ID is a valid UUID."},
		{"PUT", "/v2/storage/delete", `{"object_ids":[{"collection":"c"}]}`, unset},
	} {
		g.wantError(400, 3, c.message, c.method, c.path, a.auth, c.body)
	}
	g.wantError(500, 13, "Error writing storage objects.", "PUT", "/v2/storage", a.auth, objects(object(long, "k", `{}`, "")))
	g.wantError(500, 13, "Error writing storage objects.", "PUT", "/v2/storage", a.auth, objects(object("c", long, `{}`, "")))
	g.wantError(500, 13, "Error writing storage objects.", "PUT", "/v2/storage", a.auth, objects(object("c", "k", `{"a":"\u0000"}`, "")))
}
