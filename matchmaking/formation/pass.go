package formation

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"
)

// item is a ticket as a pass sees it.
type item struct {
	skill, window float64
	size          int
	key           int32 // rank of the ticket's key
	ticket        int   // index into the caller's tickets
	age           int32 // rank by age, 0 = oldest
	next, prev    int   // neighbouring unmatched positions
	matched       bool
}

// pass is the working state of Form. Items stand in the order (key, skill, age), so that
// neighbours in skill are neighbours in memory: with many tickets, memory is what a
// pass waits for. A position is an index into items; unmatched ones are linked.
type pass struct {
	q        Queue
	capacity int
	items    []item
	byAge    []int // positions, oldest first

	pool     []int // scratch: positions around the anchor
	seats    int   // scratch: of the pool
	down, up int   // scratch: the next positions to look at, on both sides
	seen     int   // scratch: positions looked at
	limit    int   // most positions looked at

	sizes [][]int  // scratch: the pool by size, oldest first
	used  []int    // scratch: how many of each size the packing has taken
	pick  []picked // scratch: the packing
	steps int
	split split // scratch: the search for even teams
}

type picked struct{ at, team int }

func newPass(now time.Time, q Queue, tickets []Ticket) *pass {
	f := &pass{
		q: q, capacity: q.Teams * q.TeamSize, limit: max(lookFloor, lookFactor*q.Teams*q.TeamSize),
		items: make([]item, len(tickets)), byAge: make([]int, len(tickets)),
		sizes: make([][]int, q.TeamSize+1), used: make([]int, q.TeamSize+1), split: split{sums: make([]float64, q.Teams)},
	}
	ages, keys := rankByAge(tickets), rankKeys(tickets)
	// Compact rows are sorted rather than items: with many tickets the moving of memory
	// is most of a sort's cost.
	type row struct {
		skill       float64
		key, age, i int32
	}
	rows := make([]row, len(tickets))
	for i, t := range tickets {
		rows[i] = row{key: keys[t.Key], age: ages[i], i: int32(i)}
		if !q.NoSkill {
			rows[i].skill = t.Skill
		}
	}
	slices.SortFunc(rows, func(a, b row) int {
		if a.key != b.key {
			return cmp.Compare(a.key, b.key)
		}
		if c := cmp.Compare(a.skill, b.skill); c != 0 {
			return c
		}
		return cmp.Compare(a.age, b.age)
	})
	for at, r := range rows {
		t := &tickets[r.i]
		f.items[at] = item{skill: r.skill, window: windowOf(now, q, *t), size: t.Size, key: r.key, ticket: int(r.i), age: r.age}
	}
	for at := range f.items {
		f.byAge[f.items[at].age] = at
		f.items[at].next, f.items[at].prev = at+1, at-1
	}
	// A ticket that no team can take must not stand in the others' way.
	for at := range f.items {
		if !f.fits(at) {
			f.unlink(at)
		}
	}
	return f
}

// rankByAge gives every ticket its place among all, oldest first.
func rankByAge(tickets []Ticket) []int32 {
	type row struct {
		since int64
		id    string
		i     int
	}
	rows := make([]row, len(tickets))
	for i, t := range tickets {
		rows[i] = row{t.Since.UnixNano(), t.ID, i}
	}
	slices.SortFunc(rows, func(a, b row) int {
		if a.since != b.since {
			return cmp.Compare(a.since, b.since)
		}
		return cmp.Compare(a.id, b.id)
	})
	ranks := make([]int32, len(tickets))
	for r, row := range rows {
		ranks[row.i] = int32(r)
	}
	return ranks
}

func rankKeys(tickets []Ticket) map[string]int32 {
	keys := map[string]int32{}
	for _, t := range tickets {
		keys[t.Key] = 0
	}
	for r, k := range slices.Sorted(maps.Keys(keys)) {
		keys[k] = int32(r)
	}
	return keys
}

func windowOf(now time.Time, q Queue, t Ticket) float64 {
	if q.NoSkill {
		return math.Inf(1)
	}
	w := q.Window + q.WidenPerSec*max(0, now.Sub(t.Since).Seconds())
	if q.MaxWindow > 0 {
		w = min(w, q.MaxWindow)
	}
	return w
}

