package formation

import (
	"math"
	"sort"
)

// sized are the tickets of one size, in the order of their positions. Matched ones are
// passed over, and every walk over them makes the next one shorter.
type sized struct {
	at       []int32 // positions
	up, down []int32 // where to go on from an index that is matched
}

// bySize sorts the tickets that some team can take by size.
func (f *pass) bySize() []sized {
	all := make([]sized, f.q.TeamSize+1)
	for at := range f.items {
		if f.fits(at) && !f.items[at].matched {
			z := &all[f.size(at)]
			z.at = append(z.at, int32(at))
		}
	}
	for s := range all {
		z := &all[s]
		z.up, z.down = make([]int32, len(z.at)), make([]int32, len(z.at))
		for i := range z.at {
			z.up[i], z.down[i] = int32(i+1), int32(i-1)
		}
	}
	return all
}

// above is the first index from i on whose ticket is unmatched, or beyond the last.
func (z *sized) above(f *pass, i int) int {
	end := i
	for end < len(z.at) && f.items[z.at[end]].matched {
		end = int(z.up[end])
	}
	for i < end {
		i, z.up[i] = int(z.up[i]), int32(end)
	}
	return end
}

// below is the last index up to i whose ticket is unmatched, or -1.
func (z *sized) below(f *pass, i int) int {
	end := i
	for end >= 0 && f.items[z.at[end]].matched {
		end = int(z.down[end])
	}
	for i > end {
		i, z.down[i] = int(z.down[i]), int32(end)
	}
	return end
}

// gatherSizes gathers the nearest tickets of each size, as many as a match could use: a crowd of one size
// around the anchor does not hide those that would complete it. It reports whether there are enough for a
// match.
func (f *pass) gatherSizes(anchor int) bool {
	if f.sized == nil {
		f.sized = f.bySize()
	}
	f.found, f.seats = append(f.found[:0], anchor), f.size(anchor)
	for s := 1; s <= f.team; s++ {
		z := &f.sized[s]
		wanted := (f.capacity - f.size(anchor)) / s
		i := sort.Search(len(z.at), func(i int) bool { return int(z.at[i]) > anchor })
		up, down := z.above(f, i), z.below(f, i-1)
		for looked := 0; wanted > 0 && looked < f.limit; looked++ {
			dDown, dUp := f.distanceTo(anchor, z, down), f.distanceTo(anchor, z, up)
			d := min(dDown, dUp)
			if math.IsInf(d, 1) {
				break
			}
			var at int
			if dDown <= dUp {
				at, down = int(z.at[down]), z.below(f, down-1)
			} else {
				at, up = int(z.at[up]), z.above(f, up+1)
			}
			if at != anchor && d <= f.items[at].window && f.welcome(anchor, at) {
				f.found = append(f.found, at)
				f.seats += s
				wanted--
			}
		}
	}
	return f.seats >= f.capacity
}

func (f *pass) distanceTo(anchor int, z *sized, i int) float64 {
	if i < 0 || i >= len(z.at) || f.keys[z.at[i]] != f.keys[anchor] {
		return math.Inf(1)
	}
	return f.distance(anchor, int(z.at[i]))
}
