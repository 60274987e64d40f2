package formation

import (
	"cmp"
	"slices"

	"partyline/internal/radix"
)

// drafts are a pool's tickets while they are sorted.
type drafts struct {
	rows, spare []radix.Row
	items       []item  // by ticket
	keys        []int32 // by ticket: number of its key, in order of appearance
	ages        []int32 // by ticket: rank by age
}

// arrange sorts the tickets by key, skill and age into items.
func (l *sortedPool) arrange() {
	d, n := &l.drafts, len(l.pool.Tickets)
	l.items, l.tickets, l.keys, l.positions = sizedTo(l.items, n), sizedTo(l.tickets, n), sizedTo(l.keys, n), sizedTo(l.positions, n)
	ranks := make([]uint64, d.read(l))
	d.sortByAge(l.pool.Tickets)
	// Keys are ordered by their oldest tickets, so the order of the tickets does not matter.
	next := uint64(0)
	for age, r := range d.rows {
		d.ages[r.Index] = int32(age)
		if rank := &ranks[d.keys[r.Index]]; *rank == 0 {
			next++
			*rank = next
		}
	}
	// Both sorts are stable: of equal skill, the oldest stays first.
	d.sort(func(t int32) uint64 { return radix.Float(d.items[t].skill) })
	d.sort(func(t int32) uint64 { return ranks[d.keys[t]] })
	for at, r := range d.rows {
		l.items[at], l.tickets[at], l.keys[at], l.positions[r.Index] = d.items[r.Index], r.Index, int32(ranks[d.keys[r.Index]]), int32(at)
		l.items[at].age = d.ages[r.Index]
	}
}

// sort sorts the rows by a value of their tickets.
func (d *drafts) sort(by func(ticket int32) uint64) {
	for i, r := range d.rows {
		d.rows[i].By = by(r.Index)
	}
	radix.Sort(d.rows, d.spare)
}

// read reads the tickets once and in order, because each is larger than an item. It returns the number of keys.
func (d *drafts) read(l *sortedPool) (keys int) {
	n := len(l.pool.Tickets)
	d.rows, d.spare, d.items = sizedTo(d.rows, n), sizedTo(d.spare, n), sizedTo(d.items, n)
	d.keys, d.ages = sizedTo(d.keys, n), sizedTo(d.ages, n)
	most := min(l.q.Teams*l.q.TeamSize+1, maxSize)
	known := map[string]int32{}
	for i := range l.pool.Tickets {
		t := &l.pool.Tickets[i]
		d.rows[i] = radix.Row{By: radix.Nanos(t.Since), Index: int32(i)}
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

// sortByAge sorts the rows by age, and equally old ones by ID.
func (d *drafts) sortByAge(tickets []Ticket) {
	radix.Sort(d.rows, d.spare)
	for run := range radix.Runs(d.rows, 0) {
		slices.SortFunc(run, func(a, b radix.Row) int { return cmp.Compare(tickets[a.Index].ID, tickets[b.Index].ID) })
	}
}

const (
	// largePool is the size from which tickets of a similar age are served in pool order. Then the neighbours of one
	// ticket are still in the processor's cache for the next one. By age the tickets form ageGroups groups.
	largePool = 1 << 16
	ageGroups = 16
)

// orderByAge lists the positions in the order in which they are served.
func (l *sortedPool) orderByAge() {
	n, group := len(l.items), 1
	if n >= largePool {
		group = (n + ageGroups - 1) / ageGroups
	}
	l.byAge = sizedTo(l.byAge, n)
	next := l.drafts.keys[:0] // by group: index of its next position; the drafts are no longer needed
	for first := 0; first < n; first += group {
		next = append(next, int32(first))
	}
	for at := range l.items {
		g := int(l.items[at].age) / group
		l.byAge[next[g]] = int32(at)
		next[g]++
	}
}

// sizedTo returns a slice of length n. It reuses the memory of old if that is enough.
func sizedTo[T any](old []T, n int) []T { return slices.Grow(old[:0], n)[:n] }
