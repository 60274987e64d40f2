package docs

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/local/e2e/client"
)

// samples are real answers, by the label of the blocks that show them.
var samples = map[string]func(w *world) json.RawMessage{
	"party_invite_create": func(w *world) json.RawMessage {
		raw, err := json.Marshal(w.invite())
		if err != nil {
			w.t.Fatal(err)
		}
		return raw
	},
	"party_invite_preview": func(w *world) json.RawMessage {
		return w.mustCall(w.friend, "party_invite_preview", map[string]any{"code": w.invite().Code}, nil)
	},
	"party_invite_redeem": func(w *world) json.RawMessage {
		return w.mustCall(w.friend, "party_invite_redeem", map[string]any{"code": w.invite().Code}, nil)
	},
	"party_invite_list": func(w *world) json.RawMessage {
		w.invite()
		return w.mustCall(w.leader, "party_invite_list", map[string]any{"party_id": w.partyID}, nil)
	},
	"party_status_list": func(w *world) json.RawMessage {
		w.reportStatuses()
		return w.mustCall(w.leader, "party_status_list", map[string]any{"party_id": w.partyID}, nil)
	},
	"party_attributes_get": func(w *world) json.RawMessage {
		w.setAttributes()
		answer := w.mustCall(w.leader, "party_attributes_get", map[string]any{"party_id": w.partyID}, nil)
		return json.RawMessage(strings.ReplaceAll(string(answer), w.leader.UserID, "7a9d..."))
	},
	"message -6": func(w *world) json.RawMessage {
		w.setAttributes()
		w.serverMessage(w.leader, -6, "rounds")
		w.mustCall(w.leader, "party_attributes_set", map[string]any{"party_id": w.partyID, "party": map[string]any{"map": nil}}, nil)
		return w.serverMessage(w.leader, -6, "map")
	},
	"party_find": func(w *world) json.RawMessage {
		w.createOpenParty()
		return w.mustCall(w.friend, "party_find", map[string]any{"label": map[string]any{"mode": "duo"}, "limit": 1}, nil)
	},
	"party_wait": func(w *world) json.RawMessage {
		code := w.waitFirst()
		w.notification(w.friend, 1005)
		return w.mustCall(w.friend, "party_wait", map[string]any{"code": code}, nil)
	},
	"notification 1005": func(w *world) json.RawMessage {
		w.waitFirst()
		return w.notification(w.friend, 1005)
	},
	"party_share": func(w *world) json.RawMessage {
		return w.mustCall(w.leader, "party_share", map[string]any{"party_id": w.partyID, "to": map[string]any{"status": true}}, nil)
	},
	"status": func(w *world) json.RawMessage {
		w.mustCall(w.leader, "party_share", map[string]any{"party_id": w.partyID, "to": map[string]any{"status": true}, "message": "One seat left"}, nil)
		return w.status(w.leader)
	},
	"party_check": func(w *world) json.RawMessage {
		return w.mustCall(w.friend, "party_check", map[string]any{"action": "join", "party_id": w.partyID}, nil)
	},
	"message -1": func(w *world) json.RawMessage {
		w.reportStatuses()
		return w.serverMessage(w.leader, -1, "World map")
	},
	"party_resume": func(w *world) json.RawMessage {
		w.mustCall(w.friend, "party_invite_redeem", map[string]any{"code": w.invite().Code}, nil)
		return w.mustCall(w.reconnect(w.friend), "party_resume", map[string]any{}, nil)
	},
	"message -5": func(w *world) json.RawMessage {
		w.mustCall(w.friend, "party_invite_redeem", map[string]any{"code": w.invite().Code}, nil)
		w.friend.socket.Abort()
		return w.serverMessage(w.leader, -5, "away")
	},
	"party_queue": func(w *world) json.RawMessage {
		w.queueParty()
		w.serverMessage(w.leader, -3, "queued")
		return w.mustCall(w.leader, "party_queue", map[string]any{"party_id": w.partyID}, nil)
	},
	"message -3": func(w *world) json.RawMessage {
		w.queueParty()
		return w.serverMessage(w.leader, -3, "queued")
	},
	"notification 1001": func(w *world) json.RawMessage {
		w.invite(w.friend.UserID)
		return w.notification(w.friend, 1001)
	},
	"notification 1002": func(w *world) json.RawMessage {
		personal := w.invite(w.friend.UserID)
		w.mustCall(w.join("aiko"), "party_invite_redeem", map[string]any{"code": w.invite().Code}, nil) // so that the party does not end
		ctx, cancel := w.deadline()
		defer cancel()
		if err := w.leave(ctx, w.leader); err != nil {
			w.t.Fatal(err)
		}
		w.mustCall(w.friend, "party_invite_decline", map[string]any{"code": personal.Code}, nil)
		return w.notification(w.leader, 1002)
	},
	"notification 1004": func(w *world) json.RawMessage {
		w.mustCall(w.friend, "party_invite_redeem", map[string]any{"code": w.invite().Code}, nil)
		ctx, cancel := w.deadline()
		defer cancel()
		joined, err := w.friend.socket.Take(ctx, func(m client.Message) bool { return m.Envelope.GetParty() != nil })
		if err != nil {
			w.t.Fatal(err)
		}
		friend := joined.Envelope.GetParty().GetSelf()
		if _, err := w.leader.socket.Call(ctx, &rtapi.Envelope{Message: &rtapi.Envelope_PartyRemove{PartyRemove: &rtapi.PartyRemove{PartyId: w.partyID, Presence: friend}}}); err != nil {
			w.t.Fatal(err)
		}
		return w.notification(w.friend, 1004)
	},
	"message -2": func(w *world) json.RawMessage {
		w.mustCall(w.friend, "party_invite_redeem", map[string]any{"code": w.invite().Code}, nil)
		return w.serverMessage(w.leader, -2, "redeemed")
	},
	"http error": func(w *world) json.RawMessage {
		return w.http(http.MethodPost, "/v2/rpc/party_invite_redeem", w.friend.Auth(), `"{\"code\":\"not a code\"}"`)
	},
	"GET /party/join/{code}/state": func(w *world) json.RawMessage {
		return w.http(http.MethodGet, "/party/join/"+w.invite().Code+"/state", "", "")
	},
}

