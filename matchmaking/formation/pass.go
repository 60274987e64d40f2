package formation

import (
	"math"
	"slices"
	"sync"
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
	now   time.Time
	q     Queue
	pool  Pool
	made  []Match
	slots []Placement // memory for the placements of the next matches

	items   []item
	tickets []int32           // by position: index into the pool's tickets
	keys    []int32           // by position: rank of the key
	near    []uint64          // by position: regions within the bound; nil without regions
	apart   map[int32][]int32 // by position: positions that must not be in its match
	places  []int32           // by ticket: its position
	matchOf []int32           // by position: its match, or -1; nil in large pools
	byAge   []int32           // positions, oldest first

	credit   int    // steps of searching that are left for more than a good match
	care     int    // tickets of a large pool around which the best match is still looked for
	lean     bool   // search for a good match only
	bounds   [2]int // differences of group size: as the queue wants it, and any
	team     int    // seats of a team in the match that is tried
	capacity int    // seats of all teams in it
	diff     int    // most difference of its teams' largest tickets
	region   uint64 // where it is to be played; a bit of near

	found    []int // scratch: positions around the anchor, the anchor first
	seats    int   // scratch: of those found
	down, up int   // scratch: the next positions to look at, on both sides
	seen     int   // scratch: positions looked at
	limit    int   // most positions looked at

	sized []sized // all tickets by size; nil until somebody asks

	sizes     [][]int  // scratch: those found by size, oldest first
	used      []int    // scratch: how many of each size the packing has taken
	pick      []picked // scratch: the packing
	steps     int
	split     split     // scratch: the search for even teams
	order     []int     // scratch: regions of an anchor, nearest first
	bySkill   []int     // scratch: those found, by skill
	stretches []stretch // scratch: parts of them

	rows, rowsToo []ranked // scratch: sorting
	keyOf         []int32  // by ticket: rank of the key
	keyCount      int
}

type picked struct{ at, team int }

// maxSize is the largest size that items can hold; nothing larger is ever placed.
const maxSize = math.MaxInt16

// passes keeps the memory of passes that are over for the next ones.
var passes = sync.Pool{New: func() any { return new(pass) }}

func newPass(now time.Time, q Queue, p Pool) *pass {
	n := len(p.Tickets)
	f := passes.Get().(*pass)
	f.now, f.q, f.pool = now, q, p
	f.items, f.tickets, f.keys = sizedTo(f.items, n), sizedTo(f.tickets, n), sizedTo(f.keys, n)
	f.places, f.byAge = sizedTo(f.places, n), sizedTo(f.byAge, n)
	f.bounds, f.credit = [2]int{max(q.Parity.Diff, 0), math.MaxInt}, creditFloor+n/creditShare
	f.sizes, f.used = make([][]int, q.TeamSize+1), make([]int, q.TeamSize+1)
	f.split.sums, f.split.largest = make([]float64, q.Teams), make([]int, q.Teams)
	f.care = careMost
	f.setTeam(q.TeamSize)
	f.arrange()
	for at, r := range f.rows {
		f.tickets[at], f.keys[at], f.places[r.ticket] = r.ticket, f.keyOf[r.ticket], int32(at)
	}
	for i := range p.Tickets { // in their order, because each of them is larger than an item
		t := &p.Tickets[i]
		it := &f.items[f.places[i]]
		it.window, it.size, it.matched = windowAt(q, now.Sub(t.Since)), int16(min(max(t.Size, 0), f.capacity+1, maxSize)), false
		if it.skill = t.Skill; q.NoSkill {
			it.skill = 0
		}
	}
	for age, ticket := range f.byAge {
		at := f.places[ticket]
		f.byAge[age], f.items[at].age = at, int32(age)
	}
	if n <= thoroughMost {
		f.matchOf = slices.Repeat([]int32{-1}, n)
	}
	f.keepApart()
	f.findRegions()
	f.linkAll()
	f.serveByKey()
	return f
}

// done gives the memory back. What was made is the caller's.
func (f *pass) done() {
	f.pool, f.made, f.slots, f.near, f.apart, f.matchOf, f.sized, f.lean = Pool{}, nil, nil, nil, nil, nil, nil, false
	passes.Put(f)
}

// linkAll links the neighbours of a key. A ticket that no team can take must not stand in the
// others' way.
func (f *pass) linkAll() {
	last := int32(-1)
	for i := range f.items {
		it := &f.items[i]
		if i > 0 && f.keys[i] != f.keys[i-1] {
			last = -1
		}
		it.prev, it.next = last, -1
		if !f.fits(i) {
			continue
		}
		if last >= 0 {
			f.items[last].next = int32(i)
		}
		last = int32(i)
	}
}

// setTeam sets the size of the teams that are tried.
func (f *pass) setTeam(size int) {
	f.team, f.capacity = size, f.q.Teams*size
	f.limit = max(lookFloor, lookFactor*f.capacity)
}

// keepApart notes which positions must not meet.
func (f *pass) keepApart() {
	if len(f.pool.Apart) == 0 {
		return
	}
	f.apart = make(map[int32][]int32, 2*len(f.pool.Apart))
	for _, pair := range f.pool.Apart {
		a, b := f.places[pair[0]], f.places[pair[1]]
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

func (f *pass) take(at int) {
	it := &f.items[at]
	it.matched = true
	if !f.fits(at) {
		return
	}
	if it.prev >= 0 {
		f.items[it.prev].next = it.next
	}
	if it.next >= 0 {
		f.items[it.next].prev = it.prev
	}
}
