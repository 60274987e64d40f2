package rpc_test

import (
	"cmp"
	"context"
	"encoding/json"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"partyline/local/partytest"
	"partyline/party"
	"partyline/rpc"
)

// wide has a field of every kind that the module's requests have.
type wide struct {
	Text   string          `json:"text"`
	Flag   bool            `json:"flag"`
	Count  int             `json:"count"`
	TTL    *int64          `json:"ttl"`
	Share  float64         `json:"share"`
	Users  []string        `json:"users"`
	Info   []pair          `json:"info"`
	To     *target         `json:"to"`
	Launch json.RawMessage `json:"launch"`
}

type pair struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

type target struct {
	Friends bool `json:"friends"`
}

// accepted are payloads with their meaning. refused are payloads with what the refusal must name. Both also seed
// the fuzz target.
var accepted = []struct {
	name, payload string
	want          wide
}{
	{"nothing", "", wide{}},
	{"blanks", " \r\n\t", wide{}},
	{"empty_object", "{}", wide{}},
	{"blanks_around", " {} \n", wide{}},
	{"text", `{"text":"hi"}`, wide{Text: "hi"}},
	{"null_is_absent", `{"text":null,"users":null,"to":null,"launch":null,"ttl":null}`, wide{}},
	{"escapes", `{"text":"\u00e9\n\"x\""}`, wide{Text: "é\n\"x\""}},
	{"escaped_name", `{"te\u0078t":"hi"}`, wide{Text: "hi"}},
	{"all", `{"text":"a","flag":true,"count":3,"ttl":0,"share":0.5,"users":["u"],"info":[{"label":"l","value":"v"},{}],"to":{"friends":true},"launch":{"map":[1,{"x":2}]}}`,
		wide{Text: "a", Flag: true, Count: 3, TTL: new(int64), Share: 0.5, Users: []string{"u"}, Info: []pair{{"l", "v"}, {}},
			To: &target{Friends: true}, Launch: json.RawMessage(`{"map":[1,{"x":2}]}`)}},
	{"whole_numbers_as_engines_write_them", `{"count":300.0,"ttl":3e2}`, wide{Count: 300, TTL: ptr(int64(300))}},
	{"minus_nothing", `{"count":-0.0,"ttl":9007199254740993}`, wide{TTL: ptr(int64(9007199254740993))}},
	{"launch_of_any_kind", `{"launch": "go" }`, wide{Launch: json.RawMessage(`"go"`)}},
	{"empty_list", `{"users":[]}`, wide{Users: []string{}}},
}

var refused = []struct{ name, payload, names string }{
	{"unknown_field", `{"txt":"a"}`, "txt: unknown field"},
	{"other_case", `{"Text":"a"}`, "Text: unknown field"},
	{"nested_unknown_field", `{"info":[{},{"labl":"x"}]}`, "info[1].labl: unknown field"},
	{"no_name", `{"":1}`, "unknown field"},
	{"twice", `{"text":"a","text":"b"}`, "text: given twice"},
	{"twice_by_escape", `{"text":"a","te\u0078t":"b"}`, "text: given twice"},
	{"number_for_string", `{"text":3}`, "text: wanted a string, got a number"},
	{"string_for_number", `{"count":"3"}`, "count: wanted a whole number, got a string"},
	{"fraction_for_whole", `{"count":1.5}`, "count: wanted a whole number, got a number with a fraction or out of range"},
	{"too_big", `{"count":99999999999999999999}`, "count: wanted a whole number"},
	{"too_big_for_its_fraction", `{"count":9007199254740994.0}`, "count: wanted a whole number"},
	{"huge", `{"count":1e400}`, "count: wanted a whole number"},
	{"pointer", `{"ttl":"1"}`, "ttl: wanted a whole number, got a string"},
	{"bool", `{"flag":1}`, "flag: wanted true or false, got a number"},
	{"float", `{"share":"x"}`, "share: wanted a number, got a string"},
	{"infinite", `{"share":1e999}`, "share: wanted a number, got one that is too large"},
	{"list_for_string", `{"text":["a"]}`, "text: wanted a string, got a list"},
	{"object_for_list", `{"users":{}}`, "users: wanted a list, got an object"},
	{"item", `{"users":["a",7]}`, "users[1]: wanted a string, got a number"},
	{"list_for_object", `{"to":[]}`, "to: wanted an object, got a list"},
	{"nul", `{"text":"a\u0000b"}`, "text: a NUL character"},
	{"trailing_object", `{}{}`, "after the JSON object"},
	{"trailing_text", `{} x`, "after the JSON object"},
	{"list", `[]`, "is a list; it must be a JSON object"},
	{"null", `null`, "is null"},
	{"string", `"{}"`, "is a string"},
	{"number", `7`, "is a number"},
	{"cut_off", `{"text":`, "not JSON"},
	{"no_json", `{text:1}`, "not JSON: byte "},
	{"comma_at_the_end", `{"text":"a",}`, "not JSON"},
	{"comma_alone", `{,}`, "not JSON"},
	{"no_comma", `{"text":"a" "flag":true}`, "not JSON"},
	{"no_colon", `{"text" "a"}`, "not JSON"},
	{"comma_in_list", `{"users":["a",]}`, "not JSON"},
	{"no_comma_in_list", `{"users":["a" "b"]}`, "not JSON"},
	{"wrong_bracket", `{"users":["a"}`, "not JSON"},
	{"broken_launch", `{"launch":{"a":}}`, "not JSON"},
	{"name_is_no_string", `{1:2}`, "not JSON"},
	{"not_utf8", "{\"text\":\"\xff\"}", "not UTF-8"},
	{"too_large", `{"text":"` + strings.Repeat("a", 33<<10) + `"}`, "larger than 32768 bytes"},
	{"deep", `{"launch":` + strings.Repeat("[", 15000), "not JSON"},
}

