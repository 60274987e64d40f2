package formation

import (
	"math"
	"time"
)

// item is a ticket as a search sees it.
type item struct {
	skill      float64
	window     float64
	next, prev int32 // neighbouring unmatched positions of its key; -1 is beyond
	age        int32 // rank by age, 0 = oldest
	size       int16
	matched    bool
}

// pass is the working state of Form. Items stand in the order (key, skill, age), so that
// neighbours in skill are neighbours in memory: with many tickets, memory is what a
// pass waits for. A position is an index into items; unmatched ones of a key are linked.
type pass struct {
	now      time.Time
	q        Queue
	pool     Pool
	items    []item
	tickets  []int32           // by position: index into the pool's tickets
	keys     []int32           // by position: rank of the key
	near     []uint64          // by position: regions within the bound; nil without regions
	apart    map[int32][]int32 // by position: positions that must not be in its match
	byAge    []int32           // positions, oldest first
	bounds   [2]int            // differences of group size: as the queue wants it, and any
	credit   int               // other centres that may still be tried
	team     int               // seats of a team in the match that is tried
	capacity int               // seats of all teams in it
	diff     int               // most difference of its teams' largest tickets
	region   uint64            // where it is to be played; a bit of near

	found    []int // scratch: positions around the anchor, the anchor first
	seats    int   // scratch: of those found
	down, up int   // scratch: the next positions to look at, on both sides
	seen     int   // scratch: positions looked at
	limit    int   // most positions looked at

	sized []sized // all tickets by size; nil until somebody asks

	sizes [][]int  // scratch: those found by size, oldest first
	used  []int    // scratch: how many of each size the packing has taken
	pick  []picked // scratch: the packing
	steps int
	split split // scratch: the search for even teams
	order []int // scratch: regions of an anchor, nearest first
}

type picked struct{ at, team int }

// maxSize is the largest size that items can hold; nothing larger is ever placed.
const maxSize = math.MaxInt16

func newPass(now time.Time, q Queue, p Pool) *pass {
	n := len(p.Tickets)
	f := &pass{
		now: now, q: q, pool: p,
		items: make([]item, n), tickets: make([]int32, n), keys: make([]int32, n), byAge: make([]int32, n),
		bounds: [2]int{max(q.Parity.Diff, 0), math.MaxInt}, credit: asideFloor + n/asideShare,
		sizes: make([][]int, q.TeamSize+1), used: make([]int, q.TeamSize+1), split: split{sums: make([]float64, q.Teams), largest: make([]int, q.Teams)},
	}
	f.setTeam(q.TeamSize)
	byAge, bySkill, keys := arrange(q, p.Tickets)
	places := make([]int32, n)
	for at, r := range bySkill {
		t := &p.Tickets[r.ticket]
		places[r.ticket] = int32(at)
		f.tickets[at], f.keys[at] = r.ticket, keys[r.ticket]
		f.items[at] = item{
			window: windowAt(q, now.Sub(t.Since)), size: int16(min(max(t.Size, 0), f.capacity+1, maxSize)),
			next: int32(at + 1), prev: int32(at - 1),
		}
		if at == n-1 || keys[bySkill[at+1].ticket] != keys[r.ticket] {
			f.items[at].next = -1
		}
		if at > 0 && f.keys[at-1] != f.keys[at] {
			f.items[at].prev = -1
		}
		if !q.NoSkill {
			f.items[at].skill = t.Skill
		}
	}
	for age, r := range byAge {
		at := places[r.ticket]
		f.byAge[age], f.items[at].age = at, int32(age)
	}
	f.keepApart(places)
	f.findRegions()
	// A ticket that no team can take must not stand in the others' way.
	for at := range f.items {
		if !f.fits(at) {
			f.unlink(at)
		}
	}
	return f
}

// setTeam sets the size of the teams that are tried.
func (f *pass) setTeam(size int) {
	f.team, f.capacity = size, f.q.Teams*size
	f.limit = max(lookFloor, lookFactor*f.capacity)
}

// keepApart notes which positions must not meet.
func (f *pass) keepApart(places []int32) {
	if len(f.pool.Apart) == 0 {
		return
	}
	f.apart = make(map[int32][]int32, 2*len(f.pool.Apart))
	for _, pair := range f.pool.Apart {
		a, b := places[pair[0]], places[pair[1]]
		f.apart[a], f.apart[b] = append(f.apart[a], b), append(f.apart[b], a)
	}
}

// windowAt is the reach of a ticket that has waited for so long.
func windowAt(q Queue, waited time.Duration) float64 {
	if q.NoSkill {
		return math.Inf(1)
	}
	w := q.Window + q.WidenPerSec*max(0, waited.Seconds())
	if q.MaxWindow > 0 {
		w = min(w, q.MaxWindow)
	}
	return w
}

func (f *pass) ticket(at int) *Ticket { return &f.pool.Tickets[f.tickets[at]] }

func (f *pass) waited(at int) time.Duration { return f.now.Sub(f.ticket(at).Since) }

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
	if it.next >= 0 {
		f.items[it.next].prev = it.prev
	}
}

func (f *pass) take(at int) {
	f.items[at].matched = true
	if f.fits(at) {
		f.unlink(at)
	}
}
