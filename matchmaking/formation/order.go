package formation

import (
	"cmp"
	"encoding/binary"
	"iter"
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

// order sorts and leaves equals as they stand. It looks at the highest bits in which rows differ, a byte at a
// time and only at as many as mostly tell the rows apart, so that its time grows with the rows and not with
// their logarithm; runs that are the same in those are put in order after that.
func order(rows, scratch []ranked) {
	if len(rows) <= shortRun {
		slices.SortStableFunc(rows, func(a, b ranked) int { return cmp.Compare(a.by, b.by) })
		return
	}
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
	if shift > 0 {
		for run := range runs(rows, shift) {
			order(run, scratch)
		}
	}
}

// runs are the neighbouring rows, two or more, that are the same but for the lowest bits.
func runs(rows []ranked, lowest int) iter.Seq[[]ranked] {
	return func(yield func([]ranked) bool) {
		for first := 0; first < len(rows); {
			last := first + 1
			for last < len(rows) && rows[last].by>>lowest == rows[first].by>>lowest {
				last++
			}
			if last-first > 1 && !yield(rows[first:last]) {
				return
			}
			first = last
		}
	}
}

// sort puts rows in order and equal ones in that of what the next levels say of their tickets;
// those that no level tells apart in the order of their IDs.
func (f *pass) sort(rows []ranked, next ...func(ticket int32) uint64) {
	order(rows, f.rowsToo)
	for run := range runs(rows, 0) {
		if len(next) == 0 {
			slices.SortFunc(run, func(a, b ranked) int {
				return cmp.Compare(f.pool.Tickets[a.ticket].ID, f.pool.Tickets[b.ticket].ID)
			})
			continue
		}
		for i := range run {
			run[i].by = next[0](run[i].ticket)
		}
		f.sort(run, next[1:]...)
	}
}

// arrange puts the tickets in the order of key, skill and age as items.
func (f *pass) arrange() {
	tickets, n := f.pool.Tickets, len(f.pool.Tickets)
	f.items, f.drafts, f.rows, f.rowsToo = sizedTo(f.items, n), sizedTo(f.drafts, n), sizedTo(f.rows, n), sizedTo(f.rowsToo, n)
	f.tickets, f.keys, f.places = sizedTo(f.tickets, n), sizedTo(f.keys, n), sizedTo(f.places, n)
	f.keyOf, f.ageOf = sizedTo(f.keyOf, n), sizedTo(f.ageOf, n)
	f.draft()
	f.sort(f.rows, func(t int32) uint64 { return prefix(tickets[t].ID) })
	for age, r := range f.rows {
		f.ageOf[r.ticket] = int32(age)
	}
	f.rankKeys()
	for i, key := range f.keyOf {
		f.rows[i] = ranked{uint64(key), int32(i)}
	}
	f.sort(f.rows, func(t int32) uint64 { return sortable(f.drafts[t].skill) }, func(t int32) uint64 { return uint64(f.ageOf[t]) })
	for at, r := range f.rows {
		f.items[at], f.tickets[at], f.keys[at], f.places[r.ticket] = f.drafts[r.ticket], r.ticket, f.keyOf[r.ticket], int32(at)
		f.items[at].age = f.ageOf[r.ticket]
	}
}

// draft reads the tickets, once and in their order, because each of them is larger than an item.
func (f *pass) draft() {
	known := map[string]int32{}
	for i := range f.pool.Tickets {
		t := &f.pool.Tickets[i]
		f.rows[i] = ranked{nanos(t.Since), int32(i)}
		it := item{skill: t.Skill, window: windowAt(f.q, f.now.Sub(t.Since)), size: int16(min(max(t.Size, 0), f.capacity+1, maxSize))}
		if f.q.NoSkill {
			it.skill = 0
		}
		f.drafts[i] = it
		if i > 0 && t.Key == f.pool.Tickets[i-1].Key { // tickets of one key often come together
			f.keyOf[i] = f.keyOf[i-1]
			continue
		}
		n, ok := known[t.Key]
		if !ok {
			n = int32(len(known))
			known[t.Key] = n
		}
		f.keyOf[i] = n
	}
	f.keyCount = len(known)
}

// rankKeys puts keys in the order of their oldest tickets: the same in whatever order tickets come.
func (f *pass) rankKeys() {
	oldest, rank := make([]int32, f.keyCount), int32(0)
	for i := range oldest {
		oldest[i] = -1
	}
	for _, r := range f.rows {
		if key := f.keyOf[r.ticket]; oldest[key] < 0 {
			oldest[key] = rank
			rank++
		}
	}
	for i, key := range f.keyOf {
		f.keyOf[i] = oldest[key]
	}
}

// prefix is the beginning of an ID as a number.
func prefix(id string) uint64 {
	var first [8]byte
	copy(first[:], id)
	return binary.BigEndian.Uint64(first[:])
}

// nanos is a time as a number; the sign bit is turned so that times before 1970 come first.
func nanos(t time.Time) uint64 { return uint64(t.UnixNano()) ^ 1<<63 }

// sortable is a number whose order as an integer is the order of the floats.
func sortable(f float64) uint64 {
	bits := math.Float64bits(f + 0) // -0 is 0
	if bits>>63 != 0 {
		return ^bits
	}
	return bits | 1<<63
}

const (
	// largePool is a pool in which the tickets of a similar age are served as they stand: what
	// is around one is in the processor's memory then when the next one looks at it. Each
	// sixteenth of the tickets, the oldest first, counts as of one age.
	largePool = 1 << 16
	ageGroups = 16
)

// serveByAge lists the positions as they are served.
func (f *pass) serveByAge() {
	n, group := len(f.items), 1
	if n >= largePool {
		group = (n + ageGroups - 1) / ageGroups
	}
	next := f.keyOf[:0] // of each group: where its next position stands; ranks of keys are not needed any more
	for first := 0; first < n; first += group {
		next = append(next, int32(first))
	}
	for at := range f.items {
		g := int(f.items[at].age) / group
		f.byAge[next[g]] = int32(at)
		next[g]++
	}
}

// sizedTo is a slice of a length, of the old one's memory where that is enough.
func sizedTo[T any](old []T, n int) []T {
	if cap(old) < n {
		return make([]T, n)
	}
	return old[:n]
}
