package contract

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestNames(t *testing.T) {
	const (
		alice = "11111111-1111-4111-8111-111111111111"
		party = "22222222-2222-4222-8222-222222222222"
		other = "33333333-3333-4333-8333-333333333333"
		run   = "0123456789abcdef"
	)
	tests := []struct{ name, in, want string }{
		{"known", `{"user_id":"` + alice + `","username":"alice-` + run + `"}`, `{"user_id":"<alice>","username":"alice"}`},
		{"part of a word", `{"label":"run-` + run + `"}`, `{"label":"run-<run>"}`},
		{"party", `{"party_id":"` + party + `.node-1"}`, `{"party_id":"<id1>.<node>"}`},
		{"same again", `["` + party + `.node-1","` + party + `"]`, `["<id1>.<node>","<id1>"]`},
		{"another", `{"match_id":"` + other + `."}`, `{"match_id":"<id2>."}`},
		{"token", `{"token":"eyJhbGciOiJI.eyJ0aWQiOi.abc-_1"}`, `{"token":"<token>"}`},
		{"time", `{"create_time":"2026-01-02T03:04:05.678Z"}`, `{"create_time":"<time>"}`},
		{"cursor", `{"cursor":"abc","list":[]}`, `{"cursor":"<cursor>","list":[]}`},
		{"empty cursor", `{"cursor":""}`, `{"cursor":""}`},
		{"large number", `{"op_code":9007199254740993}`, `{"op_code":9007199254740993}`},
		{"escaped", `{"a":"<&>"}`, `{"a":"<&>"}`},
		{"protobuf's space", `{"message":"proto:\u00a0(line 1:7)"}`, `{"message":"proto: (line 1:7)"}`},
		{"not JSON", `{"cid":`, `"{\"cid\":"`},
		{"nothing", ``, ``},
		{"unordered", `{"status":{"presences":[{"username":"bob"},{"username":"alice-` + run + `"}]}}`, `{"status":{"presences":[{"username":"alice"},{"username":"bob"}]}}`},
		{"ordered", `{"party":{"presences":[{"username":"bob"},{"username":"alice-` + run + `"}]}}`, `{"party":{"presences":[{"username":"bob"},{"username":"alice"}]}}`},
	}
	n := newNormaliser()
	n.add(run, "<run>")
	n.add("alice-"+run, "alice")
	n.add(alice, "<alice>")
	for _, tt := range tests {
		if got := n.json([]byte(tt.in)); got != tt.want {
			t.Errorf("%s: %s became %s; want %s", tt.name, tt.in, got, tt.want)
		}
	}
}

func TestTranscript_Encode(t *testing.T) {
	got := Transcript{Scenario: "x", About: `a "b" <c>`, Lines: []Line{{"alice", ">", `{"ping":{}}`}, {"alice", "close", ""}}}.Encode()
	if !json.Valid(got) {
		t.Errorf("not JSON: %s", got)
	}
	for _, line := range []string{`["alice", ">", {"ping":{}}],`, `["alice", "close"]`, `"a \"b\" <c>"`} {
		if !strings.Contains(string(got), line) {
			t.Errorf("%s\nlacks %s", got, line)
		}
	}
}

func TestDifference(t *testing.T) {
	if d := Difference([]byte("a\nb"), []byte("a\nb")); d != "" {
		t.Errorf("equal texts differ: %s", d)
	}
	for _, pair := range [][2]string{{"a\nb\nc", "a\nx\nc"}, {"a", "a\nb"}, {"a\nb", "a"}, {"", "a"}} {
		if d := Difference([]byte(pair[0]), []byte(pair[1])); d == "" {
			t.Errorf("%q and %q do not differ", pair[0], pair[1])
		}
	}
	if d := Difference([]byte("a\nb"), []byte("a\nx")); !strings.Contains(d, "want  x") || !strings.Contains(d, "got   b") {
		t.Errorf("Difference = %s", d)
	}
}
