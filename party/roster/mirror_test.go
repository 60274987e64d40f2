package roster

import (
	"math"
	"testing"
	"time"

	"partyline/party"
)

func FuzzDecodeMirror(f *testing.F) {
	at := time.Unix(0, 1893553445000000001).UTC()
	f.Add(mirrorEntry{shared{party.Facts{MaxSize: 4, Open: true, Label: `{"a": "b c"}`, CreatedAt: at}, 7, 9, "6f1b2a34-0c1d-4e5f-8a9b-0c1d2e3f4a5b", "0d1b2a34-0c1d-4e5f-8a9b-0c1d2e3f4a5b.node"}, at}.encode())
	f.Add(mirrorEntry{}.encode())
	f.Add("")
	f.Add("1 -1 0 0 0 0 0  ")
	f.Fuzz(func(t *testing.T, s string) {
		e, ok := decodeMirror(s)
		if !ok {
			return
		}
		if again, ok := decodeMirror(e.encode()); !ok || again != e {
			t.Fatalf("decodeMirror(%q) = %+v, encoded and decoded again %+v", s, e, again)
		}
	})
}

func FuzzDecodeParties(f *testing.F) {
	id, err := party.ParseID("6f1b2a34-0c1d-4e5f-8a9b-0c1d2e3f4a5b.node")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(encodeList(listWith(nil, id, time.Unix(1, 2))))
	f.Add(encodeList(listWith(listWith(nil, id, time.Unix(1, 2)), id, time.Unix(3, 4))))
	f.Add(encodeList(listWith(nil, party.ID{UUID: id.UUID, Node: "other"}, time.Unix(9, 9)))) // by a node whose clock is ahead
	f.Add("@ nonsense@1")
	f.Add("")
	f.Fuzz(func(t *testing.T, list string) {
		list = encodeList(listWithout(decodeList(list), id))
		for _, p := range decodeList(list) {
			if p.ID == id {
				t.Fatalf("decodeList(%q) has the party taken out", list)
			}
		}
		at := time.Unix(5, 6).UTC()
		want := party.Membership{ID: id, Since: at}
		if old := decodeList(list); len(old) > 0 {
			last := old[len(old)-1].Since
			if last.Equal(party.FromNanos(math.MaxInt64)) { // no time is later
				return
			}
			if !at.After(last) {
				want.Since = last.Add(1)
			}
		}
		with := decodeList(encodeList(listWith(decodeList(list), id, at)))
		if len(with) == 0 || with[len(with)-1] != want || len(with) > maxPartiesPerSession {
			t.Fatalf("decodeList(%q) = %v; want %v put in last", list, with, want)
		}
	})
}