// fits reports whether a team can take the ticket at a position at all.
func (f *pass) fits(at int) bool {
	return f.items[at].size >= 1 && f.items[at].size <= f.q.TeamSize
}

func (f *pass) unlink(at int) {
	it := &f.items[at]
	if it.prev >= 0 {
		f.items[it.prev].next = it.next
	}
	if it.next < len(f.items) {
		f.items[it.next].prev = it.prev
	}
}

func (f *pass) take(at int) {
	f.items[at].matched = true
	if f.fits(at) {
		f.unlink(at)
	}
}

// gather adds to the pool the nearest unmatched tickets that the anchor accepts and that
// accept it, until the pool has the seats. It reports whether it has; going on with more
// seats goes on where it stopped.
func (f *pass) gather(anchor, seats int) bool {
	for f.seats < seats && f.seen < f.limit {
		f.seen++
		dDown, okDown := f.distance(anchor, f.down)
		dUp, okUp := f.distance(anchor, f.up)
		var at int
		var d float64
		switch {
		case okDown && (!okUp || dDown <= dUp):
			at, d, f.down = f.down, dDown, f.items[f.down].prev
		case okUp:
			at, d, f.up = f.up, dUp, f.items[f.up].next
		default:
			return false
		}
		if d > f.items[at].window {
			continue // the anchor accepts it, but it has not waited long enough to accept the anchor
		}
		f.pool = append(f.pool, at)
		f.seats += f.items[at].size
	}
	return f.seats >= seats
}

// reset empties the pool but for the anchor.
func (f *pass) reset(anchor int) {
	f.pool = append(f.pool[:0], anchor)
	f.seats, f.seen = f.items[anchor].size, 0
	f.down, f.up = f.items[anchor].prev, f.items[anchor].next
}

// distance is how far the ticket at a position is from the anchor; ok is false where the
// anchor itself would refuse it, and then everything beyond it too. Without skill the
// order is by age, and nearness in age is as good as any.
func (f *pass) distance(anchor, at int) (float64, bool) {
	if at < 0 || at >= len(f.items) || f.items[at].key != f.items[anchor].key {
		return 0, false
	}
	if f.q.NoSkill {
		return math.Abs(float64(at - anchor)), true
	}
	d := math.Abs(f.items[at].skill - f.items[anchor].skill)
	return d, d <= f.items[anchor].window
}

// pack chooses tickets of the pool that fill every team exactly, the anchor among them.
// Of equal sizes the oldest goes first.
func (f *pass) pack(anchor int) bool {
	for s := range f.sizes {
		f.sizes[s], f.used[s] = f.sizes[s][:0], 0
	}
	slices.SortFunc(f.pool[1:], func(a, b int) int { return cmp.Compare(f.items[a].age, f.items[b].age) })
	for _, at := range f.pool[1:] {
		s := f.items[at].size
		f.sizes[s] = append(f.sizes[s], at)
	}
	f.pick = append(f.pick[:0], picked{at: anchor})
	f.steps = 0
	return f.fill(0, f.q.TeamSize-f.items[anchor].size, f.q.TeamSize)
}

// fill packs the rest of one team and then the teams after it. Sizes within a team
// never grow, which tries each combination once.
func (f *pass) fill(team, room, largest int) bool {
	if f.steps++; f.steps > packSteps {
		return false
	}
	if room == 0 {
		if team+1 == f.q.Teams {
			return true
		}
		return f.fill(team+1, f.q.TeamSize, f.q.TeamSize)
	}
	for s := min(room, largest); s >= 1; s-- {
		if f.used[s] == len(f.sizes[s]) {
			continue
		}
		f.pick = append(f.pick, picked{at: f.sizes[s][f.used[s]], team: team})
		f.used[s]++
		if f.fill(team, room-s, s) {
			return true
		}
		f.used[s]--
		f.pick = f.pick[:len(f.pick)-1]
	}
	return false
}
