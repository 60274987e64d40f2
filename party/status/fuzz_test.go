package status_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"partyline/local/partytest"
	"partyline/party"
	"partyline/party/status"
)

// Reading any text of a presence does not panic, and loses nothing that was decoded.
func FuzzEntry(f *testing.F) {
	for _, seed := range []string{
		"", "{}", "null", `{"s":"downloading","p":0.5,"t":"level 2","q":7,"u":1700000000000000000,"m":1}`,
		`{"s":"ready","u":1,"m":1}`, `{"s":"ready","p":1.5,"u":1,"m":1}`, `{"s":"ready","p":-0,"u":1,"m":1}`, `{"s":"x","q":-1,"u":1,"m":1}`,
		`{"s":"x","t":"\ud800","u":1,"m":1}`, `{"s":"x","p":1e-320,"u":9223372036854775807,"m":0}`, `[1]`, "1 100 1 2 3",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		first, second, ok := status.RoundTrip(text)
		if !ok {
			return
		}
		if second == nil {
			t.Fatalf("%q was understood as %+v, but not what it was written back as", text, first)
		}
		if !reflect.DeepEqual(first, second) {
			t.Fatalf("%q was understood as %+v and then as %+v", text, first, second)
		}
	})
}

// Any report is either stored completely, or refused with a reason and without any change.
func FuzzReport(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"party_id":"P","stage":"downloading","progress":0.42,"text":"level 2","seq":7}`, `{"party_id":"P","stage":"ready"}`,
		`{"party_id":"P","stage":"ready","progress":1.0000001}`, `{"code":"0123456789ABCDEF","stage":"ready"}`, `{"party_id":"P","code":"C","stage":"ready"}`,
		`{"party_id":"P","stage":"ready","seq":-1}`, `{"party_id":"P","stage":"ready","text":"` + string(make([]byte, 90)) + `"}`,
		`{"party_id":"00000000-0000-0000-0000-000000000000.x","stage":"ready"}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, payload string) {
		var r status.Report
		if json.Unmarshal([]byte(payload), &r) != nil {
			return
		}
		w := newWorld(t, partytest.NewTime().Now)
		a := w.host.Player("a")
		id := w.party(4, a)
		if r.PartyID == "P" {
			r.PartyID = id.String()
		}
		w.must(w.set(a, report(id, "tutorial", 0.25)))
		before := w.list(a, id)
		err := w.set(a, r)
		after := w.list(a, id)
		switch {
		case party.ReasonOf(err) == party.Internal:
			t.Fatalf("report %s: %v", payload, err)
		case err != nil && !reflect.DeepEqual(before, after):
			t.Fatalf("report %s was refused (%v), but the list is %+v", payload, err, after)
		case err == nil && (after.Members[0].Stage != r.Stage || after.Members[0].Text != r.Text || !sessionEntry(after.Members[0].Progress, r.Progress)):
			t.Fatalf("report %s was taken as %+v", payload, after.Members[0])
		}
	})
}

// sessionEntry reports whether a list shows the progress of a report, which may have been rounded into 0 to 1.
func sessionEntry(shown, reported *float64) bool {
	if shown == nil || reported == nil {
		return shown == reported
	}
	return *shown == min(max(*reported, 0), 1)
}