// setAttributes makes the leader set the attributes in the document.
func (w *world) setAttributes() {
	w.t.Helper()
	w.mustCall(w.leader, "party_attributes_set", map[string]any{
		"party_id": w.partyID, "party": map[string]any{"map": "harbour", "rounds": 3}, "member": map[string]any{"character": "mage"},
	}, nil)
}

// createOpenParty makes another player create an open party with the label in the document.
func (w *world) createOpenParty() {
	w.t.Helper()
	ctx, cancel := w.deadline()
	defer cancel()
	emil := w.join("emil")
	_, err := emil.socket.Call(ctx, &rtapi.Envelope{Message: &rtapi.Envelope_PartyCreate{
		PartyCreate: &rtapi.PartyCreate{Open: true, MaxSize: 4, Label: `{"mode":"duo"}`}}})
	if err == nil {
		err = emil.socket.Barrier(ctx) // the module has processed it by then
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// waitFirst makes the friend the first on the wait list, for a seat that has just become free. It
// returns the code of an invite.
func (w *world) waitFirst() (code string) {
	w.t.Helper()
	code = w.invite().Code
	full := []*player{w.join("aiko"), w.join("emil"), w.join("noor")}
	for _, p := range full {
		w.mustCall(p, "party_invite_redeem", map[string]any{"code": code}, nil)
	}
	for _, p := range []*player{w.friend, w.join("tam")} {
		w.mustCall(p, "party_wait", map[string]any{"code": code}, nil)
	}
	ctx, cancel := w.deadline()
	defer cancel()
	if err := w.leave(ctx, full[0]); err != nil {
		w.t.Fatal(err)
	}
	return code
}

// queueParty makes the leader's party look for a match.
func (w *world) queueParty() {
	w.t.Helper()
	ctx, cancel := w.deadline()
	defer cancel()
	_, err := w.leader.socket.Call(ctx, &rtapi.Envelope{Message: &rtapi.Envelope_PartyMatchmakerAdd{PartyMatchmakerAdd: &rtapi.PartyMatchmakerAdd{
		PartyId: w.partyID, MinCount: 2, MaxCount: 4, Query: "*", StringProperties: map[string]string{"queue": "duo_race"},
	}}})
	if err != nil {
		w.t.Fatal(err)
	}
}

// awaitProposal makes the friend and another player look for a match alone, until the server asks them to
// accept. It returns the friend's ticket.
func (w *world) awaitProposal() (ticket string) {
	w.t.Helper()
	ctx, cancel := w.deadline()
	defer cancel()
	for _, p := range []*player{w.join("aiko"), w.friend} {
		reply, err := p.socket.Call(ctx, &rtapi.Envelope{Message: &rtapi.Envelope_MatchmakerAdd{MatchmakerAdd: &rtapi.MatchmakerAdd{
			MinCount: 2, MaxCount: 2, Query: "*", StringProperties: map[string]string{"queue": "showdown"},
		}}})
		if err != nil {
			w.t.Fatal(err)
		}
		ticket = reply.GetMatchmakerTicket().GetTicket()
	}
	w.notification(w.friend, 1006)
	return ticket
}

func (w *world) http(method, path string, auth client.Auth, body string) json.RawMessage {
	w.t.Helper()
	ctx, cancel := w.deadline()
	defer cancel()
	res, err := w.client.Do(ctx, method, path, auth, []byte(body))
	if err != nil {
		w.t.Fatal(err)
	}
	return res.Body
}

// checkAnswer compares a labelled JSON block with a real answer.
func checkAnswer(t *testing.T, addr string, b Block) {
	t.Helper()
	sample, ok := samples[b.Label]
	if !ok {
		t.Fatalf("%s: the test has no real %q to compare with; it has %q", b, b.Label, slices.Sorted(maps.Keys(samples)))
	}
	var shown, real any
	if err := json.Unmarshal([]byte(b.Body), &shown); err != nil {
		t.Fatalf("%s: %v", b, err)
	}
	raw := sample(newWorld(t, addr))
	if err := json.Unmarshal(raw, &real); err != nil {
		t.Fatalf("%s: the real answer %q: %v", b, raw, err)
	}
	for _, difference := range shapeDifferences("", shown, real) {
		t.Errorf("%s: %s (the real one: %s)", b, difference, raw)
	}
}

// shapeDifferences compares keys and types of values, not the values. {} stands for any object.
func shapeDifferences(path string, shown, real any) []string {
	if reflect.TypeOf(shown) != reflect.TypeOf(real) {
		return []string{fmt.Sprintf("%s is a %T, shown as a %T", path, real, shown)}
	}
	var all []string
	switch shown := shown.(type) {
	case map[string]any:
		real := real.(map[string]any)
		if len(shown) == 0 {
			return nil
		}
		for key := range shown {
			if _, ok := real[key]; !ok {
				all = append(all, path+"."+key+" is not in the real answer")
				continue
			}
			all = append(all, shapeDifferences(path+"."+key, shown[key], real[key])...)
		}
		for key := range real {
			if _, ok := shown[key]; !ok {
				all = append(all, path+"."+key+" is not shown")
			}
		}
	case []any:
		real := real.([]any)
		if len(shown) > 0 && len(real) > 0 {
			return shapeDifferences(path+"[0]", shown[0], real[0])
		}
	}
	slices.Sort(all)
	return all
}

func TestDifferences(t *testing.T) {
	for _, c := range []struct {
		shown, real string
		want        int
	}{
		{`{"a":1,"b":[{"c":"x"}]}`, `{"a":2,"b":[{"c":"y"},{"c":"z"}]}`, 0},
		{`{"a":1}`, `{"a":"1"}`, 1},
		{`{"a":1}`, `{"b":1}`, 2},
		{`{"a":{}}`, `{"a":{"b":1}}`, 0},
		{`{"a":[]}`, `{"a":[1]}`, 0},
		{`{"b":[{"c":"x"}]}`, `{"b":[{"c":1}]}`, 1},
	} {
		var shown, real any
		if json.Unmarshal([]byte(c.shown), &shown) != nil || json.Unmarshal([]byte(c.real), &real) != nil {
			t.Fatal(c)
		}
		if got := shapeDifferences("", shown, real); len(got) != c.want {
			t.Errorf("%s and %s: %q; want %d", c.shown, c.real, got, c.want)
		}
	}
}

// checkKeys: a JSON block without a label has only keys that the module or Nakama's API writes or
// reads somewhere.
func checkKeys(t *testing.T, b Block) {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(b.Body), &v); err != nil {
		t.Fatalf("%s: %v", b, err)
	}
	known := contractFields(t)
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for key, field := range v {
				if !known[key] {
					t.Errorf("%s: nothing has a field %s", b, key)
				}
				walk(field)
			}
		case []any:
			for _, item := range v {
				walk(item)
			}
		}
	}
	walk(v)
}

var jsonTag = regexp.MustCompile(`json:"([a-z0-9_]+)`)

// contractFieldsOnce returns the JSON names in the module's sources.
var contractFieldsOnce = sync.OnceValues(func() (map[string]bool, error) {
	fields := map[string]bool{}
	err := goFiles(func(_ string, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			if f, ok := n.(*ast.Field); ok && f.Tag != nil {
				if m := jsonTag.FindStringSubmatch(f.Tag.Value); m != nil {
					fields[m[1]] = true
				}
			}
			return true
		})
	})
	return fields, err
})

func contractFields(t *testing.T) map[string]bool {
	t.Helper()
	fields, err := contractFieldsOnce()
	if err != nil || len(fields) < 30 {
		t.Fatalf("%d JSON fields, %v", len(fields), err)
	}
	return fields
}
