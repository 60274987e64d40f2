package formation

import (
	"cmp"
	"math"
	"slices"
)

// backfill gives the oldest tickets the open seats of running matches: the nearest match
// by skill whose emptiest fitting team has room.
func (f *pass) backfill(tickets []Ticket, open []OpenMatch, proceed func() bool) (out []Backfill, stopped bool) {
	order := make([]int, 0, len(open))
	room := make([][]int, len(open))
	for m := range open {
		order = append(order, m)
		room[m] = slices.Clone(open[m].Open)
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(open[a].Key, open[b].Key), cmp.Compare(open[a].Skill, open[b].Skill), cmp.Compare(open[a].ID, open[b].ID))
	})
	placed := make([][]Placement, len(open))
	for n, at := range f.oldest() {
		if stopped = late(n, proceed); stopped {
			break
		}
		if !f.fits(at) {
			continue
		}
		t := tickets[f.items[at].ticket]
		m, team, ok := f.findOpen(t, f.items[at].window, open, order, room)
		if !ok {
			continue
		}
		room[m][team] -= t.Size
		placed[m] = append(placed[m], Placement{Ticket: int(f.items[at].ticket), Team: team})
		f.take(at)
	}
	for _, m := range order {
		if len(placed[m]) > 0 {
			out = append(out, Backfill{MatchID: open[m].ID, Placements: placed[m]})
		}
	}
	return out, stopped
}

// findOpen looks at the open matches nearest to a ticket on both sides.
func (f *pass) findOpen(t Ticket, window float64, open []OpenMatch, order []int, room [][]int) (match, team int, ok bool) {
	up, _ := slices.BinarySearchFunc(order, t, func(m int, t Ticket) int {
		return cmp.Or(cmp.Compare(open[m].Key, t.Key), cmp.Compare(open[m].Skill, t.Skill))
	})
	down := up - 1
	reach := func(at int) float64 {
		if at < 0 || at >= len(order) || open[order[at]].Key != t.Key {
			return math.Inf(1)
		}
		if f.q.NoSkill {
			return 0
		}
		if d := math.Abs(open[order[at]].Skill - t.Skill); d <= window {
			return d
		}
		return math.Inf(1)
	}
	for range backfillTries {
		dDown, dUp := reach(down), reach(up)
		if math.IsInf(dDown, 1) && math.IsInf(dUp, 1) {
			return 0, 0, false
		}
		var m int
		if dDown <= dUp {
			m = order[down]
			down--
		} else {
			m = order[up]
			up++
		}
		best := -1
		for team, r := range room[m] {
			if r >= t.Size && (best < 0 || r > room[m][best]) {
				best = team
			}
		}
		if best >= 0 {
			return m, best, true
		}
	}
	return 0, 0, false
}
