package formation

import (
	"math"
	"slices"
)

const (
	// exactTickets is up to how many tickets two teams are split in the best possible way. With more tickets, single
	// swaps come close enough.
	exactTickets = 14
	// balanceRounds limits how often two teams are evened out if there are more than two teams.
	balanceRounds = 8
	// evenGap is the gap in mean skill below which nobody could tell the teams apart.
	evenGap = 1e-9
)

// balancing moves picked tickets between teams, to bring the teams' mean skills closer together.
type balancing struct {
	sorted *sortedPool
	*trial
	*budget

	pick    []picked
	sums    []float64 // by team: its skill, summed by seats
	largest []int     // by team: its largest ticket

	a, b    int      // the two teams that are split again
	members []member // tickets of both
	best    uint64   // bit n: member n is on team a
	bestGap float64
}

// member is a ticket of one of the two teams.
type member struct {
	pickIndex int // in pick
	size      int
	weight    float64 // what it adds to its team's sum
}

// balance splits the strongest and the weakest team again, as long as that helps.
func (b *balancing) balance(pick []picked) {
	b.pick = pick
	b.sumTeams()
	if b.sorted.q.NoSkill || len(b.sums) == 1 {
		return
	}
	for range balanceRounds {
		high, low := 0, 0
		for team, sum := range b.sums {
			if sum > b.sums[high] {
				high = team
			}
			if sum < b.sums[low] {
				low = team
			}
		}
		if b.sums[high]-b.sums[low] <= evenGap || !b.evenOut(high, low) || len(b.sums) == 2 {
			return
		}
	}
}

// evenOut splits the tickets of two teams again and reports whether that brought the teams closer together.
func (b *balancing) evenOut(high, low int) bool {
	b.a, b.b, b.members, b.best = high, low, b.members[:0], 0
	for i, p := range b.pick {
		if p.team == high {
			b.best |= 1 << len(b.members)
		}
		if p.team == high || p.team == low {
			b.members = append(b.members, member{i, b.sorted.size(p.at), b.sorted.items[p.at].weight()})
		}
	}
	enough := b.sums[high] - b.sums[low] - evenGap
	steps := 1 << len(b.members)
	if len(b.members) > exactTickets || steps > b.packingSteps {
		b.bestGap = b.swap()
	} else {
		b.packingSteps -= steps
		b.bestGap = enough
		b.split()
	}
	b.sumTeams()
	return b.bestGap < enough
}

// split splits the members in the best possible way.
func (b *balancing) split() {
	// The first ticket stays on team a: the mirror image is as good.
	b.assign(1)
	first := b.members[0]
	b.searchSplit(1, 1, b.teamSize-first.size, b.sums[b.a]+b.sums[b.b]-2*first.weight)
	b.assign(b.best)
}

// assign puts the chosen members on team a and the others on team b.
func (b *balancing) assign(chosen uint64) {
	for i, m := range b.members {
		b.pick[m.pickIndex].team = b.b
		if chosen&(1<<i) != 0 {
			b.pick[m.pickIndex].team = b.a
		}
	}
}

// searchSplit tries every way to move members from i on, all of them on team b, to the free seats of team a. gap is the
// sum of team b minus the sum of team a.
func (b *balancing) searchSplit(i int, chosen uint64, room int, gap float64) {
	if room == 0 {
		if g := math.Abs(gap); g < b.bestGap && b.keepsParity() {
			b.best, b.bestGap = chosen, g
		}
		return
	}
	if i == len(b.members) {
		return
	}
	m := b.members[i]
	if m.size <= room {
		b.pick[m.pickIndex].team = b.a
		b.searchSplit(i+1, chosen|1<<i, room-m.size, gap-2*m.weight)
		b.pick[m.pickIndex].team = b.b
	}
	b.searchSplit(i+1, chosen, room, gap)
}

// keepsParity reports whether the sizes of the teams' largest tickets are close enough.
func (b *balancing) keepsParity() bool {
	if b.maxDiff >= b.teamSize {
		return true
	}
	clear(b.largest)
	for _, p := range b.pick {
		b.largest[p.team] = max(b.largest[p.team], b.sorted.size(p.at))
	}
	return slices.Max(b.largest)-slices.Min(b.largest) <= b.maxDiff
}

// swap exchanges tickets of equal size between the two teams while that brings their sums closer together. It returns
// the gap that remains. It ends, because every swap lowers the gap.
func (b *balancing) swap() float64 {
	gap := b.sums[b.a] - b.sums[b.b]
	for improved := true; improved; {
		improved = false
		for _, i := range b.members {
			for _, j := range b.members {
				x, y := &b.pick[i.pickIndex], &b.pick[j.pickIndex]
				if x.team != b.a || y.team != b.b || i.size != j.size {
					continue
				}
				moved := 2 * float64(i.size) * (b.sorted.items[x.at].skill - b.sorted.items[y.at].skill)
				if math.Abs(gap-moved) < math.Abs(gap)-evenGap {
					x.team, y.team = b.b, b.a
					gap -= moved
					improved = true
				}
			}
		}
	}
	return math.Abs(gap)
}

func (b *balancing) sumTeams() {
	clear(b.sums)
	for _, p := range b.pick {
		b.sums[p.team] += b.sorted.items[p.at].weight()
	}
}

// gap is the largest difference between the mean skills of two teams.
func (b *balancing) gap() float64 {
	return (slices.Max(b.sums) - slices.Min(b.sums)) / float64(b.teamSize)
}