// wideHost serves a call that keeps its request.
func wideHost(t testing.TB) (*host, *wide) {
	got := &wide{}
	return serve(t, []rpc.Row{{ID: "party_wide", Handle: rpc.Call(
		func(_ context.Context, _ party.Caller, w wide) (echo, error) {
			*got = w
			return echo{Text: "ran"}, nil
		})}}), got
}

func TestCodec_Accepts(t *testing.T) {
	for _, tt := range accepted {
		t.Run(tt.name, func(t *testing.T) {
			h, got := wideHost(t)
			answer, err := h.call(overSocket("u1"), "party_wide", tt.payload)
			if err != nil {
				t.Fatalf("call(%q) = %v", tt.payload, err)
			}
			if answer != `{"text":"ran"}` {
				t.Errorf("answer = %s", answer)
			}
			if !reflect.DeepEqual(*got, tt.want) {
				t.Errorf("decoded %q as %+v; want %+v", tt.payload, *got, tt.want)
			}
		})
	}
}

func TestCodec_Refuses(t *testing.T) {
	for _, tt := range refused {
		t.Run(tt.name, func(t *testing.T) {
			h, got := wideHost(t)
			_, err := h.call(overSocket("u1"), "party_wide", tt.payload)
			text, code := refusal(t, err)
			if code != 3 || !strings.HasPrefix(text, "invalid_request: ") || !strings.Contains(text, tt.names) {
				t.Errorf("call(%.80q) = %q, %d; want invalid_request naming %q", tt.payload, text, code, tt.names)
			}
			if !reflect.DeepEqual(*got, wide{}) {
				t.Errorf("the handler ran with %+v", *got)
			}
		})
	}
}

func TestCodec_RefusalRepeatsLittleOfWhatItWasSent(t *testing.T) {
	h, _ := wideHost(t)
	_, err := h.call(overSocket("u1"), "party_wide", `{"`+strings.Repeat("é", 5000)+`":1}`)
	text, _ := refusal(t, err)
	if len(text) > 200 || !utf8.ValidString(text) {
		t.Errorf("the refusal is %d bytes long (valid UTF-8: %v)", len(text), utf8.ValidString(text))
	}
}

// A payload never causes a panic and is never misread. The standard decoder accepts what is accepted here, with the
// same result. What it refuses is refused here too.
func FuzzPayload(f *testing.F) {
	for _, tt := range accepted {
		f.Add(tt.payload)
	}
	for _, tt := range refused {
		if len(tt.payload) < 1000 {
			f.Add(tt.payload)
		}
	}
	f.Fuzz(func(t *testing.T, payload string) {
		h, got := wideHost(t)
		_, err := h.call(overSocket("u1"), "party_wide", payload)
		if err != nil {
			if text, code := refusal(t, err); code != 3 || !utf8.ValidString(text) {
				t.Errorf("call(%q) = %q, %d; want invalid_request", payload, text, code)
			}
			return
		}
		if strings.TrimSpace(payload) == "" {
			return
		}
		var plain struct {
			wide
			Count json.Number  `json:"count"` // the standard decoder does not read 300.0 as an int
			TTL   *json.Number `json:"ttl"`
		}
		strict := json.NewDecoder(strings.NewReader(payload))
		strict.DisallowUnknownFields()
		if err := strict.Decode(&plain); err != nil {
			t.Fatalf("accepted %q, which the standard decoder refuses: %v", payload, err)
		}
		if string(plain.Launch) == "null" {
			plain.Launch = nil
		}
		plain.wide.Count, plain.wide.TTL = got.Count, got.TTL
		if !reflect.DeepEqual(*got, plain.wide) || !same(int64(got.Count), plain.Count) || got.TTL != nil && !same(*got.TTL, *plain.TTL) {
			t.Errorf("decoded %q as %+v; the standard decoder says %+v", payload, *got, plain)
		}
	})
}

// same reports whether a number was read correctly; an absent one is 0.
func same(read int64, written json.Number) bool {
	exact, ok := new(big.Rat).SetString(cmp.Or(written.String(), "0"))
	return ok && exact.Cmp(new(big.Rat).SetInt64(read)) == 0
}

func ptr[T any](v T) *T { return &v }

func BenchmarkDecodeInvite(b *testing.B) {
	h := &host{}
	set := []rpc.Row{{ID: "party_wide", Handle: rpc.Call(
		func(context.Context, party.Caller, party.InviteRequest) (echo, error) { return echo{}, nil })}}
	if err := rpc.Register(h, rpc.Guard{Metrics: partytest.NoMetrics{}, Now: time.Now, Parties: still{}}, set); err != nil {
		b.Fatal(err)
	}
	ctx := overSocket("u1")
	payload := `{"party_id":"3f1c1c3e-8a55-4d46-9c9a-0c3c1c3e8a55.nakama","ttl_sec":3600,"max_uses":3,"kind":"link","hold_seat":true,` +
		`"message":"Come and play","info":[{"label":"Mode","value":"Ranked"}],"launch":{"map":"harbour"}}`
	b.ReportAllocs()
	for b.Loop() {
		if _, err := h.call(ctx, "party_wide", payload); err != nil {
			b.Fatal(err)
		}
	}
}
