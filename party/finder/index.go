package finder

import (
	"math/rand/v2"
	"slices"

	"partyline/party"
)

// index holds the open parties that anybody may see, by what can be searched for. Each party has a number, higher
// than those of earlier parties; lists are in this order. A search visits only parties that have the rarest of the
// wanted fields and enough free seats.
type index struct {
	last    uint64
	byID    map[party.ID]*row
	bySeq   map[uint64]*row
	byField map[string]posting // "" has all parties
}

// row is a party in the index. It is never changed, so that a search may read it without a lock.
type row struct {
	id   party.ID
	seq  uint64
	free int
	keys []string
}

// posting holds the sorted numbers of parties, by their number of free seats.
type posting map[int][]uint64

func newIndex() index {
	return index{byID: map[party.ID]*row{}, bySeq: map[uint64]*row{}, byField: map[string]posting{}}
}

// put adds or updates a party. Its keys are sorted.
func (x *index) put(id party.ID, free int, keys []string) {
	free = max(free, 0)
	old := x.byID[id]
	if old != nil && old.free == free && slices.Equal(old.keys, keys) {
		return
	}
	r := &row{id: id, free: free, keys: keys}
	if old != nil {
		x.remove(id)
		r.seq = old.seq
	} else {
		x.last++
		r.seq = x.last
	}
	x.byID[id], x.bySeq[r.seq] = r, r
	for _, key := range append([]string{""}, keys...) {
		p := x.byField[key]
		if p == nil {
			p = posting{}
			x.byField[key] = p
		}
		at, _ := slices.BinarySearch(p[free], r.seq)
		p[free] = slices.Insert(p[free], at, r.seq)
	}
}

func (x *index) remove(id party.ID) {
	r := x.byID[id]
	if r == nil {
		return
	}
	delete(x.byID, id)
	delete(x.bySeq, r.seq)
	for _, key := range append([]string{""}, r.keys...) {
		p := x.byField[key]
		if at, in := slices.BinarySearch(p[r.free], r.seq); in {
			p[r.free] = slices.Delete(p[r.free], at, at+1)
		}
		if len(p[r.free]) == 0 {
			delete(p, r.free)
		}
		if len(p) == 0 {
			delete(x.byField, key)
		}
	}
}

// find returns the parties that fit with a number above after, in order. most bounds how many. last is the number to
// continue after, or 0 at the end.
func (x *index) find(w query, after uint64, most int) (rows []*row, last uint64) {
	lists := x.rarest(w)
	for i, list := range lists {
		at, in := slices.BinarySearch(list, after)
		if in {
			at++
		}
		lists[i] = list[at:]
	}
	for len(rows) < most {
		first := -1
		for i, list := range lists {
			if len(list) > 0 && (first < 0 || list[0] < lists[first][0]) {
				first = i
			}
		}
		if first < 0 {
			return rows, 0
		}
		last = lists[first][0]
		lists[first] = lists[first][1:]
		if r := x.bySeq[last]; hasAll(r.keys, w.keys) {
			rows = append(rows, r)
		}
	}
	return rows, last
}

// sample returns at most most of the parties that fit, each equally likely and in random order.
func (x *index) sample(w query, most int) (ids []party.ID) {
	seqs := slices.Concat(x.rarest(w)...)
	for i := 0; i < len(seqs) && len(ids) < most; i++ {
		at := i + rand.IntN(len(seqs)-i)
		seqs[i], seqs[at] = seqs[at], seqs[i]
		if r := x.bySeq[seqs[i]]; hasAll(r.keys, w.keys) {
			ids = append(ids, r.id)
		}
	}
	return ids
}

// rarest returns the lists of the wanted field that the fewest parties have, counting only parties with enough free
// seats.
func (x *index) rarest(w query) (lists [][]uint64) {
	fewest := -1
	for _, key := range append([]string{""}, w.keys...) {
		n, some := 0, [][]uint64(nil)
		for free, list := range x.byField[key] {
			if free >= w.free {
				n += len(list)
				some = append(some, list)
			}
		}
		if fewest < 0 || n < fewest {
			fewest, lists = n, some
		}
	}
	return lists
}

// hasAll reports whether a party's sorted keys include all wanted keys.
func hasAll(keys, wanted []string) bool {
	return !slices.ContainsFunc(wanted, func(key string) bool {
		_, has := slices.BinarySearch(keys, key)
		return !has
	})
}
