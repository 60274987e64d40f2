package finder

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"partyline/party"
)

// TestIndex: after any changes a search finds the same as a scan of all parties, in the order they came, on pages of
// any length. Nothing is left of removed parties.
func TestIndex(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type known struct {
			seq, free int
			keys      []string
		}
		x, parties, seq := newIndex(), map[party.ID]known{}, 0
		var ids []party.ID
		for range 12 {
			ids = append(ids, party.ID{UUID: uuid.New(), Node: "n"})
		}
		key := rapid.Custom(func(t *rapid.T) string { return fmt.Sprint("k", rapid.IntRange(0, 3).Draw(t, "key")) })
		keys := func() []string {
			drawn := rapid.SliceOfN(key, 0, 3).Draw(t, "keys")
			slices.Sort(drawn)
			return slices.Compact(drawn)
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			id := rapid.SampledFrom(ids).Draw(t, "party")
			if rapid.IntRange(0, 3).Draw(t, "gone") == 0 {
				x.remove(id)
				delete(parties, id)
				continue
			}
			k, old := parties[id]
			if !old {
				seq++
				k.seq = seq
			}
			k.free, k.keys = rapid.IntRange(0, 4).Draw(t, "free"), keys()
			parties[id] = k
			x.put(id, k.free, slices.Clone(k.keys))
		}
		w := query{keys: keys(), free: rapid.IntRange(0, 4).Draw(t, "wanted")}
		var want []party.ID
		for id, k := range parties {
			if k.free >= w.free && !slices.ContainsFunc(w.keys, func(key string) bool { return !slices.Contains(k.keys, key) }) {
				want = append(want, id)
			}
		}
		slices.SortFunc(want, func(a, b party.ID) int { return cmp.Compare(parties[a].seq, parties[b].seq) })
		var got []party.ID
		for after := uint64(0); ; {
			page, last := x.find(w, after, rapid.IntRange(1, 5).Draw(t, "page"))
			for _, r := range page {
				if r.seq != uint64(parties[r.id].seq) {
					t.Fatalf("%s has number %d; want %d", r.id, r.seq, parties[r.id].seq)
				}
				got = append(got, r.id)
			}
			if after = last; last == 0 {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("found %v; want %v", got, want)
		}
		for _, id := range ids {
			x.remove(id)
		}
		if len(x.byID)+len(x.lists) != 0 {
			t.Fatal("something is left of parties that are gone")
		}
	})
}
