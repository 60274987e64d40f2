package formation

import (
	"cmp"
	"iter"
	"math"
	"slices"
)

// backfillTries limits how many open matches are looked at for one ticket.
const backfillTries = 32

// backfilling gives tickets to open matches.
type backfilling struct {
	sorted *sortedPool
	open   []*filledMatch // by key and skill
}

// filledMatch is an open match with the tickets that it has been given so far.
type filledMatch struct {
	OpenMatch
	placed []Placement
}

// backfill gives the oldest tickets the open seats of matches. It chooses the nearest match by skill that has room, and
// the team with most free seats on which the ticket may be.
func backfill(l *sortedPool, open []OpenMatch, oldest iter.Seq[int]) (out []Backfill) {
	if len(open) == 0 {
		return nil
	}
	b := &backfilling{sorted: l}
	for _, m := range open {
		m.Open, m.Planned, m.Apart = slices.Clone(m.Open), slices.Clip(m.Planned), slices.Sorted(slices.Values(m.Apart))
		b.open = append(b.open, &filledMatch{OpenMatch: m})
	}
	slices.SortFunc(b.open, func(a, b *filledMatch) int {
		return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Skill, b.Skill), cmp.Compare(a.ID, b.ID))
	})
	for at := range oldest {
		if !l.fitsTeam(at) {
			continue
		}
		m, team := b.find(at)
		if m == nil {
			continue
		}
		m.Open[team] -= l.size(at)
		m.placed = append(m.placed, Placement{Ticket: int(l.tickets[at]), Team: team})
		if len(m.Planned) > 0 {
			m.Planned = append(m.Planned, Planned{*l.ticket(at), team})
		}
		l.markMatched(at)
	}
	for _, m := range b.open {
		if len(m.placed) > 0 {
			out = append(out, Backfill{MatchID: m.ID, Placements: m.placed})
		}
	}
	return out
}

// find looks at the open matches nearest to a ticket on both sides.
func (b *backfilling) find(at int) (match *filledMatch, team int) {
	t := b.sorted.ticket(at)
	up, _ := slices.BinarySearchFunc(b.open, t, func(m *filledMatch, t *Ticket) int {
		return cmp.Or(cmp.Compare(m.Key, t.Key), cmp.Compare(m.Skill, t.Skill))
	})
	down := up - 1
	for range backfillTries {
		i, d := down, b.distance(at, down)
		if other := b.distance(at, up); other < d {
			i, d = up, other
		}
		if math.IsInf(d, 1) {
			break
		}
		if i == up {
			up++
		} else {
			down--
		}
		if team := b.team(b.open[i], at); team >= 0 && b.admits(b.open[i], at) {
			return b.open[i], team
		}
	}
	return nil, 0
}

// distance is how far an open match is from a ticket; +Inf if the ticket does not reach it.
func (b *backfilling) distance(at, i int) float64 {
	if i < 0 || i >= len(b.open) || b.open[i].Key != b.sorted.ticket(at).Key {
		return math.Inf(1)
	}
	if b.sorted.q.NoSkill {
		return 0
	}
	return b.sorted.skillDistance(at, b.open[i].Skill)
}

// team returns the team with most free seats that a ticket may be on; -1 for none.
func (b *backfilling) team(m *filledMatch, at int) int {
	best := -1
	for team, room := range m.Open {
		if room >= b.sorted.size(at) && (best < 0 || room > m.Open[best]) && b.fitsPlanned(m, team, at) {
			best = team
		}
	}
	return best
}

// fitsPlanned reports whether a ticket may be on a team of a match that has not begun. The rules are those of a new
// match with all its tickets: windows, parity and team means. A seat that stays open may still satisfy parity. The
// means must be close without it.
func (b *backfilling) fitsPlanned(m *filledMatch, team, at int) bool {
	if len(m.Planned) == 0 {
		return true
	}
	now, q := b.sorted.now, &b.sorted.q
	all := append(slices.Clip(m.Planned), Planned{*b.sorted.ticket(at), team})
	centred := slices.ContainsFunc(all, func(c Planned) bool {
		return !slices.ContainsFunc(all, func(p Planned) bool { return reasonBetween(now, q, &c.Ticket, &p.Ticket, false) == HeldBySkill })
	})
	most, least, high, low := 0, math.MaxInt, math.Inf(-1), math.Inf(1)
	for t, room := range m.Open {
		largest, seats, sum := 0, 0, 0.0
		for _, p := range all {
			if p.Team == t {
				largest, seats, sum = max(largest, p.Size), seats+p.Size, sum+p.Skill*float64(p.Size)
			}
		}
		if t == team {
			room -= b.sorted.size(at)
		}
		most, least = max(most, largest), min(least, max(largest, room))
		if seats > 0 {
			high, low = max(high, sum/float64(seats)), min(low, sum/float64(seats))
		}
	}
	oldest := slices.MinFunc(all, func(a, b Planned) int { return a.Since.Compare(b.Since) })
	_, allowed := q.parityLimits(max(0, now.Sub(oldest.Since)))
	return centred && most-least <= allowed && (q.NoSkill || q.TeamSpread == 0 || high-low <= q.TeamSpread)
}

// admits reports whether a ticket may join a match. NewMatchOnly keeps it out of running matches. The region must be
// near enough, and the match must have nobody whom the ticket has to be kept apart from.
func (b *backfilling) admits(m *filledMatch, at int) bool {
	l := b.sorted
	if l.ticket(at).NewMatchOnly && len(m.Planned) == 0 {
		return false
	}
	if _, apart := slices.BinarySearch(m.Apart, int(l.tickets[at])); apart {
		return false
	}
	if region := slices.Index(l.q.Latency.Regions, m.Region); l.regionBits != nil && (region < 0 || l.regionBits[at]&(1<<region) == 0) {
		return false
	}
	return !slices.ContainsFunc(m.placed, func(p Placement) bool { return l.areApart(at, int(l.positions[p.Ticket])) })
}
