package docs

import (
	"bufio"
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// callerFunc returns who makes a call in a new world. The values replace what a snippet takes from its
// surroundings, by the field's name.
type callerFunc func(w *world) (p *player, values map[string]any)

// callersByID are the callers of the module's functions in snippets.
var callersByID = map[string]callerFunc{
	"party_invite_create": func(w *world) (*player, map[string]any) {
		return w.leader, map[string]any{"party_id": w.partyID, "for_user_ids": w.friend.UserID}
	},
	"party_invite_preview": func(w *world) (*player, map[string]any) {
		return w.friend, map[string]any{"code": w.invite().Code}
	},
	"party_invite_redeem": func(w *world) (*player, map[string]any) {
		return w.friend, map[string]any{"code": w.invite().Code}
	},
	"party_invite_list": func(w *world) (*player, map[string]any) {
		return w.leader, map[string]any{"party_id": w.partyID}
	},
	"party_invite_revoke": func(w *world) (*player, map[string]any) {
		made := w.invite()
		return w.leader, map[string]any{"id": made.ID, "code": made.Code}
	},
	"party_invite_decline": func(w *world) (*player, map[string]any) {
		return w.friend, map[string]any{"code": w.invite(w.friend.UserID).Code}
	},
	"party_status_list": func(w *world) (*player, map[string]any) {
		return w.leader, map[string]any{"party_id": w.partyID}
	},
	"party_attributes_set": func(w *world) (*player, map[string]any) {
		return w.leader, map[string]any{"party_id": w.partyID, "rounds": 5, "version": 0}
	},
	"party_attributes_get": func(w *world) (*player, map[string]any) {
		return w.leader, map[string]any{"party_id": w.partyID}
	},
	"party_find": func(w *world) (*player, map[string]any) { return w.friend, nil },
	"party_quick_join": func(w *world) (*player, map[string]any) {
		w.createOpenParty()
		return w.friend, nil
	},
	"party_wait": func(w *world) (*player, map[string]any) {
		return w.friend, map[string]any{"code": w.invite().Code}
	},
	"party_share": func(w *world) (*player, map[string]any) {
		return w.leader, map[string]any{"party_id": w.partyID, "user_ids": w.friend.UserID}
	},
	"party_activity": func(w *world) (*player, map[string]any) {
		return w.leader, map[string]any{"party_id": w.partyID}
	},
	"party_match": func(w *world) (*player, map[string]any) {
		return w.leader, map[string]any{"party_id": w.partyID}
	},
	"party_queue": func(w *world) (*player, map[string]any) {
		return w.leader, map[string]any{"party_id": w.partyID}
	},
	"party_match_accept": func(w *world) (*player, map[string]any) {
		found := w.awaitProposal()
		return w.friend, map[string]any{"ticket": found, "accept": true}
	},
	"party_resume": func(w *world) (*player, map[string]any) {
		w.mustCall(w.friend, "party_invite_redeem", map[string]any{"code": w.invite().Code}, nil)
		return w.reconnect(w.friend), nil
	},
	"party_check": func(w *world) (*player, map[string]any) {
		return w.friend, map[string]any{"party_id": w.partyID}
	},
}

// byCode are the callers of functions that accept an invite's code instead of the party. true is with a code.
var byCode = map[string]map[bool]callerFunc{
	"party_status_set": {
		false: func(w *world) (*player, map[string]any) {
			return w.leader, map[string]any{"party_id": w.partyID, "seq": 1}
		},
		true: func(w *world) (*player, map[string]any) {
			return w.friend, map[string]any{"code": w.invite().Code, "seq": 1}
		},
	},
}

// checkCalls makes every call in a snippet.
func checkCalls(t *testing.T, addr string, b Block) {
	t.Helper()
	calls, err := Calls(b)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range calls {
		who, ok := callersByID[c.ID]
		if fields, isObject := c.Payload.(map[string]any); isObject && byCode[c.ID] != nil {
			_, code := fields["code"]
			who, ok = byCode[c.ID][code], true
		}
		if !ok {
			t.Errorf("%s: the test does not know how to call %s", c.Where, c.ID)
			continue
		}
		w := newWorld(t, addr)
		p, values := who(w)
		payload, err := Fill(c.Payload, values)
		if err != nil {
			t.Errorf("%s: %s: %v", c.Where, c.ID, err)
			continue
		}
		if _, err := w.call(p, c.OverHTTP, c.ID, payload); err != nil && !wantsRefusal(payload) {
			t.Errorf("%s: %s %s: %v", c.Where, c.ID, payload, err)
		} else if err == nil && wantsRefusal(payload) {
			t.Errorf("%s: %s %s is not refused", c.Where, c.ID, payload)
		}
	}
}

// wantsRefusal reports whether a snippet shows a refusal.
func wantsRefusal(payload string) bool { return strings.Contains(payload, `"not a code"`) }

// TestClients_everyCall: each function that clients may call is shown in each language.
func TestClients_everyCall(t *testing.T) {
	shown := map[string]map[string]bool{"js": {}, "csharp": {}, "gdscript": {}}
	for _, d := range documents(t) {
		for _, b := range d.Blocks {
			if shown[b.Language] == nil {
				continue
			}
			calls, err := Calls(b)
			if err != nil {
				t.Error(err)
			}
			for _, c := range calls {
				shown[b.Language][c.ID] = true
			}
		}
	}
	for _, line := range entryPoints(t) {
		id, forClients := strings.CutSuffix(strings.TrimPrefix(line, "rpc "), " for signed-in users")
		if !strings.HasPrefix(line, "rpc ") || !forClients {
			continue
		}
		for language, ids := range shown {
			if !ids[id] {
				t.Errorf("%s is shown in no %s snippet", id, language)
			}
		}
	}
}

// entryPoints lists every entry point of the module. The tests of module/wiring compare the file
// with the entry points that the module registers.
func entryPoints(t *testing.T) []string {
	t.Helper()
	return lines(t, Root+"/module/wiring/testdata/entry_points.golden")
}

func lines(t *testing.T, path string) []string {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var all []string
	for s := bufio.NewScanner(file); s.Scan(); {
		if line := strings.TrimSpace(s.Text()); line != "" && !strings.HasPrefix(line, "#") {
			all = append(all, line)
		}
	}
	return all
}

// checkNames: every member that a snippet uses belongs to the SDK, the language, the document
// itself, or is a field of an answer.
func checkNames(t *testing.T, d Document, b Block) {
	t.Helper()
	known := map[string]bool{}
	for _, line := range lines(t, "testdata/names/"+b.Language+".txt") {
		for name := range strings.FieldsSeq(line) {
			known[name] = true
		}
	}
	var same []Block
	for _, other := range d.Blocks {
		if other.Language == b.Language {
			same = append(same, other)
		}
	}
	maps.Copy(known, Declared(same))
	members, err := Members(b)
	if err != nil {
		t.Fatal(err)
	}
	fields := contractFields(t)
	for _, m := range members {
		if !known[m.Name] && !fields[m.Name] {
			t.Errorf("%s: %s is no name of the SDK (testdata/names/%s.txt), of the document or of an answer", m.Where, m.Name, b.Language)
		}
	}
}

// TestClients_names: the SDK calls and events in tables exist too.
func TestClients_names(t *testing.T) {
	d := document(t, "docs/clients.md")
	rows, err := d.cells("## Create a party", false)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		for i, language := range []string{"js", "csharp", "gdscript"} {
			known := strings.Fields(strings.Join(lines(t, "testdata/names/"+language+".txt"), " "))
			for _, name := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row[i+1], -1) {
				if !slices.Contains(known, name[1]) {
					t.Errorf("%s: %s is no name of the %s SDK", row[0], name[1], language)
				}
			}
		}
	}
}

