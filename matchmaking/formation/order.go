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

// drafts are a pool's tickets on their way to their places in the line.
type drafts struct {
	rows, spare []ranked
	items       []item  // by ticket
	keys        []int32 // by ticket: which of the keys, as they come
}

// arrange puts the tickets in the order of key, skill and age as items: last things first, because
// what order leaves as it stands is in the order of what came before.
func (l *line) arrange() {
	d, n := &l.drafts, len(l.pool.Tickets)
	l.items, l.tickets, l.keys, l.places = sizedTo(l.items, n), sizedTo(l.tickets, n), sizedTo(l.keys, n), sizedTo(l.places, n)
	keys := d.read(l)
	d.sortByAge(l.pool.Tickets)
	// Keys stand in the order of their oldest tickets: the same in whatever order tickets come.
	ranks, next := make([]uint64, keys), uint64(0)
	for age, r := range d.rows {
		it := &d.items[r.ticket]
		it.age, d.rows[age].by = int32(age), sortable(it.skill)
		if rank := &ranks[d.keys[r.ticket]]; *rank == 0 {
			next++
			*rank = next
		}
	}
	order(d.rows, d.spare)
	for i, r := range d.rows {
		d.rows[i].by = ranks[d.keys[r.ticket]]
	}
	order(d.rows, d.spare)
	for at, r := range d.rows {
		l.items[at], l.tickets[at], l.keys[at], l.places[r.ticket] = d.items[r.ticket], r.ticket, int32(r.by), int32(at)
	}
}

// read reads the tickets, once and in their order, because each of them is larger than an item. It answers
// how many keys they have.
func (d *drafts) read(l *line) (keys int) {
	n := len(l.pool.Tickets)
	d.rows, d.spare, d.items, d.keys = sizedTo(d.rows, n), sizedTo(d.spare, n), sizedTo(d.items, n), sizedTo(d.keys, n)
	most := min(l.q.Teams*l.q.TeamSize+1, maxSize)
	known := map[string]int32{}
	for i := range l.pool.Tickets {
		t := &l.pool.Tickets[i]
		d.rows[i] = ranked{nanos(t.Since), int32(i)}
		d.items[i] = item{skill: t.Skill, window: l.q.windowAfter(l.now.Sub(t.Since)), size: int16(min(max(t.Size, 0), most))}
		if l.q.NoSkill {
			d.items[i].skill = 0
		}
		key, ok := known[t.Key]
		if !ok {
			key = int32(len(known))
			known[t.Key] = key
		}
		d.keys[i] = key
	}
	return len(known)
}

// sortByAge puts the rows in the order of age, and those that are as old as each other in that of their IDs.
func (d *drafts) sortByAge(tickets []Ticket) {
	order(d.rows, d.spare)
	for run := range runs(d.rows, 0) {
		for i, r := range run {
			run[i].by = prefix(tickets[r.ticket].ID)
		}
		order(run, d.spare)
		for alike := range runs(run, 0) {
			slices.SortFunc(alike, func(a, b ranked) int { return cmp.Compare(tickets[a.ticket].ID, tickets[b.ticket].ID) })
		}
	}
}

const (
	// largePool is a pool in which the tickets of a similar age are served as they stand: what
	// is around one is in the processor's memory then when the next one looks at it. Each
	// sixteenth of the tickets, the oldest first, counts as of one age.
	largePool = 1 << 16
	ageGroups = 16
)

// serveByAge lists the positions as they are served.
func (l *line) serveByAge() {
	n, group := len(l.items), 1
	if n >= largePool {
		group = (n + ageGroups - 1) / ageGroups
	}
	l.byAge = sizedTo(l.byAge, n)
	next := l.drafts.keys[:0] // of each group: where its next position stands; the drafts are not needed any more
	for first := 0; first < n; first += group {
		next = append(next, int32(first))
	}
	for at := range l.items {
		g := int(l.items[at].age) / group
		l.byAge[next[g]] = int32(at)
		next[g]++
	}
}

// sizedTo is a slice of a length, of the old one's memory where that is enough.
func sizedTo[T any](old []T, n int) []T { return slices.Grow(old[:0], n)[:n] }
