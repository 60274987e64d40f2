package formation

import (
	"cmp"
	"slices"
)

// stretch is a run of those found, in the order of skill, that has the anchor in it.
type stretch struct {
	from, to int
	apart    float64
}

// tightSeats is how many tickets around a centre are looked at, in matches.
const tightSeats = 3

// tighten finds, of those around a centre, the match with the anchor that spans least: it tries
// the runs of them that have the seats, the narrowest first.
func (f *pass) tighten(anchor, centre int) bool {
	f.reset(anchor, centre)
	f.gather(centre, tightSeats*f.capacity)
	if f.seats < f.capacity {
		return false
	}
	if f.care--; !f.adds(anchor) {
		return false
	}
	all := append(f.bySkill[:0], f.found...)
	slices.Sort(all)
	f.bySkill = all
	f.cut(anchor)
	for _, s := range f.stretches {
		f.found = append(f.found[:0], anchor)
		for _, at := range all[s.from : s.to+1] {
			if at != anchor {
				f.found = append(f.found, at)
			}
		}
		if !f.adds(anchor) {
			continue
		}
		if f.credit--; f.credit <= 0 {
			return false
		}
		if f.suits(anchor, centre) {
			return true
		}
	}
	return false
}

// cut lists the stretches that have the seats of a match, and up to twice as many.
func (f *pass) cut(anchor int) {
	home := slices.Index(f.bySkill, anchor)
	f.stretches = f.stretches[:0]
	for from := home; from >= 0; from-- {
		seats := 0
		for to := from; to < len(f.bySkill) && seats <= 2*f.capacity; to++ {
			if seats += f.size(f.bySkill[to]); seats >= f.capacity && to >= home {
				f.stretches = append(f.stretches, stretch{from, to, f.items[f.bySkill[to]].skill - f.items[f.bySkill[from]].skill})
			}
		}
	}
	// Of those as narrow as each other the one with most to choose from goes first.
	slices.SortFunc(f.stretches, func(a, b stretch) int {
		return cmp.Or(cmp.Compare(a.apart, b.apart), cmp.Compare(b.to-b.from, a.to-a.from), cmp.Compare(a.from, b.from))
	})
}
