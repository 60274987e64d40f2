package formation

import (
	"iter"
	"math"
)

const (
	// lookFactor and lookFloor limit how many tickets around one are looked at: enough for a choice, but few enough for
	// a linear pass.
	lookFactor = 3
	lookFloor  = 24
	// sizesReach is how many tickets around one are looked at for each size in large pools; in small pools it is all.
	sizesReach = 256
)

// gathering collects the tickets of which a match might be made.
type gathering struct {
	sorted *sortedPool
	*trial

	found    []int // positions around the anchor, the anchor first
	seats    int   // of the found tickets
	centre   int   // the position around which it looks
	down, up int   // the next positions to look at, on both sides
	seen     int   // positions looked at
	wanted   []int // scratch: by size, how many more tickets
}

// reset drops all found tickets except the anchor, and starts to look around a centre. The centre is the anchor, or a
// ticket that accepts the anchor and is accepted by it.
func (g *gathering) reset(anchor, centre int) {
	g.setFound(anchor)
	if centre != anchor {
		g.add(centre)
	}
	g.centre, g.seen = centre, 0
	g.down, g.up = int(g.sorted.items[centre].prev), int(g.sorted.items[centre].next)
}

// around gathers tickets around a centre until there are enough seats.
func (g *gathering) around(anchor, centre, seats int) {
	g.reset(anchor, centre)
	g.addNearest(seats)
}

// setFound sets the found tickets to the anchor and some others.
func (g *gathering) setFound(anchor int, others ...int) {
	g.found, g.seats = append(g.found[:0], anchor), g.sorted.size(anchor)
	for _, at := range others {
		if at != anchor {
			g.add(at)
		}
	}
}

func (g *gathering) add(at int) {
	g.found = append(g.found, at)
	g.seats += g.sorted.size(at)
}

// outward yields the next tickets around the centre and their distance, the nearer side first. A caller that stops at a
// ticket gets it again first on the next call.
func (g *gathering) outward() iter.Seq2[int, float64] {
	return func(yield func(at int, d float64) bool) {
		l, centre := g.sorted, g.centre
		for {
			at, d := g.down, l.distance(centre, g.down)
			if up := l.distance(centre, g.up); up < d {
				at, d = g.up, up
			}
			if math.IsInf(d, 1) || !yield(at, d) {
				return
			}
			if at < centre {
				g.down = int(l.items[at].prev)
			} else {
				g.up = int(l.items[at].next)
			}
		}
	}
}

// addNearest adds the nearest unmatched tickets that accept the centre and are accepted by it, until there are enough
// seats. Of equally far tickets it adds up to twice the seats. It reports whether there may be more. The next call with
// more seats continues where it stopped.
func (g *gathering) addNearest(seats int) (more bool) {
	last, most := 0.0, max(lookFloor, lookFactor*g.capacity)
	for at, d := range g.outward() {
		if g.seen >= most || g.seats >= seats && (d > last || g.seats >= 2*seats) {
			return true
		}
		last = d
		g.seen++
		if g.acceptable(g.found[0], at, d) {
			g.add(at)
		}
	}
	return g.seen >= most
}

// ofEachSize gathers the nearest tickets of each size, as many as a match could use. So a crowd of one size around the
// anchor does not hide tickets that would complete it.
func (g *gathering) ofEachSize(anchor int) {
	g.reset(anchor, anchor)
	g.wanted = sizedTo(g.wanted, g.teamSize+1)
	all := 0
	for size := 1; size <= g.teamSize; size++ {
		g.wanted[size] = (g.capacity - g.seats) / size
		all += g.wanted[size]
	}
	reach := sizesReach
	if g.sorted.isSmall() {
		reach = smallPoolSize
	}
	for at, d := range g.outward() {
		if reach--; reach < 0 || all == 0 {
			return
		}
		if size := g.sorted.size(at); size <= g.teamSize && g.wanted[size] > 0 && g.acceptable(anchor, at, d) {
			g.add(at)
			g.wanted[size]--
			all--
		}
	}
}

// acceptable reports whether a ticket may be in the match that is tried around the anchor. The centre already accepts
// it at distance d. The ticket must accept the centre too, and it may not have waited long enough for that.
func (g *gathering) acceptable(anchor, at int, d float64) bool {
	l := g.sorted
	return d <= l.items[at].window && at != anchor && l.size(at) <= g.teamSize && (l.regionBits == nil || l.regionBits[at]&g.region != 0) && !l.areApart(anchor, at)
}

// canAddUp reports whether the found tickets have enough seats, and can add up to the rest of the anchor's team and of
// the match. It is a quick test that rules out most pools without a match.
func (g *gathering) canAddUp() bool {
	if g.seats < g.capacity {
		return false
	}
	if g.capacity > 63 {
		return true
	}
	sums := uint64(1) // bit n: some of the tickets have n seats together
	for _, at := range g.found[1:] {
		sums |= sums << g.sorted.items[at].size
	}
	size := g.sorted.size(g.found[0])
	return sums>>(g.teamSize-size)&1 != 0 && sums>>(g.capacity-size)&1 != 0
}
