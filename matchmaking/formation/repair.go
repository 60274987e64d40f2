package formation

import (
	"cmp"
	"iter"
	"math"
	"slices"
)

const (
	// repairReach is how many neighbours on both sides of such a ticket are looked at,
	// repairMatches how many of their matches are taken apart for it, alone and two together.
	repairReach   = 48
	repairMatches = 6
)

// repairing takes matches apart to make more of them.
type repairing struct {
	search  *search
	line    *line
	made    []Match
	matchOf []int // by position: its match, or -1

	before, apart []item // scratch: as they stood with their matches, and without them
}

// repair looks for tickets that have no match although there could be more matches: one or two
// matches near such a ticket are taken apart and made again with it, in another order. That
// stands if there are more matches then, and the oldest ticket of each still has one.
func repair(s *search, made []Match, oldest iter.Seq[int]) []Match {
	if !s.line.small() {
		return made
	}
	r := &repairing{search: s, line: &s.line, made: made, matchOf: slices.Repeat([]int{-1}, len(s.line.items))}
	for match := range made {
		r.own(match, match)
	}
	for at := range oldest {
		if s.credit <= 0 {
			break
		}
		if !r.line.items[at].matched && r.line.fits(at) && r.seatsNear(at) >= r.line.q.Teams*r.line.q.TeamSize {
			r.around(at)
		}
	}
	return r.made
}

func (r *repairing) around(at int) {
	near := r.matchesNear(at)
	for i, a := range near {
		if r.remake(at, a) {
			return
		}
		for _, b := range near[:i] {
			if r.remake(at, a, b) {
				return
			}
		}
	}
}

// seatsNear are the seats of a ticket and those without a match near it, up to a match's: there
// cannot be more matches than before without them.
func (r *repairing) seatsNear(at int) int {
	items, most := r.line.items, r.line.q.Teams*r.line.q.TeamSize
	reach, seats := 2*items[at].window, r.line.size(at)
	for _, step := range sides {
		for i := step(&items[at]); i >= 0 && seats < most && math.Abs(items[i].skill-items[at].skill) <= reach; i = step(&items[i]) {
			seats += int(items[i].size)
		}
	}
	return seats
}

// matchesNear are the matches of the nearest neighbours of a ticket in skill.
func (r *repairing) matchesNear(at int) (near []int) {
	keys := r.line.keys
	for n := 1; n <= repairReach; n++ {
		for _, i := range [...]int{at + n, at - n} {
			if i < 0 || i >= len(keys) || keys[i] != keys[at] || len(near) == repairMatches {
				continue
			}
			if m := r.matchOf[i]; m >= 0 && !slices.Contains(near, m) {
				near = append(near, m)
			}
		}
	}
	return near
}

// remake takes matches apart and makes more of their tickets and one that has none, if it can.
func (r *repairing) remake(at int, matches ...int) bool {
	items := r.line.items
	byAge := func(a, b int) int { return cmp.Compare(items[a].age, items[b].age) }
	bySize := func(a, b int) int { return cmp.Or(cmp.Compare(items[b].size, items[a].size), byAge(a, b)) }
	r.before = append(r.before[:0], items...)
	anchors, oldest := []int{at}, []int(nil)
	for _, m := range matches {
		positions := r.line.positions(r.made[m])
		anchors, oldest = append(anchors, positions...), append(oldest, slices.MinFunc(positions, byAge))
		for _, position := range positions {
			items[position].matched = false
		}
	}
	r.line.link()
	r.apart = append(r.apart[:0], items...)
	defer func() { r.search.lean = false }()
	for n, order := range [...]func(a, b int) int{nil, byAge, bySize, cmp.Compare[int], bySize, byAge} {
		r.search.lean = n >= 4
		if order != nil {
			slices.SortFunc(anchors, order)
		}
		var after []Match
		for _, anchor := range anchors {
			if items[anchor].matched {
				continue
			}
			if m, ok := r.search.around(anchor); ok {
				after = append(after, m)
			}
		}
		if len(after) > len(matches) && !slices.ContainsFunc(oldest, func(o int) bool { return !items[o].matched }) {
			r.replace(matches, after)
			return true
		}
		copy(items, r.apart)
	}
	copy(items, r.before)
	return false
}

// replace puts new matches in the places of those that they were made of, and the others behind.
func (r *repairing) replace(matches []int, after []Match) {
	for _, m := range matches {
		r.own(m, -1)
	}
	for _, m := range after[len(matches):] {
		matches = append(matches, len(r.made))
		r.made = append(r.made, m)
	}
	for i, m := range matches {
		r.made[m] = after[i]
		r.own(m, m)
	}
}

// own notes in which match the tickets of one are.
func (r *repairing) own(match, in int) {
	for _, at := range r.line.positions(r.made[match]) {
		r.matchOf[at] = in
	}
}
