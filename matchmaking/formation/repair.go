package formation

import (
	"cmp"
	"math"
	"slices"
)

const (
	// repairReach is how many neighbours on both sides of such a ticket are looked at,
	// repairMatches how many of their matches are taken apart for it, alone and two together.
	repairReach   = 48
	repairMatches = 6
)

// repair looks for tickets that have no match although there could be more matches: one or two
// matches near such a ticket are taken apart and made again with it, in another order. That
// stands if there are more matches then, and the oldest ticket of each still has one.
func (f *pass) repair() {
	if f.matchOf == nil {
		return
	}
	for at := range f.oldestFirst() {
		if f.credit <= 0 {
			return
		}
		if f.items[at].matched || !f.fits(at) {
			continue
		}
		if f.seatsNear(at) >= f.q.Teams*f.q.TeamSize {
			f.repairAround(at)
		}
	}
}

func (f *pass) repairAround(at int) bool {
	near := f.matchesNear(at)
	for i, a := range near {
		if f.remake(at, a) {
			return true
		}
		for _, b := range near[:i] {
			if f.remake(at, a, b) {
				return true
			}
		}
	}
	return false
}

// seatsNear are the seats of a ticket and those without a match near it, up to a match's: there
// cannot be more matches than before without them.
func (f *pass) seatsNear(at int) int {
	reach := 2 * f.items[at].window
	seats := f.size(at)
	for _, step := range sides {
		for i := int(step(&f.items[at])); i >= 0 && seats < f.q.Teams*f.q.TeamSize && math.Abs(f.items[i].skill-f.items[at].skill) <= reach; i = int(step(&f.items[i])) {
			seats += f.size(i)
		}
	}
	return seats
}

// matchesNear are the matches of the nearest neighbours of a ticket in skill.
func (f *pass) matchesNear(at int) (near []int) {
	add := func(position int) {
		if position < 0 || position >= len(f.items) || f.keys[position] != f.keys[at] || len(near) == repairMatches {
			return
		}
		if m := f.matchOf[position]; m >= 0 && !slices.Contains(near, int(m)) {
			near = append(near, int(m))
		}
	}
	for n := 1; n <= repairReach; n++ {
		add(at + n)
		add(at - n)
	}
	return near
}

// remake takes matches apart and makes more of their tickets and one that has none, if it can.
func (f *pass) remake(at int, matches ...int) bool {
	before := make([]Match, len(matches))
	anchors, oldest := []int{at}, []int(nil)
	for i, m := range matches {
		before[i] = f.made[m]
		first := -1
		for _, p := range before[i].Placements {
			position := int(f.places[p.Ticket])
			anchors = append(anchors, position)
			if first < 0 || f.items[position].age < f.items[first].age {
				first = position
			}
		}
		oldest = append(oldest, first)
		f.release(before[i])
	}
	byAge := func(a, b int) int { return cmp.Compare(f.items[a].age, f.items[b].age) }
	bySize := func(a, b int) int { return cmp.Or(-cmp.Compare(f.size(a), f.size(b)), byAge(a, b)) }
	defer func() { f.lean = false }()
	for n, order := range [...]func(a, b int) int{nil, byAge, bySize, cmp.Compare[int], bySize, byAge} {
		f.lean = n >= 4
		if order != nil {
			slices.SortFunc(anchors, order)
		}
		var after []Match
		for _, anchor := range anchors {
			if f.items[anchor].matched {
				continue
			}
			if m, ok := f.around(anchor); ok {
				after = append(after, m)
			}
		}
		if len(after) > len(matches) && !slices.ContainsFunc(oldest, func(o int) bool { return !f.items[o].matched }) {
			f.replace(matches, after)
			return true
		}
		for _, m := range after {
			f.release(m)
		}
	}
	for i, m := range matches {
		f.retake(before[i], m)
	}
	return false
}

func (f *pass) replace(matches []int, after []Match) {
	for i, m := range after {
		if i < len(matches) {
			f.made[matches[i]] = m
			f.own(m, matches[i])
		} else {
			f.add(m)
		}
	}
}

func (f *pass) retake(m Match, index int) {
	for _, p := range m.Placements {
		f.take(int(f.places[p.Ticket]))
	}
	f.own(m, index)
}

// release makes a match's tickets wait again.
func (f *pass) release(m Match) {
	for _, p := range m.Placements {
		at := int(f.places[p.Ticket])
		f.matchOf[at] = -1
		f.items[at].matched = false
		if f.fits(at) {
			f.link(at)
		}
	}
}

// link puts a ticket back between its unmatched neighbours.
func (f *pass) link(at int) {
	it := &f.items[at]
	it.prev, it.next = -1, -1
	for i := at - 1; i >= 0 && f.keys[i] == f.keys[at]; i-- {
		if !f.items[i].matched && f.fits(i) {
			it.prev, f.items[i].next = int32(i), int32(at)
			break
		}
	}
	for i := at + 1; i < len(f.items) && f.keys[i] == f.keys[at]; i++ {
		if !f.items[i].matched && f.fits(i) {
			it.next, f.items[i].prev = int32(i), int32(at)
			break
		}
	}
}
