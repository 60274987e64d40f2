package hardening_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"partyline/docs/api"
	"partyline/local/e2e/client"
	"partyline/party"
)

var every = flag.Int("every", 3, "each field gets every n-th odd value, beginning with another; 1: all")

// oddValues returns values that no field has a use for, or that are the largest for a field.
func oddValues() []string {
	values := []string{
		"null", "true", "0", "-1", "0.5", "3e2", "2147483648", "9223372037", "9223372036854775807", "-9223372036854775808", "9223372036854775808",
		"1e308", "1e400", "1e-400", "NaN", "-Infinity", "01", "[]", "[null]", "{}", `{"":""}`, `{"a":1,"a":2}`,
		`""`, `" "`, `"a\u0000b"`, `"\ud800"`, `"\u202e<script>"`, `"%00"`, `"00000000-0000-0000-0000-000000000000.nakama1"`, `"$party "`, `"$PARTY"`,
	}
	for _, unit := range []string{"a", "é", "0"} {
		values = append(values, `"`+strings.Repeat(unit, 300)+`"`, `"`+strings.Repeat(unit, 4000/len(unit))+`"`)
	}
	const deep = 1000
	return append(values,
		strings.Repeat("[", deep)+strings.Repeat("]", deep), strings.Repeat(`{"a":`, deep)+"1"+strings.Repeat("}", deep),
		"["+strings.Repeat(`"x",`, deep)+`"x"]`, strings.Repeat("9", deep))
}

// scalarType matches a field that takes no list and no object.
var scalarType = regexp.MustCompile(`"type": ?"(string|integer|number|boolean)"`)

// oddPayloads are whole payloads that are not valid requests.
var oddPayloads = []string{
	"", " ", "null", "[]", "1", `"x"`, "true", "{", "}", `{"`, `{"party_id"`, `{"party_id":}`, "{}x", "{}{}", "\ufeff{}", "{\"a\":1}", `{"":1}`,
	`{"party_id":"$party","party_id":"$party"}`, `{"Party_ID":"$party"}`, `{"party_id":"$party"}]`, `{"party_id":"$party",}`, "/*x*/{}", "{}\x00",
	strings.Repeat("{", 2000), strings.Repeat("[", 2000), "{" + strings.Repeat(" ", 40<<10) + "}",
}

type schema struct {
	Calls map[string]struct {
		Request struct {
			Ref string `json:"$ref"`
		}
		ServerOnly bool `json:"server_only"`
	}
	types map[string]map[string]json.RawMessage
}

func readSchema(t *testing.T) schema {
	t.Helper()
	text, err := api.Files.ReadFile("partyline.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Defs map[string]struct{ Properties map[string]json.RawMessage } `json:"$defs"`
		Own  schema                                                     `json:"x-partyline"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	file.Own.types = map[string]map[string]json.RawMessage{}
	for name, def := range file.Defs {
		file.Own.types[name] = def.Properties
	}
	return file.Own
}

// Whatever a client puts into a request, the server accepts it or refuses it with a text. No answer is
// an internal error, and the party, its invites and its page are as before.
func TestOddRequests(t *testing.T) {
	w := newWorld(t)
	s := readSchema(t)
	leader, member := w.game("leader"), w.game("member")
	id := w.party(leader, true, 8, member)
	link, shown := w.invite(leader, id, nil), w.invite(leader, id, nil)
	words := strings.NewReplacer("$party", id, "$PARTY", strings.ToUpper(id))
	valid := map[string]string{
		"party_id": `"` + id + `"`, "code": `"` + link.Code + `"`, "action": `"join"`, "stage": `"ready"`, "to": `{"status":true}`, "id": `"x"`,
		"ticket": `"x"`, "match_id": `"x"`, "server_token": `"x"`, "pass": `"x"`, "user_id": `"x"`, "reason": `"left"`,
	}
	check := func(call, payload string) {
		t.Helper()
		var err error
		if s.Calls[call].ServerOnly {
			_, err = w.api.RPCWithKey(w.ctx, client.DefaultHTTPKey, call, payload)
		} else {
			_, err = w.api.RPC(w.ctx, leader.Player.Session, call, payload)
		}
		if err == nil {
			return
		}
		var refused *client.APIError
		if !errors.As(err, &refused) {
			t.Fatalf("%s %.300q: %v", call, payload, err)
		}
		reason, _, _ := strings.Cut(refused.Message, ": ")
		if known := party.Reason(reason); known == party.Internal || known.Code() != refused.Code || refused.Code == party.Internal.Code() {
			t.Errorf("%s %.300q: %v", call, payload, err)
		}
	}
	turn := 0
	for _, call := range slices.Sorted(maps.Keys(s.Calls)) {
		for _, payload := range oddPayloads {
			check(call, words.Replace(payload))
		}
		_, typeName, _ := strings.Cut(s.Calls[call].Request.Ref, "#/$defs/")
		fields := s.types[typeName]
		for _, field := range slices.Sorted(maps.Keys(fields)) {
			turn++
			others := ""
			for name := range fields {
				if value, ok := valid[name]; ok && name != field && !(name == "code" && fields["party_id"] != nil) {
					others += fmt.Sprintf(",%q:%s", name, value)
				}
			}
			for i, value := range oddValues() {
				if (i+turn)%*every != 0 {
					continue
				}
				shapes := []string{value}
				if !scalarType.Match(fields[field]) {
					shapes = append(shapes, "["+value+"]", `{"a":`+value+`}`, `{"user_ids":[`+value+`],"group_id":`+value+`}`)
				}
				for _, shape := range shapes {
					check(call, words.Replace(fmt.Sprintf("{%q:%s%s}", field, shape, others)))
				}
			}
		}
	}
	users := w.members(leader, id)
	if len(users) != 2 {
		t.Errorf("members %v; want the two", users)
	}
	w.must(leader.Call(w.ctx, "party_invite_list", map[string]any{"party_id": id}, nil))
	page, err := w.api.Do(w.ctx, http.MethodGet, "/party/join/"+shown.Code, "", nil)
	if err != nil || page.Status != http.StatusOK {
		t.Errorf("page: %d, %v", page.Status, err)
	}
}
