package party_test

import (
	"strings"
	"testing"

	"partyline/party"
)

const someUUID = "6f1b2a34-0c1d-4e5f-8a9b-0c1d2e3f4a5b"

var idCases = []struct {
	text string
	ok   bool
}{
	{someUUID + ".nakama", true},
	{someUUID + ".n", true},
	{someUUID + ".nakama-node_1.eu", true},
	{someUUID + "." + strings.Repeat("n", 128), true},
	{someUUID + "." + strings.Repeat("n", 129), false},
	{"", false},
	{someUUID, false},
	{someUUID + ".", false},
	{someUUID + "-nakama", false},
	{strings.ToUpper(someUUID) + ".nakama", false},
	{"00000000-0000-0000-0000-000000000000.nakama", false},
	{"{6f1b2a34-0c1d-4e5f-8a9b-0c1d2e3f4a}.nakama", false},
	{"6f1b2a340c1d4e5f8a9b0c1d2e3f4a5b0000.nakama", false},
	{someUUID + ".na kama", false},
	{someUUID + ".na\"kama", false},
	{someUUID + ".näkama", false},
	{someUUID + ".\x00", false},
	{" " + someUUID + ".nakama", false},
}

func TestParseID(t *testing.T) {
	for _, c := range idCases {
		id, err := party.ParseID(c.text)
		if c.ok {
			if err != nil || id.String() != c.text || id.IsZero() {
				t.Errorf("ParseID(%q) = %v, %v; want it back", c.text, id, err)
			}
			continue
		}
		if party.ReasonOf(err) != party.PartyNotFound || !id.IsZero() {
			t.Errorf("ParseID(%q) = %v, %v; want party_not_found", c.text, id, err)
		}
	}
}

func FuzzParseID(f *testing.F) {
	for _, c := range idCases {
		f.Add(c.text)
	}
	f.Fuzz(func(t *testing.T, s string) {
		id, err := party.ParseID(s)
		if err != nil {
			if party.ReasonOf(err) != party.PartyNotFound {
				t.Fatalf("ParseID(%q) refuses with %v", s, err)
			}
			return
		}
		if id.String() != s {
			t.Fatalf("ParseID(%q).String() = %q", s, id)
		}
		if len(s) > 165 || strings.ContainsAny(s, "\" \n\\*:+") {
			t.Fatalf("ParseID(%q) lets through what is no ID", s)
		}
	})
}
