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
	now     time.Time
	q       Queue
	pool    Pool
	proceed func() bool
	made    []Match
	slots   []Placement // memory for the placements of the next matches

	items   []item
	tickets []int32   // by position: index into the pool's tickets
	keys    []int32   // by position: rank of the key
	near    []uint64  // by position: regions within the bound; nil without regions
	apart   [][]int32 // by position: those that must not be in a match with it; nil where nobody is to be kept apart
	places  []int32   // by ticket: its position
	matchOf []int32   // by position: its match, or -1; nil in large pools
	byAge   []int32   // positions, oldest first; see serveByAge

	credit   int    // steps of searching that are left for more than a good match
	effort   int    // steps of packing before searches become shorter
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

	sizes     [][]int   // scratch: those found by size, oldest first
	kinds     []int     // scratch: the sizes there are, the largest first
	used      []int     // scratch: how many of each size the packing has taken
	pick      []picked  // scratch: the packing
	steps     int       // that the packing has left
	split     split     // scratch: the search for even teams
	order     []int     // scratch: regions of an anchor, nearest first
	bySkill   []int     // scratch: those found, by skill
	stretches []stretch // scratch: parts of them

	rows, rowsToo []ranked // scratch: sorting
	keyOf, ageOf  []int32  // by ticket: rank of the key, and by age
	drafts        []item   // by ticket: its item
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
	f.byAge = sizedTo(f.byAge, n)
	f.bounds, f.credit = [2]int{max(q.Parity.Diff, 0), math.MaxInt}, creditFloor+n/creditShare
	f.sizes, f.used = make([][]int, q.TeamSize+1), make([]int, q.TeamSize+1)
	f.split.sums, f.split.largest = make([]float64, q.Teams), make([]int, q.Teams)
	f.care, f.effort = careMost, effortFloor+effortShare*n
	f.setTeam(q.TeamSize)
	f.arrange()
	f.serveByAge()
	if n <= thoroughMost {
		f.matchOf = slices.Repeat([]int32{-1}, n)
	}
	f.keepApart()
	f.findRegions()
	f.linkAll()
	return f
}

// done gives the memory back. What was made is the caller's.
func (f *pass) done() {
	f.pool, f.proceed, f.made, f.slots, f.near, f.apart, f.matchOf, f.lean = Pool{}, nil, nil, nil, nil, nil, nil, false
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
	f.apart = make([][]int32, len(f.items))
	for _, pair := range f.pool.Apart {
		a, b := f.places[pair[0]], f.places[pair[1]]
		f.apart[a], f.apart[b] = append(f.apart[a], b), append(f.apart[b], a)
	}
}

// enemies are the positions that must not be in a match with one.
func (f *pass) enemies(at int) []int32 {
	if f.apart == nil {
		return nil
	}
	return f.apart[at]
}

func (f *pass) areApart(a, b int) bool {
	ofA, ofB := f.enemies(a), f.enemies(b)
	if len(ofA) < len(ofB) {
		return slices.Contains(ofA, int32(b))
	}
	return slices.Contains(ofB, int32(a))
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
