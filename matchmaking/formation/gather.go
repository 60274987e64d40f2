package formation

import (
	"iter"
	"math"
)

const (
	// lookFactor and lookFloor bound how many tickets around one are looked at: enough to
	// choose from, few enough to keep the pass linear.
	lookFactor = 3
	lookFloor  = 24
	// sizesReach is how many tickets around one are looked at for those of each size in large pools; in others
	// all of them are.
	sizesReach = 256
)

// gathering collects the tickets of which a match might be made.
type gathering struct {
	line *line
	*trial

	found    []int // positions around the anchor, the anchor first
	seats    int   // of those found
	centre   int   // the position around which it looks
	down, up int   // the next positions to look at, on both sides
	seen     int   // positions looked at
	wanted   []int // scratch: how many more of each size
}

// reset empties what was found but for the anchor, and starts to look around a centre,
// which is the anchor itself or a ticket that the anchor accepts and that accepts it.
func (g *gathering) reset(anchor, centre int) {
	g.only(anchor)
	if centre != anchor {
		g.add(centre)
	}
	g.centre, g.seen = centre, 0
	g.down, g.up = int(g.line.items[centre].prev), int(g.line.items[centre].next)
}

// around gathers those around a centre until there are the seats.
func (g *gathering) around(anchor, centre, seats int) {
	g.reset(anchor, centre)
	g.nearby(seats)
}

// only makes the anchor all that was found, with some others.
func (g *gathering) only(anchor int, others ...int) {
	g.found, g.seats = append(g.found[:0], anchor), g.line.size(anchor)
	for _, at := range others {
		if at != anchor {
			g.add(at)
		}
	}
}

func (g *gathering) add(at int) {
	g.found = append(g.found, at)
	g.seats += g.line.size(at)
}

// outward are the next tickets to look at around the centre, the nearer side first, and how far they are.
// Who stops at one starts with it when they go on.
func (g *gathering) outward() iter.Seq2[int, float64] {
	return func(yield func(at int, d float64) bool) {
		l, centre := g.line, g.centre
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

// nearby adds the nearest unmatched tickets that the centre accepts and that accept it,
// until there are the seats; of those that are equally far it takes as many again. It reports
// whether there may be more of them; going on with more seats goes on where it stopped.
func (g *gathering) nearby(seats int) (more bool) {
	last, most := 0.0, max(lookFloor, lookFactor*g.capacity)
	for at, d := range g.outward() {
		if g.seen >= most || g.seats >= seats && (d > last || g.seats >= 2*seats) {
			return true
		}
		last = d
		g.seen++
		if g.welcome(g.found[0], at, d) {
			g.add(at)
		}
	}
	return g.seen >= most
}

// ofEachSize gathers the nearest tickets of each size, as many as a match could use: a crowd of one size
// around the anchor does not hide those that would complete it.
func (g *gathering) ofEachSize(anchor int) {
	g.reset(anchor, anchor)
	g.wanted = sizedTo(g.wanted, g.team+1)
	all := 0
	for size := 1; size <= g.team; size++ {
		g.wanted[size] = (g.capacity - g.seats) / size
		all += g.wanted[size]
	}
	reach := sizesReach
	if g.line.small() {
		reach = thoroughMost
	}
	for at, d := range g.outward() {
		if reach--; reach < 0 || all == 0 {
			return
		}
		if size := g.line.size(at); size <= g.team && g.wanted[size] > 0 && g.welcome(anchor, at, d) {
			g.add(at)
			g.wanted[size]--
			all--
		}
	}
}

// welcome reports whether a ticket that the centre accepts at a distance accepts it in turn, which it may not
// have waited long enough for, and may be in the match that is tried around the anchor.
func (g *gathering) welcome(anchor, at int, d float64) bool {
	l := g.line
	return d <= l.items[at].window && at != anchor && l.size(at) <= g.team && (l.near == nil || l.near[at]&g.region != 0) && !l.areApart(anchor, at)
}

// addUp reports whether those found have enough seats, and can add up to the rest of the anchor's team and
// to the rest of the match, which is quickly seen and mostly settles it where they do not.
func (g *gathering) addUp() bool {
	if g.seats < g.capacity {
		return false
	}
	if g.capacity > 63 {
		return true
	}
	sums := uint64(1) // bit n: some of them have n seats together
	for _, at := range g.found[1:] {
		sums |= sums << g.line.items[at].size
	}
	size := g.line.size(g.found[0])
	return sums>>(g.team-size)&1 != 0 && sums>>(g.capacity-size)&1 != 0
}
