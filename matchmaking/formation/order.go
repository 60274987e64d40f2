package formation

import (
	"cmp"
	"maps"
	"math"
	"slices"
)

// ranked is a ticket on its way to its place.
type ranked struct {
	by     uint64 // what it is ordered by
	ticket int32
}

// order sorts by what is to be ordered by and leaves equals as they stand. It looks at a
// byte at a time, so that its time grows with the tickets and not with their logarithm;
// bytes that are the same in all are passed over, which most are.
func order(rows, scratch []ranked) []ranked {
	for shift := 0; shift < 64; shift += 8 {
		var starts [256]int32
		for _, r := range rows {
			starts[byte(r.by>>shift)]++
		}
		if len(rows) == 0 || int(starts[byte(rows[0].by>>shift)]) == len(rows) {
			continue
		}
		at := int32(0)
		for b, n := range starts {
			starts[b] = at
			at += n
		}
		for _, r := range rows {
			b := byte(r.by >> shift)
			scratch[starts[b]] = r
			starts[b]++
		}
		rows, scratch = scratch, rows
	}
	return rows
}

// arrange answers the tickets by age, oldest first, and by key, skill and age.
func arrange(q Queue, tickets []Ticket) (byAge, bySkill []ranked, keys []int32) {
	rows, scratch := make([]ranked, len(tickets)), make([]ranked, len(tickets))
	for i := range tickets {
		// The sign bit is turned so that times before 1970 come first.
		rows[i] = ranked{uint64(tickets[i].Since.UnixNano()) ^ 1<<63, int32(i)}
	}
	rows = order(rows, scratch)
	orderTies(rows, tickets)
	byAge = slices.Clone(rows)
	keys = rankKeys(tickets)
	if !q.NoSkill {
		for i, r := range rows {
			rows[i].by = sortable(tickets[r.ticket].Skill)
		}
		rows = order(rows, make([]ranked, len(rows)))
	}
	for i, r := range rows {
		rows[i].by = uint64(keys[r.ticket])
	}
	return byAge, order(rows, make([]ranked, len(rows))), keys
}

// orderTies puts tickets of the same age in the order of their IDs.
func orderTies(rows []ranked, tickets []Ticket) {
	for from := 0; from < len(rows); {
		to := from + 1
		for to < len(rows) && rows[to].by == rows[from].by {
			to++
		}
		if to-from > 1 {
			slices.SortFunc(rows[from:to], func(a, b ranked) int { return cmp.Compare(tickets[a.ticket].ID, tickets[b.ticket].ID) })
		}
		from = to
	}
}

// sortable is a number whose order as an integer is the order of the floats.
func sortable(f float64) uint64 {
	bits := math.Float64bits(f + 0) // -0 is 0
	if bits>>63 != 0 {
		return ^bits
	}
	return bits | 1<<63
}

// rankKeys gives every ticket the place of its key among all keys.
func rankKeys(tickets []Ticket) []int32 {
	known := map[string]int32{}
	ranks := make([]int32, len(tickets))
	last := -1 // tickets of one key often come together
	for i := range tickets {
		if last >= 0 && tickets[i].Key == tickets[last].Key {
			ranks[i] = ranks[last]
		} else if n, ok := known[tickets[i].Key]; ok {
			ranks[i] = n
		} else {
			ranks[i] = int32(len(known))
			known[tickets[i].Key] = ranks[i]
		}
		last = i
	}
	place := make([]int32, len(known))
	for r, k := range slices.Sorted(maps.Keys(known)) {
		place[known[k]] = int32(r)
	}
	for i, n := range ranks {
		ranks[i] = place[n]
	}
	return ranks
}