func TestCalls(t *testing.T) {
	for _, c := range []struct {
		language, code string
		want           []Call
	}{
		{"js", `const a = await call("party_x", { party_id: party.party_id, code, n: 3, list: [{ a: "b" }] });`,
			[]Call{{ID: "party_x", Payload: map[string]any{"party_id": Unknown{"party.party_id"}, "code": Unknown{"code"}, "n": 3.0, "list": []any{map[string]any{"a": "b"}}}}}},
		{"js", `await client.rpc(session, "party_x", {}); // call("party_y")`, []Call{{ID: "party_x", OverHTTP: true, Payload: map[string]any{}}}},
		{"js", `socket.rpc("party_x", JSON.stringify({ stage: "ready" })); if (n.subject === "party_invite") f(/"party_z"/);`, []Call{{ID: "party_x", Payload: map[string]any{"stage": "ready"}}}},
		{"csharp", `var a = await Call<Invite>("party_x", new Dictionary<string, object> { { "party_id", party.Id }, { "ids", new[] { a, "b" } }, { "up", new List<object> { true } } });`,
			[]Call{{ID: "party_x", Payload: map[string]any{"party_id": Unknown{"party.Id"}, "ids": []any{Unknown{"a"}, "b"}, "up": []any{true}}}}},
		{"csharp", `client.RpcAsync(session, "party_x", new { code = F(a, b), free }.ToJson());`, []Call{{ID: "party_x", OverHTTP: true, Payload: map[string]any{"code": Unknown{"F(a,b)"}, "free": Unknown{"free"}}}}},
		{"gdscript", "party_call(\"party_x\", {\n\t\"a\": -0.5, # not \"party_y\"\n\t\"b\": null,\n})", []Call{{ID: "party_x", Payload: map[string]any{"a": -0.5, "b": nil}}}},
		{"csharp", `Call<R>("party_x", new Dictionary<string, object>());`, []Call{{ID: "party_x", Payload: map[string]any{}}}},
		{"gdscript", `party_call("party_x")`, []Call{{ID: "party_x"}}},
	} {
		got, err := Calls(Block{Language: c.language, Body: c.code})
		for i := range got {
			got[i].Where = ""
		}
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s\n got %+v, %v\nwant %+v", c.code, got, err, c.want)
		}
	}
	for _, code := range []string{`call("party_x", payload);`, `call("party_x", { a: 1, a: 2 });`, `call("party_x", { a: "b`, `/* "party_x"`} {
		if got, err := Calls(Block{Language: "js", Body: code}); err == nil {
			t.Errorf("%s: read as %+v", code, got)
		}
	}
}

func TestFill(t *testing.T) {
	payload := map[string]any{"code": Unknown{"x"}, "ids": []any{Unknown{"a"}}, "n": 1.0}
	got, err := Fill(payload, map[string]any{"code": "C", "ids": "I"})
	if err != nil || got != `{"code":"C","ids":["I"],"n":1}` {
		t.Errorf("Fill = %s, %v", got, err)
	}
	if got, err := Fill(payload, map[string]any{"code": "C"}); err == nil {
		t.Errorf("Fill without a value = %s", got)
	}
	if got, err := Fill(nil, nil); err != nil || !json.Valid([]byte(got)) || got != "{}" {
		t.Errorf("Fill(nil) = %s, %v", got, err)
	}
}
