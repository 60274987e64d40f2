package formation

import (
	"cmp"
	"iter"
	"math"
	"slices"
	"time"
)

// item is a ticket as a pass sees it.
type item struct {
	skill      float64
	window     float64
	size       int32
	key        int32 // rank of the ticket's key
	ticket     int32 // index into the caller's tickets
	age        int32 // rank by age, 0 = oldest
	next, prev int32 // neighbouring unmatched positions; -1 and the number of items are beyond
	matched    bool
}

// pass is the working state of Form. Items stand in the order (key, skill, age), so that
// neighbours in skill are neighbours in memory: with many tickets, memory is what a
// pass waits for. A position is an index into items; unmatched ones are linked.
type pass struct {
	q        Queue
	capacity int
	items    []item
	byAge    []int32 // positions, oldest first

	pool     []int // scratch: positions around the anchor
	seats    int   // scratch: of the pool
	down, up int   // scratch: the next positions to look at, on both sides
	seen     int   // scratch: positions looked at
	limit    int   // most positions looked at

	sized []sized // all tickets by size; nil until somebody asks

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
		items: make([]item, len(tickets)), byAge: make([]int32, len(tickets)),
		sizes: make([][]int, q.TeamSize+1), used: make([]int, q.TeamSize+1), split: split{sums: make([]float64, q.Teams)},
	}
	byAge, bySkill, keys := arrange(q, tickets)
	for at, r := range bySkill {
		t := &tickets[r.ticket]
		f.items[at] = item{
			window: windowOf(now, q, *t), size: int32(min(max(t.Size, 0), f.capacity+1)), key: keys[r.ticket], ticket: r.ticket,
			next: int32(at + 1), prev: int32(at - 1),
		}
		if !q.NoSkill {
			f.items[at].skill = t.Skill
		}
	}
	places := make([]int32, len(tickets))
	for at := range f.items {
		places[f.items[at].ticket] = int32(at)
	}
	for age, r := range byAge {
		at := places[r.ticket]
		f.byAge[age], f.items[at].age = at, int32(age)
	}
	// A ticket that no team can take must not stand in the others' way.
	for at := range f.items {
		if !f.fits(at) {
			f.unlink(at)
		}
	}
	return f
}

// oldest is every position with its rank by age, oldest first.
func (f *pass) oldest() iter.Seq2[int, int] {
	return func(yield func(int, int) bool) {
		for rank, at := range f.byAge {
			if !yield(rank, int(at)) {
				return
			}
		}
	}
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

func (f *pass) size(at int) int { return int(f.items[at].size) }

// fits reports whether a team can take the ticket at a position at all.
func (f *pass) fits(at int) bool {
	return f.items[at].size >= 1 && f.size(at) <= f.q.TeamSize
}

func (f *pass) unlink(at int) {
	it := &f.items[at]
	if it.prev >= 0 {
		f.items[it.prev].next = it.next
	}
	if int(it.next) < len(f.items) {
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
// accept it, until the pool has the seats. It reports whether there may be more of them;
// going on with more seats goes on where it stopped.
func (f *pass) gather(anchor, seats int) (more bool) {
	for f.seats < seats && f.seen < f.limit {
		f.seen++
		dDown, okDown := f.distance(anchor, f.down)
		dUp, okUp := f.distance(anchor, f.up)
		var at int
		var d float64
		switch {
		case okDown && (!okUp || dDown <= dUp):
			at, d, f.down = f.down, dDown, int(f.items[f.down].prev)
		case okUp:
			at, d, f.up = f.up, dUp, int(f.items[f.up].next)
		default:
			return false
		}
		if d > f.items[at].window {
			continue // the anchor accepts it, but it has not waited long enough to accept the anchor
		}
		f.pool = append(f.pool, at)
		f.seats += f.size(at)
	}
	return true
}

// reset empties the pool but for the anchor.
func (f *pass) reset(anchor int) {
	f.pool = append(f.pool[:0], anchor)
	f.seats, f.seen = f.size(anchor), 0
	f.down, f.up = int(f.items[anchor].prev), int(f.items[anchor].next)
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
		s := f.size(at)
		f.sizes[s] = append(f.sizes[s], at)
	}
	f.pick = append(f.pick[:0], picked{at: anchor})
	f.steps = 0
	return f.fill(0, f.q.TeamSize-f.size(anchor), f.q.TeamSize)
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
