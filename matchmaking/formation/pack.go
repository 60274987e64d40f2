package formation

import (
	"cmp"
	"math"
	"slices"
)

const (
	// packSteps limits the search for a packing. The largest-first order finds one in a few steps, if there is one.
	packSteps = 512
	// fewSteps is the limit after a pass has used up its packing steps.
	fewSteps = 48
)

// packing puts tickets into teams.
type packing struct {
	sorted *sortedPool
	*trial
	*budget

	sizes [][]int // found tickets by size, oldest first
	used  []int   // how many of each size have been picked
	pick  []picked
	steps int // steps left
}

type picked struct{ at, team int }

// pack chooses found tickets that fill every team exactly. The anchor, the first of them, is always chosen. Of equal
// sizes the oldest goes first, but the centre before all.
func (p *packing) pack(found []int, centre int) bool {
	p.sortBySize(found[1:], centre)
	anchor := found[0]
	p.pick = append(p.pick[:0], picked{at: anchor})
	most := packSteps
	if p.packingSteps <= 0 {
		most = fewSteps
	}
	p.steps = most
	size := p.sorted.size(anchor)
	packed := p.fillTeam(0, p.teamSize-size, p.teamSize, parityRange{largest: size, least: math.MaxInt})
	p.packingSteps -= most - p.steps
	return packed
}

// sortBySize lists tickets by their sizes.
func (p *packing) sortBySize(tickets []int, centre int) {
	age := func(at int) int32 {
		if at == centre {
			return -1
		}
		return p.sorted.items[at].age
	}
	slices.SortFunc(tickets, func(a, b int) int { return cmp.Compare(age(a), age(b)) })
	for size := range p.sizes {
		p.sizes[size], p.used[size] = p.sizes[size][:0], 0
	}
	for _, at := range tickets {
		size := p.sorted.size(at)
		p.sizes[size] = append(p.sizes[size], at)
	}
}

// parityRange is the largest ticket size of the team being filled, and the range of such sizes in earlier teams.
type parityRange struct{ largest, least, most int }

// fillTeam packs the rest of one team with tickets up to a size, and then the teams after it. Sizes within a team never
// grow, so each combination is tried once.
func (p *packing) fillTeam(team, room, largest int, of parityRange) bool {
	if p.steps--; p.steps < 0 {
		return false
	}
	if room == 0 {
		of = parityRange{least: min(of.least, of.largest), most: max(of.most, of.largest)}
		if of.most-of.least > p.maxDiff || team+1 == p.sorted.q.Teams {
			return of.most-of.least <= p.maxDiff
		}
		return p.fillTeam(team+1, p.teamSize, p.teamSize, of)
	}
	for size := min(largest, room); size >= 1; size-- {
		tickets, with := p.sizes[size], parityRange{max(of.largest, size), of.least, of.most}
		if with.largest-min(with.least, with.largest) > p.maxDiff {
			continue
		}
		for i := p.used[size]; i < len(tickets); i++ {
			at, first := tickets[i], p.used[size]
			blocked := len(p.sorted.apartFrom(at)) > 0
			if blocked && slices.ContainsFunc(p.pick, func(o picked) bool { return p.sorted.areApart(at, o.at) }) {
				continue
			}
			tickets[first], tickets[i] = tickets[i], tickets[first]
			p.pick = append(p.pick, picked{at, team})
			p.used[size]++
			if p.fillTeam(team, room-size, size, with) {
				return true
			}
			p.used[size]--
			p.pick = p.pick[:len(p.pick)-1]
			tickets[first], tickets[i] = tickets[i], tickets[first]
			if !blocked {
				break // another ticket of its size would do no better
			}
		}
	}
	return false
}

// hasCentre reports whether one picked ticket accepts all others and is accepted by them.
func (p *packing) hasCentre() bool {
	items := p.sorted.items
	return slices.ContainsFunc(p.pick, func(c picked) bool {
		return !slices.ContainsFunc(p.pick, func(o picked) bool {
			return math.Abs(items[c.at].skill-items[o.at].skill) > min(items[c.at].window, items[o.at].window)
		})
	})
}

// bestRegion returns the region with the lowest worst latency that all picked tickets accept; "" without regions.
func (p *packing) bestRegion() (best string) {
	least := math.Inf(1)
	for r, region := range p.sorted.q.Latency.Regions {
		worst := 0.0
		for _, o := range p.pick {
			if p.sorted.regionBits[o.at]&(1<<r) == 0 {
				worst = math.Inf(1)
				break
			}
			worst = max(worst, p.sorted.ticket(o.at).Latency[r])
		}
		if worst < least {
			best, least = region, worst
		}
	}
	return best
}
