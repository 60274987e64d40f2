package formation

import (
	"cmp"
	"iter"
	"math"
	"slices"
)

const (
	// repairReach is how many neighbours on both sides of an unmatched ticket are looked at. repairMatches is how many
	// of their matches are taken apart for it, alone and in pairs.
	repairReach   = 48
	repairMatches = 6
)

// repairing takes matches apart to make more of them.
type repairing struct {
	search  *search
	sorted  *sortedPool
	made    []Match
	matchOf []int // by position: its match, or -1

	before, opened []item // scratch: the items with the matches, and without them
}

// repair looks for unmatched tickets that could make more matches possible. It takes one or two matches near such a
// ticket apart, and makes matches with it in another order. The result counts if there are more matches than before,
// and the oldest ticket of each old match still has one.
func repair(s *search, made []Match, oldest iter.Seq[int]) []Match {
	if !s.sorted.isSmall() {
		return made
	}
	r := &repairing{search: s, sorted: &s.sorted, made: made}
	r.indexMatches()
	for at := range oldest {
		if s.searchSteps <= 0 {
			break
		}
		if !r.sorted.items[at].matched && r.sorted.fitsTeam(at) && r.seatsNear(at) >= r.sorted.q.Teams*r.sorted.q.TeamSize {
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

// seatsNear counts the seats of a ticket and of the unmatched tickets near it, up to a whole match. Without that many
// there cannot be one more match.
func (r *repairing) seatsNear(at int) int {
	items, most := r.sorted.items, r.sorted.q.Teams*r.sorted.q.TeamSize
	reach, seats := 2*items[at].window, r.sorted.size(at)
	for _, step := range directions {
		for i := step(&items[at]); i >= 0 && seats < most && math.Abs(items[i].skill-items[at].skill) <= reach; i = step(&items[i]) {
			seats += int(items[i].size)
		}
	}
	return seats
}

// matchesNear returns the matches of the ticket's nearest neighbours in skill.
func (r *repairing) matchesNear(at int) (near []int) {
	keys := r.sorted.keys
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

// remake takes matches apart and tries to make more of their tickets and of one unmatched ticket.
func (r *repairing) remake(at int, matches ...int) bool {
	items := r.sorted.items
	byAge := func(a, b int) int { return cmp.Compare(items[a].age, items[b].age) }
	bySize := func(a, b int) int { return cmp.Or(cmp.Compare(items[b].size, items[a].size), byAge(a, b)) }
	r.before = append(r.before[:0], items...)
	anchors, oldest := []int{at}, []int(nil)
	for _, m := range matches {
		first := len(anchors)
		for _, p := range r.made[m].Placements {
			position := int(r.sorted.positions[p.Ticket])
			items[position].matched = false
			anchors = append(anchors, position)
		}
		oldest = append(oldest, slices.MinFunc(anchors[first:], byAge))
	}
	r.sorted.link()
	r.opened = append(r.opened[:0], items...)
	defer func() { r.search.quick = false }()
	for n, order := range [...]func(a, b int) int{nil, byAge, bySize, cmp.Compare[int], bySize, byAge} {
		r.search.quick = n >= 4
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
			for i, m := range matches {
				r.made[m] = after[i]
			}
			r.made = append(r.made, after[len(matches):]...)
			r.indexMatches()
			return true
		}
		copy(items, r.opened)
	}
	copy(items, r.before)
	return false
}

// indexMatches stores the match of each ticket.
func (r *repairing) indexMatches() {
	r.matchOf = slices.Repeat([]int{-1}, len(r.sorted.items))
	for match, m := range r.made {
		for _, p := range m.Placements {
			r.matchOf[r.sorted.positions[p.Ticket]] = match
		}
	}
}
