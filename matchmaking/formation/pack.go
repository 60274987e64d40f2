package formation

import (
	"cmp"
	"math"
	"slices"
)

// pack chooses tickets of those found that fill every team exactly, the anchor among them.
// Of equal sizes the oldest goes first, the centre before all.
func (f *pass) pack(anchor, centre int) bool {
	if !f.adds(anchor) {
		return false
	}
	for s := range f.sizes {
		f.sizes[s], f.used[s] = f.sizes[s][:0], 0
	}
	age := func(at int) int32 {
		if at == centre {
			return -1
		}
		return f.items[at].age
	}
	slices.SortFunc(f.found[1:], func(a, b int) int { return cmp.Compare(age(a), age(b)) })
	for _, at := range f.found[1:] {
		s := f.size(at)
		f.sizes[s] = append(f.sizes[s], at)
	}
	f.kinds = f.kinds[:0]
	for s := len(f.sizes) - 1; s >= 1; s-- {
		if len(f.sizes[s]) > 0 {
			f.kinds = append(f.kinds, s)
		}
	}
	f.pick = append(f.pick[:0], picked{at: anchor})
	most := packSteps
	if f.effort <= 0 {
		most = fewSteps
	}
	f.steps = most
	defer func() { f.effort -= most - f.steps }()
	return f.fill(0, f.team-f.size(anchor), 0, teamSizes{largest: f.size(anchor), least: math.MaxInt})
}

// adds reports whether the sizes of those found can add up to the rest of the anchor's team and to
// the rest of the match, which is quickly seen and mostly settles it where they do not.
func (f *pass) adds(anchor int) bool {
	if f.capacity > 63 {
		return true
	}
	sums := uint64(1) // bit n: some of them have n seats together
	for _, at := range f.found[1:] {
		sums |= sums << f.items[at].size
	}
	size := f.size(anchor)
	return sums>>(f.team-size)&1 != 0 && sums>>(f.capacity-size)&1 != 0
}

// teamSizes are the largest tickets of the team that is being filled and of the teams
// before it.
type teamSizes struct{ largest, least, most int }

// with adds a ticket to the team; ok is false where the teams' largest tickets would be
// too far apart.
func (t teamSizes) with(size, diff int) (teamSizes, bool) {
	t.largest = max(t.largest, size)
	return t, t.largest-min(t.least, t.largest) <= diff
}

// next closes the team.
func (t teamSizes) next(diff int) (teamSizes, bool) {
	t = teamSizes{least: min(t.least, t.largest), most: max(t.most, t.largest)}
	return t, t.most-t.least <= diff
}

// fill packs the rest of one team, with tickets of a kind of size or smaller ones, and then the
// teams after it. Sizes within a team never grow, which tries each combination once.
func (f *pass) fill(team, room, kind int, sizes teamSizes) bool {
	if f.steps--; f.steps < 0 {
		return false
	}
	if room == 0 {
		sizes, ok := sizes.next(f.diff)
		if !ok || team+1 == f.q.Teams {
			return ok
		}
		return f.fill(team+1, f.team, 0, sizes)
	}
	for ; kind < len(f.kinds); kind++ {
		s := f.kinds[kind]
		now, ok := sizes.with(s, f.diff)
		if s > room || !ok {
			continue
		}
		for i := f.used[s]; i < len(f.sizes[s]); i++ {
			of := f.sizes[s]
			at := of[i]
			blocked := len(f.enemies(at)) > 0
			if blocked && f.meetsApart(at) {
				continue
			}
			of[f.used[s]], of[i] = of[i], of[f.used[s]]
			f.pick = append(f.pick, picked{at: at, team: team})
			f.used[s]++
			if f.fill(team, room-s, kind, now) {
				return true
			}
			f.used[s]--
			f.pick = f.pick[:len(f.pick)-1]
			of[f.used[s]], of[i] = of[i], of[f.used[s]]
			if !blocked {
				break // another one of its size would do no better
			}
		}
	}
	return false
}

// meetsApart reports whether one of those picked must not be in a match with a ticket.
func (f *pass) meetsApart(at int) bool {
	return slices.ContainsFunc(f.pick, func(p picked) bool { return f.areApart(at, p.at) })
}
