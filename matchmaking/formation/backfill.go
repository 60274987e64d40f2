package formation

import (
	"cmp"
	"math"
	"slices"
)

// backfilling is the state of giving tickets to running matches.
type backfilling struct {
	*pass
	open   []OpenMatch
	order  []int   // by key and skill
	room   [][]int // open seats that are left
	placed [][]Placement
	in     [][]Planned     // matches that have not begun: who is in them by now
	apart  map[[2]int]bool // match and ticket
}

// backfill gives the oldest tickets the open seats of running matches: the nearest match
// by skill whose emptiest fitting team has room.
func (f *pass) backfill(open []OpenMatch) (out []Backfill) {
	b := &backfilling{
		pass: f, open: open, order: make([]int, len(open)), room: make([][]int, len(open)),
		placed: make([][]Placement, len(open)), in: make([][]Planned, len(open)), apart: map[[2]int]bool{},
	}
	for m := range open {
		b.order[m], b.room[m], b.in[m] = m, slices.Clone(open[m].Open), slices.Clip(open[m].Planned)
		for _, ticket := range open[m].Apart {
			b.apart[[2]int{m, ticket}] = true
		}
	}
	slices.SortFunc(b.order, func(a, b int) int {
		return cmp.Or(cmp.Compare(open[a].Key, open[b].Key), cmp.Compare(open[a].Skill, open[b].Skill), cmp.Compare(open[a].ID, open[b].ID))
	})
	for at := range f.oldestFirst() {
		if !f.fits(at) {
			continue
		}
		m, team, ok := b.find(at)
		if !ok {
			continue
		}
		b.room[m][team] -= f.size(at)
		b.placed[m] = append(b.placed[m], Placement{Ticket: int(f.tickets[at]), Team: team})
		if len(b.in[m]) > 0 {
			b.in[m] = append(b.in[m], Planned{*f.ticket(at), team})
		}
		f.take(at)
	}
	for _, m := range b.order {
		if len(b.placed[m]) > 0 {
			out = append(out, Backfill{MatchID: open[m].ID, Placements: b.placed[m]})
		}
	}
	return out
}

// find looks at the open matches nearest to a ticket on both sides.
func (b *backfilling) find(at int) (match, team int, ok bool) {
	t := b.ticket(at)
	up, _ := slices.BinarySearchFunc(b.order, t, func(m int, t *Ticket) int {
		return cmp.Or(cmp.Compare(b.open[m].Key, t.Key), cmp.Compare(b.open[m].Skill, t.Skill))
	})
	down := up - 1
	reach := func(i int) float64 {
		if i < 0 || i >= len(b.order) || b.open[b.order[i]].Key != t.Key {
			return math.Inf(1)
		}
		if b.q.NoSkill {
			return 0
		}
		if d := math.Abs(b.open[b.order[i]].Skill - t.Skill); d <= b.items[at].window {
			return d
		}
		return math.Inf(1)
	}
	for range backfillTries {
		dDown, dUp := reach(down), reach(up)
		if math.IsInf(min(dDown, dUp), 1) {
			return 0, 0, false
		}
		var m int
		if dDown <= dUp {
			m = b.order[down]
			down--
		} else {
			m = b.order[up]
			up++
		}
		if team := b.team(m, at); team >= 0 && b.admits(m, at) {
			return m, team, true
		}
	}
	return 0, 0, false
}

// team is the emptiest team of a match that a ticket may be on; -1 for none.
func (b *backfilling) team(m, at int) int {
	best := -1
	for team, room := range b.room[m] {
		if room >= b.size(at) && (best < 0 || room > b.room[m][best]) && b.suits(m, team, at) {
			best = team
		}
	}
	return best
}

// suits reports whether a ticket may be on a team of a match that has not begun, where one new match
// would be made of all of them: windows, groups of friends and means. A seat that stays open may still
// make groups alike; means have to be close without it.
func (b *backfilling) suits(m, team, at int) bool {
	if len(b.in[m]) == 0 {
		return true
	}
	all := append(slices.Clip(b.in[m]), Planned{*b.ticket(at), team})
	centred := slices.ContainsFunc(all, func(c Planned) bool {
		return !slices.ContainsFunc(all, func(p Planned) bool { return between(b.now, b.q, &c.Ticket, &p.Ticket, false) == HeldBySkill })
	})
	largest, seats, sums := make([]int, b.q.Teams), make([]int, b.q.Teams), make([]float64, b.q.Teams)
	oldest := b.now
	for _, p := range all {
		largest[p.Team] = max(largest[p.Team], p.Size)
		seats[p.Team] += p.Size
		sums[p.Team] += p.Skill * float64(p.Size)
		if p.Since.Before(oldest) {
			oldest = p.Since
		}
	}
	most, least, high, low := 0, math.MaxInt, math.Inf(-1), math.Inf(1)
	for t, room := range b.room[m] {
		if t == team {
			room -= b.size(at)
		}
		most, least = max(most, largest[t]), min(least, max(largest[t], room))
		if seats[t] > 0 {
			mean := sums[t] / float64(seats[t])
			high, low = max(high, mean), min(low, mean)
		}
	}
	allowed := b.differences(b.now.Sub(oldest))
	return centred && most-least <= allowed[len(allowed)-1] && (b.q.NoSkill || b.q.TeamSpread == 0 || high-low <= b.q.TeamSpread)
}

// admits reports whether a ticket may join a match: one that has not begun if it wants no
// other, in a region near enough, and with nobody it has to be kept apart from.
func (b *backfilling) admits(m, at int) bool {
	if b.ticket(at).NewMatchOnly && len(b.in[m]) == 0 {
		return false
	}
	if b.apart[[2]int{m, int(b.tickets[at])}] || b.near != nil && b.near[at]&b.regionBit(b.open[m].Region) == 0 {
		return false
	}
	return !slices.ContainsFunc(b.placed[m], func(p Placement) bool { return b.areApart(at, int(b.places[p.Ticket])) })
}

func (b *backfilling) regionBit(name string) uint64 {
	if r := slices.Index(b.q.Latency.Regions, name); r >= 0 && r < MaxRegions {
		return 1 << r
	}
	return 0
}
