package formation

import (
	"cmp"
	"maps"
	"math"
	"math/bits"
	"slices"
	"time"
)

// ranked is a ticket on its way to its place.
type ranked struct {
	by     uint64 // what it is ordered by
	ticket int32
}

const (
	// spareBits is how many more bits than would tell the rows apart if they were evenly
	// spread are looked at.
	spareBits = 3
	// shortRun is how many rows are put in order by comparing them.
	shortRun = 48
)

// order sorts by what is to be ordered by and leaves equals as they stand. It looks at the
// highest bits in which rows differ, a byte at a time and only at as many as mostly tell
// the rows apart, so that its time grows with the rows and not with their logarithm; runs
// that are the same in those are put in order after that.
func order(rows, scratch []ranked) {
	differ := uint64(0)
	for i := range rows {
		differ |= rows[i].by ^ rows[0].by
	}
	if differ == 0 {
		return
	}
	shift := max(0, bits.Len64(differ)-bits.Len(uint(len(rows)))-spareBits)
	from, to := rows, scratch[:len(rows)]
	for s := shift; s < bits.Len64(differ); s += 8 {
		var starts [256]int32
		for _, r := range from {
			starts[byte(r.by>>s)]++
		}
		at := int32(0)
		for b, n := range starts {
			starts[b] = at
			at += n
		}
		for _, r := range from {
			b := byte(r.by >> s)
			to[starts[b]] = r
			starts[b]++
		}
		from, to = to, from
	}
	if &from[0] != &rows[0] {
		copy(rows, from)
	}
	for first := 0; shift > 0 && first < len(rows); {
		last := first + 1
		for last < len(rows) && rows[last].by>>shift == rows[first].by>>shift {
			last++
		}
		if run := rows[first:last]; len(run) > shortRun {
			order(run, scratch)
		} else {
			insert(run)
		}
		first = last
	}
}

func insert(rows []ranked) {
	for i := 1; i < len(rows); i++ {
		for j := i; j > 0 && rows[j].by < rows[j-1].by; j-- {
			rows[j], rows[j-1] = rows[j-1], rows[j]
		}
	}
}

// arrange puts the tickets in the order of age, oldest first, and of key, skill and age.
func (f *pass) arrange() {
	tickets := f.pool.Tickets
	n := len(tickets)
	f.rows, f.rowsToo = sizedTo(f.rows, n), sizedTo(f.rowsToo, n)
	rows := f.rows
	for i := range tickets {
		rows[i] = ranked{nanos(tickets[i].Since), int32(i)}
	}
	order(rows, f.rowsToo)
	orderTies(rows, tickets)
	for age, r := range rows {
		f.byAge[age] = r.ticket
	}
	f.rankKeys()
	if !f.q.NoSkill {
		for i, r := range rows {
			rows[i].by = sortable(tickets[r.ticket].Skill)
		}
		order(rows, f.rowsToo)
	}
	for i, r := range rows {
		rows[i].by = uint64(f.keyOf[r.ticket])
	}
	order(rows, f.rowsToo)
}

// nanos is a time as a number; the sign bit is turned so that times before 1970 come first.
func nanos(t time.Time) uint64 { return uint64(t.UnixNano()) ^ 1<<63 }

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
func (f *pass) rankKeys() {
	known := map[string]int32{}
	f.keyOf = sizedTo(f.keyOf, len(f.pool.Tickets))
	for i := range f.pool.Tickets {
		key := f.pool.Tickets[i].Key
		if i > 0 && key == f.pool.Tickets[i-1].Key { // tickets of one key often come together
			f.keyOf[i] = f.keyOf[i-1]
			continue
		}
		n, ok := known[key]
		if !ok {
			n = int32(len(known))
			known[key] = n
		}
		f.keyOf[i] = n
	}
	place := make([]int32, len(known))
	for r, k := range slices.Sorted(maps.Keys(known)) {
		place[known[k]] = int32(r)
	}
	for i, n := range f.keyOf {
		f.keyOf[i] = place[n]
	}
	f.keyCount = len(known)
}

const (
	// largePool is a pool in which the tickets of a similar age are served key by key: what
	// stands around one is in the processor's memory then when the next one looks at it.
	// They do not compete with those of other keys, so nobody gets another match for it.
	largePool = 1 << 16
	ageGroups = 16
)

// serveByKey puts each sixteenth of the tickets, the oldest first, in the order of keys and
// age.
func (f *pass) serveByKey() {
	if len(f.byAge) < largePool || f.keyCount < 2 {
		return
	}
	group := (len(f.byAge) + ageGroups - 1) / ageGroups
	for part := range slices.Chunk(f.byAge, group) {
		rows := f.rows[:len(part)]
		for i, at := range part {
			rows[i] = ranked{uint64(f.keys[at]), at}
		}
		order(rows, f.rowsToo)
		for i, r := range rows {
			part[i] = r.ticket
		}
	}
}

// sizedTo is a slice of a length, of the old one's memory where that is enough.
func sizedTo[T any](old []T, n int) []T {
	if cap(old) < n {
		return make([]T, n)
	}
	return old[:n]
}
