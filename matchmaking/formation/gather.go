package formation

import "math"

// reset empties what was found but for the anchor, and starts to look around a centre,
// which is the anchor itself or a ticket that the anchor accepts and that accepts it.
func (f *pass) reset(anchor, centre int) {
	f.found = append(f.found[:0], anchor)
	f.seats, f.seen = f.size(anchor), 0
	if centre != anchor {
		f.found = append(f.found, centre)
		f.seats += f.size(centre)
	}
	f.down, f.up = int(f.items[centre].prev), int(f.items[centre].next)
}

// gather adds the nearest unmatched tickets that the centre accepts and that accept it,
// until there are the seats; of those that are equally far it takes as many again. It reports
// whether there may be more of them; going on with more seats goes on where it stopped.
func (f *pass) gather(centre, seats int) (more bool) {
	last := 0.0
	for f.seen < f.limit {
		at, d := f.nearest(centre)
		if math.IsInf(d, 1) {
			return false
		}
		if f.seats >= seats && (d > last || f.seats >= 2*seats) {
			return true
		}
		last = d
		f.seen++
		f.goOn(centre, at)
		// The centre accepts it, but it may not have waited long enough to accept the centre.
		if d <= f.items[at].window && at != f.found[0] && f.welcome(f.found[0], at) {
			f.found = append(f.found, at)
			f.seats += f.size(at)
		}
	}
	return true
}

// sizesReach is how many tickets around one are looked at for those of each size in large pools; in others
// all of them are.
const sizesReach = 256

// gatherSizes gathers the nearest tickets of each size, as many as a match could use: a crowd of one size
// around the anchor does not hide those that would complete it. It reports whether there are enough for a
// match.
func (f *pass) gatherSizes(anchor int) bool {
	f.reset(anchor, anchor)
	wanted, all := f.used, 0 // by size
	for s := 1; s <= f.team; s++ {
		wanted[s] = (f.capacity - f.size(anchor)) / s
		all += wanted[s]
	}
	reach := sizesReach
	if f.matchOf != nil {
		reach = thoroughMost
	}
	for range reach {
		at, d := f.nearest(anchor)
		if all == 0 || math.IsInf(d, 1) {
			break
		}
		f.goOn(anchor, at)
		if d <= f.items[at].window && f.welcome(anchor, at) && wanted[f.size(at)] > 0 {
			f.found = append(f.found, at)
			f.seats += f.size(at)
			wanted[f.size(at)]--
			all--
		}
	}
	return f.seats >= f.capacity
}

// nearest is the next ticket to look at around a centre, on the side where it is nearer, and how far it is.
func (f *pass) nearest(centre int) (at int, d float64) {
	at, d = f.down, f.distance(centre, f.down)
	if up := f.distance(centre, f.up); up < d {
		at, d = f.up, up
	}
	return at, d
}

// goOn goes on behind a ticket on its side of the centre.
func (f *pass) goOn(centre, at int) {
	if at < centre {
		f.down = int(f.items[at].prev)
	} else {
		f.up = int(f.items[at].next)
	}
}

// welcome reports whether a ticket may be in the match that is tried around an anchor,
// as far as skill does not decide that.
func (f *pass) welcome(anchor, at int) bool {
	return f.size(at) <= f.team && (f.near == nil || f.near[at]&f.region != 0) && !f.areApart(anchor, at)
}

// distance is how far the ticket at a position is from the centre; +Inf where the centre
// itself would refuse it, and then everything beyond it too. Without skill the
// order is by age, and nearness in age is as good as any.
func (f *pass) distance(centre, at int) float64 {
	if at < 0 {
		return math.Inf(1)
	}
	if f.q.NoSkill {
		return math.Abs(float64(at - centre))
	}
	if d := math.Abs(f.items[at].skill - f.items[centre].skill); d <= f.items[centre].window {
		return d
	}
	return math.Inf(1)
}
