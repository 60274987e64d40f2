package formation

import (
	"iter"
	"math"
	"slices"
	"time"
)

// item is a ticket as a search sees it.
type item struct {
	skill      float64
	window     float64
	next, prev int32 // neighbouring unmatched positions of its key; -1 for none
	age        int32 // rank by age, 0 = oldest
	size       int16
	matched    bool
}

// weight is what a ticket adds to its team's sum of skill.
func (it *item) weight() float64 { return it.skill * float64(it.size) }

// maxSize is the largest size that an item can hold. Larger tickets are never placed.
const maxSize = math.MaxInt16

// sortedPool is a pool with its items in the order (key, skill, age). So neighbours in skill are neighbours in memory:
// with many tickets, a pass mostly waits for memory. A position indexes items. Unmatched items of a key are linked.
type sortedPool struct {
	now  time.Time
	q    Queue
	pool Pool

	items      []item
	tickets    []int32   // by position: index into the pool's tickets
	keys       []int32   // by position: rank of the key
	regionBits []uint64  // by position: regions within the limit; nil without regions
	apart      [][]int32 // by position: positions that must not be in a match with it; nil without blocks
	positions  []int32   // by ticket: its position
	byAge      []int32   // positions, oldest first; see orderByAge
	drafts     drafts
}

// build sorts a pool and indexes it.
func (l *sortedPool) build(now time.Time, q Queue, p Pool) {
	l.now, l.q, l.pool = now, q, p
	l.arrange()
	l.orderByAge()
	l.indexApart()
	l.findRegions()
	l.link()
}

// indexApart stores which positions must not meet.
func (l *sortedPool) indexApart() {
	if len(l.pool.Apart) == 0 {
		return
	}
	l.apart = make([][]int32, len(l.items))
	for _, pair := range l.pool.Apart {
		a, b := l.positions[pair[0]], l.positions[pair[1]]
		l.apart[a], l.apart[b] = append(l.apart[a], b), append(l.apart[b], a)
	}
}

func (l *sortedPool) findRegions() {
	if len(l.q.Latency.Regions) == 0 {
		return
	}
	l.regionBits = make([]uint64, len(l.items))
	for at := range l.items {
		l.regionBits[at] = l.q.regionsWithin(l.ticket(at), l.waited(at))
	}
}

// link links the unmatched neighbours of a key. It leaves out tickets that no team can take.
func (l *sortedPool) link() {
	last := int32(-1)
	for at := range l.items {
		it := &l.items[at]
		if at > 0 && l.keys[at] != l.keys[at-1] {
			last = -1
		}
		it.prev, it.next = -1, -1
		if it.matched || !l.fitsTeam(at) {
			continue
		}
		if it.prev = last; last >= 0 {
			l.items[last].next = int32(at)
		}
		last = int32(at)
	}
}

// oldestFirst yields the positions in the order in which they are served, until the budget is used up.
func (l *sortedPool) oldestFirst(proceed func() bool) iter.Seq[int] {
	return func(yield func(int) bool) {
		for n, at := range l.byAge {
			if proceed != nil && n%16 == 0 && !proceed() || !yield(int(at)) {
				return
			}
		}
	}
}

func (l *sortedPool) ticket(at int) *Ticket { return &l.pool.Tickets[l.tickets[at]] }

func (l *sortedPool) waited(at int) time.Duration { return l.now.Sub(l.ticket(at).Since) }

func (l *sortedPool) size(at int) int { return int(l.items[at].size) }

// fitsTeam reports whether a team can take the ticket at a position at all.
func (l *sortedPool) fitsTeam(at int) bool {
	return l.items[at].size >= 1 && l.size(at) <= l.q.TeamSize
}

// isSmall reports whether there are so few tickets that everything may be tried for each of them.
func (l *sortedPool) isSmall() bool { return len(l.items) <= smallPoolSize }

// markMatched marks a ticket as matched and unlinks it from its unmatched neighbours.
func (l *sortedPool) markMatched(at int) {
	it := &l.items[at]
	it.matched = true
	if it.prev >= 0 {
		l.items[it.prev].next = it.next
	}
	if it.next >= 0 {
		l.items[it.next].prev = it.prev
	}
}

// distance is how far the ticket at a position is from the centre; +Inf if the centre refuses it, and then also
// everything beyond it. Without skill the order is by age, and the distance is counted in tickets.
func (l *sortedPool) distance(centre, at int) float64 {
	if at < 0 {
		return math.Inf(1)
	}
	if l.q.NoSkill {
		return math.Abs(float64(at - centre))
	}
	return l.skillDistance(centre, l.items[at].skill)
}

// skillDistance is how far a skill is from that of a ticket; +Inf beyond the ticket's window.
func (l *sortedPool) skillDistance(at int, skill float64) float64 {
	if d := math.Abs(skill - l.items[at].skill); d <= l.items[at].window {
		return d
	}
	return math.Inf(1)
}

// apartFrom returns the positions that must not be in a match with this one.
func (l *sortedPool) apartFrom(at int) []int32 {
	if l.apart == nil {
		return nil
	}
	return l.apart[at]
}

func (l *sortedPool) areApart(a, b int) bool {
	ofA, ofB := l.apartFrom(a), l.apartFrom(b)
	if len(ofA) < len(ofB) {
		return slices.Contains(ofA, int32(b))
	}
	return slices.Contains(ofB, int32(a))
}
