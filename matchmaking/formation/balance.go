package formation

import (
	"math"
	"slices"
)

const (
	// exactTickets is how many tickets of two teams are split over them in the best of all
	// ways; with more of them, single swaps come close enough.
	exactTickets = 14
	// balanceRounds bounds how often two teams are evened out, with more than two of them.
	balanceRounds = 8
	// even is the gap in mean skill below which nobody could tell the teams apart.
	even = 1e-9
)

// split is the scratch of evening out two teams.
type split struct {
	sums    []float64 // of each team: its skill, summed by seats
	largest []int     // of each team: its largest ticket
	a, b    int       // the two teams

	members []int // places in pick of both teams' tickets
	best    uint64
	bestGap float64
}

// balance moves tickets between teams to bring the teams' mean skills closer together:
// the strongest and the weakest team are split again until that helps no more.
func (f *pass) balance() {
	if f.q.NoSkill || f.q.Teams == 1 {
		return
	}
	f.sumTeams()
	for range balanceRounds {
		high, low := 0, 0
		for team, sum := range f.split.sums {
			if sum > f.split.sums[high] {
				high = team
			}
			if sum < f.split.sums[low] {
				low = team
			}
		}
		gap := f.split.sums[high] - f.split.sums[low]
		if gap <= even || !f.evenOut(high, low) || f.q.Teams == 2 {
			return
		}
	}
}

// evenOut splits the tickets of two teams again and reports whether the teams are closer
// together for it.
func (f *pass) evenOut(a, b int) bool {
	s := &f.split
	s.members, s.a, s.b = s.members[:0], a, b
	for i, p := range f.pick {
		if p.team == a || p.team == b {
			s.members = append(s.members, i)
		}
	}
	before := math.Abs(s.sums[a] - s.sums[b])
	steps := 1 << len(s.members)
	if len(s.members) > exactTickets || steps > f.effort {
		return f.swap(a, b) < before-even
	}
	f.effort -= steps
	total := s.sums[a] + s.sums[b]
	s.best, s.bestGap = 0, before-even
	// The first ticket stays on the first team: the mirror image is as good.
	f.search(1, 1, f.team-f.sizeOf(0), total-2*f.weight(0))
	if s.best == 0 {
		return false
	}
	for i, at := range s.members {
		f.pick[at].team = b
		if s.best&(1<<i) != 0 {
			f.pick[at].team = a
		}
	}
	f.sumTeams()
	return true
}

func (f *pass) sizeOf(i int) int { return f.size(f.pick[f.split.members[i]].at) }

// weight is what a member adds to its team's sum.
func (f *pass) weight(i int) float64 {
	it := &f.items[f.pick[f.split.members[i]].at]
	return it.skill * float64(it.size)
}

// alike reports whether the teams' largest tickets are as close in size as they have to
// be, with the chosen members on one of two teams and the rest on the other.
func (f *pass) alike(a, b int, chosen uint64) bool {
	if f.diff >= f.team {
		return true
	}
	s := &f.split
	clear(s.largest)
	for _, p := range f.pick {
		if p.team != a && p.team != b {
			s.largest[p.team] = max(s.largest[p.team], f.size(p.at))
		}
	}
	for i := range s.members {
		team := b
		if chosen&(1<<i) != 0 {
			team = a
		}
		s.largest[team] = max(s.largest[team], f.sizeOf(i))
	}
	return slices.Max(s.largest)-slices.Min(s.largest) <= f.diff
}

// search tries every way to put the members from i on onto the first team or not, where
// room is left on it; gap is how far the rest's sum is ahead of the first team's.
func (f *pass) search(i int, chosen uint64, room int, gap float64) {
	s := &f.split
	if room == 0 {
		if g := math.Abs(gap); g < s.bestGap && f.alike(s.a, s.b, chosen) {
			s.best, s.bestGap = chosen, g
		}
		return
	}
	if i == len(s.members) {
		return
	}
	if size := f.sizeOf(i); size <= room {
		f.search(i+1, chosen|1<<i, room-size, gap-2*f.weight(i))
	}
	f.search(i+1, chosen, room, gap)
}

// swap exchanges tickets of equal size between two teams while that brings their sums
// closer together, and answers the gap that remains. It ends: every swap lowers the gap.
func (f *pass) swap(a, b int) float64 {
	s := &f.split
	diff := s.sums[a] - s.sums[b]
	for improved := true; improved; {
		improved = false
		for _, i := range s.members {
			for _, j := range s.members {
				x, y := &f.pick[i], &f.pick[j]
				if x.team != a || y.team != b || f.items[x.at].size != f.items[y.at].size {
					continue
				}
				moved := 2 * float64(f.items[x.at].size) * (f.items[x.at].skill - f.items[y.at].skill)
				if math.Abs(diff-moved) < math.Abs(diff)-even {
					x.team, y.team = b, a
					diff -= moved
					improved = true
				}
			}
		}
	}
	f.sumTeams()
	return math.Abs(diff)
}

func (f *pass) sumTeams() {
	clear(f.split.sums)
	for _, p := range f.pick {
		f.split.sums[p.team] += f.items[p.at].skill * float64(f.items[p.at].size)
	}
}

func (f *pass) teamGap() float64 {
	f.sumTeams()
	return (slices.Max(f.split.sums) - slices.Min(f.split.sums)) / float64(f.team)
}
