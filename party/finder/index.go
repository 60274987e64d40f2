package finder

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"partyline/party"
)

// index holds the open parties that anybody may see, by what can be searched for. Each party has a number, higher
// than those of earlier parties; lists are in this order. A search visits only parties that have the rarest of the
// wanted fields and enough free seats.
type index struct {
	last     uint64
	mostFree int // seats of any party until now
	byID     map[party.ID]*row
	lists    map[listKey][]*row
}

// listKey is what the parties of a list have in common.
type listKey struct {
	field string // "" for all parties
	free  int
}

// row is a party in the index. It is never changed, so that a search may read it without a lock.
type row struct {
	id   party.ID
	seq  uint64
	free int
	keys []string
}

func compareSeq(r *row, seq uint64) int { return cmp.Compare(r.seq, seq) }

func newIndex() index { return index{byID: map[party.ID]*row{}, lists: map[listKey][]*row{}} }

// put adds or updates a party. Its keys are sorted.
func (x *index) put(id party.ID, free int, keys []string) {
	r := &row{id: id, free: max(free, 0), keys: keys}
	if old := x.byID[id]; old == nil {
		x.last++
		r.seq = x.last
	} else if old.free == r.free && slices.Equal(old.keys, keys) {
		return
	} else {
		x.remove(id)
		r.seq = old.seq
	}
	x.byID[id] = r
	x.mostFree = max(x.mostFree, r.free)
	for _, field := range append([]string{""}, keys...) {
		key := listKey{field, r.free}
		at, _ := slices.BinarySearchFunc(x.lists[key], r.seq, compareSeq)
		x.lists[key] = slices.Insert(x.lists[key], at, r)
	}
}

func (x *index) remove(id party.ID) {
	r := x.byID[id]
	if r == nil {
		return
	}
	delete(x.byID, id)
	for _, field := range append([]string{""}, r.keys...) {
		key := listKey{field, r.free}
		at, _ := slices.BinarySearchFunc(x.lists[key], r.seq, compareSeq)
		if x.lists[key] = slices.Delete(x.lists[key], at, at+1); len(x.lists[key]) == 0 {
			delete(x.lists, key)
		}
	}
}

// find returns the parties that fit with a number above after, in order. most bounds how many. last is the number to
// continue after, or 0 at the end.
func (x *index) find(w query, after uint64, most int) (rows []*row, last uint64) {
	lists := x.rarest(w)
	for i, list := range lists {
		at, in := slices.BinarySearchFunc(list, after, compareSeq)
		if in {
			at++
		}
		lists[i] = list[at:]
	}
	for len(rows) < most {
		first := -1
		for i, list := range lists {
			if len(list) > 0 && (first < 0 || list[0].seq < lists[first][0].seq) {
				first = i
			}
		}
		if first < 0 {
			return rows, 0
		}
		r := lists[first][0]
		lists[first], last = lists[first][1:], r.seq
		if hasAll(r.keys, w.keys) {
			rows = append(rows, r)
		}
	}
	return rows, last
}

// sample returns at most most of the parties that fit, each equally likely and in random order.
func (x *index) sample(w query, most int) (ids []party.ID) {
	rows := slices.Concat(x.rarest(w)...)
	for i := 0; i < len(rows) && len(ids) < most; i++ {
		at := i + rand.IntN(len(rows)-i)
		rows[i], rows[at] = rows[at], rows[i]
		if hasAll(rows[i].keys, w.keys) {
			ids = append(ids, rows[i].id)
		}
	}
	return ids
}

// rarest returns the lists of the wanted field that the fewest parties have, counting only parties with enough free
// seats.
func (x *index) rarest(w query) (lists [][]*row) {
	fewest := -1
	for _, field := range append([]string{""}, w.keys...) {
		n, some := 0, [][]*row(nil)
		for free := w.free; free <= x.mostFree; free++ {
			list := x.lists[listKey{field, free}]
			n += len(list)
			some = append(some, list)
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
