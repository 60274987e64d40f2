package simulation

import (
	"cmp"
	"math"
	"slices"
)

// Quantile returns the smallest of the sorted values that a share p of them do not exceed (nearest rank). It
// returns NaN if there are none.
func Quantile(sorted []float64, p float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	rank := int(math.Ceil(p * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// Waits returns the sorted waits in seconds of the placed tickets of a party size. Size 0 means all sizes.
func (r Report) Waits(size int) []float64 {
	var waits []float64
	for _, t := range r.Tickets {
		if size == 0 || t.Size == size {
			waits = append(waits, t.Wait.Seconds())
		}
	}
	slices.Sort(waits)
	return waits
}

// Sizes returns the party sizes that were placed, sorted.
func (r Report) Sizes() []int {
	var sizes []int
	for _, t := range r.Tickets {
		if !slices.Contains(sizes, t.Size) {
			sizes = append(sizes, t.Size)
		}
	}
	slices.Sort(sizes)
	return sizes
}

// Spreads returns the sorted differences between the strongest and the weakest ticket of each match.
func (r Report) Spreads() []float64 {
	return r.sortedBy(func(m Match) float64 { return m.Spread })
}

// TeamGaps returns the sorted differences between the mean skills of each match's teams.
func (r Report) TeamGaps() []float64 {
	return r.sortedBy(func(m Match) float64 { return m.TeamGap })
}

func (r Report) sortedBy(of func(Match) float64) []float64 {
	values := make([]float64, len(r.Matches))
	for i, m := range r.Matches {
		values[i] = of(m)
	}
	slices.Sort(values)
	return values
}

// Distances returns the waits of the placed tickets in five bands, by the distance of their skill from the
// mean. The bands are half a deviation wide; the last one has all tickets beyond two deviations.
func (r Report) Distances(skill Spread) []Band {
	bands := make([]Band, 5)
	for i := range bands {
		bands[i].Low, bands[i].High = float64(i)/2, float64(i+1)/2
	}
	bands[4].High = math.Inf(1)
	for _, t := range r.Tickets {
		far := 0.0
		if skill.Deviation > 0 {
			far = math.Abs(t.Skill-skill.Mean) / skill.Deviation
		}
		b := &bands[min(int(2*far), 4)]
		b.Waits = append(b.Waits, t.Wait.Seconds())
	}
	for _, b := range bands {
		slices.Sort(b.Waits)
	}
	return bands
}

// GroupsApart returns the share of matches in which the largest parties of two teams differ by at least that
// many seats. It returns NaN if there are no matches.
func (r Report) GroupsApart(seats int) float64 {
	n := 0
	for _, m := range r.Matches {
		if m.GroupGap >= seats {
			n++
		}
	}
	return float64(n) / float64(len(r.Matches))
}

// Fills returns how many tickets joined a running match.
func (r Report) Fills() (n int) {
	for _, t := range r.Tickets {
		if t.Fill {
			n++
		}
	}
	return n
}

// Band holds the waits of tickets with similar skill.
type Band struct {
	Low, High float64   // skill, or deviations from the mean
	Waits     []float64 // seconds, sorted
}

// Bands divides the placed tickets into n bands of equal count, the weakest first.
func (r Report) Bands(n int) []Band {
	tickets := slices.Clone(r.Tickets)
	slices.SortStableFunc(tickets, func(a, b Placed) int { return cmp.Compare(a.Skill, b.Skill) })
	var bands []Band
	for i := range n {
		part := tickets[i*len(tickets)/n : (i+1)*len(tickets)/n]
		if len(part) == 0 {
			continue
		}
		b := Band{Low: part[0].Skill, High: part[len(part)-1].Skill}
		for _, t := range part {
			b.Waits = append(b.Waits, t.Wait.Seconds())
		}
		slices.Sort(b.Waits)
		bands = append(bands, b)
	}
	return bands
}
