// Package formation turns waiting tickets into matches. It is pure: tickets, open
// matches and the time go in, matches come out; the same input gives the same result
// in whatever order the tickets arrive.
//
// A ticket is a party or a player alone and is never split: all of it goes to
// one team of one match or it waits on. The oldest ticket is served first. Around it a
// pool of the nearest unmatched tickets by skill is gathered, each within both sides'
// windows, and teams are packed from the pool with large tickets before small ones,
// because small ones fit anywhere later; where that fails the pool reaches farther, then
// for the nearest of each size, and at last around a neighbour of the oldest. So every
// match has a ticket at its centre that accepts all others and that all others accept.
// Then tickets change teams until the teams are as even as can be. Open matches are filled
// before new ones are made.
//
// Every search is bounded, so a pass costs O(n) for n tickets.
package formation

import (
	"math"
	"slices"
	"time"
)

const (
	// lookFactor and lookFloor bound how many tickets around one are looked at: enough to
	// choose from, few enough to keep the pass linear.
	lookFactor = 3
	lookFloor  = 24
	// packSteps bounds the search for a packing; the largest-first order finds one in
	// a handful of steps where there is one at all.
	packSteps = 512
	// backfillTries bounds how many open matches are looked at for one ticket.
	backfillTries = 32
)

// reaches are the sizes of the pools that are tried one after the other, in matches. Where
// skill plays no part the first is left out: a pool to choose from lets large tickets go
// before small ones.
var reaches = [...]float64{1, 1.3, 2}

// Form runs one pass. proceed is asked between tickets and ends the pass by answering
// false; nil means no budget. Tickets larger than a team stay unmatched, unless one
// fills the whole match and the queue allows that. What is given is not changed. It is
// safe for concurrent use.
func Form(now time.Time, q Queue, p Pool, proceed func() bool) Result {
	f := newPass(now, q, p)
	var res Result
	if len(p.Open) > 0 {
		res.Backfills, res.Stopped = f.backfill(p.Open, proceed)
	}
	for n, at := range f.byAge {
		if res.Stopped = res.Stopped || late(n, proceed); res.Stopped {
			break
		}
		if f.items[at].matched {
			continue
		}
		if m, ok := f.around(int(at)); ok {
			res.Matches = append(res.Matches, m)
		}
	}
	return res
}

// late asks now and then whether the budget is used up.
func late(n int, proceed func() bool) bool { return proceed != nil && n%16 == 0 && !proceed() }

// around tries to form a match with the ticket at a position in it: with full teams
// before smaller ones, and with groups of alike sizes before others.
func (f *pass) around(at int) (Match, bool) {
	if f.size(at) == f.q.Teams*f.q.TeamSize {
		if !f.q.FullParty {
			return Match{}, false
		}
		f.take(at)
		return Match{Placements: []Placement{{Ticket: int(f.tickets[at])}}, TeamSize: f.q.TeamSize}, true
	}
	if !f.fits(at) {
		return Match{}, false
	}
	for team := f.q.TeamSize; team >= max(f.smallest(at), f.size(at)); team-- {
		f.setTeam(team)
		if f.size(at) == f.capacity && !f.q.FullParty {
			break
		}
		for _, diff := range f.differences(at) {
			f.diff = diff
			if f.choose(at) {
				return f.match(), true
			}
		}
	}
	return Match{}, false
}

// smallest is the smallest team around the ticket at a position.
func (f *pass) smallest(at int) int {
	if f.q.MinTeamSize > 0 && f.waited(at) >= f.q.ShrinkAfter {
		return min(f.q.MinTeamSize, f.q.TeamSize)
	}
	return f.q.TeamSize
}

// differences are the bounds on how far apart the teams' largest tickets may be, to be
// tried one after the other around the ticket at a position.
func (f *pass) differences(at int) []int {
	both := f.bounds[:]
	switch {
	case f.q.Parity.Mode == ParityOff:
		return both[1:]
	case f.q.Parity.Mode == ParityPrefer && f.waited(at) >= f.q.Parity.Relax:
		return both
	}
	return both[:1]
}

// match takes the tickets that were picked.
func (f *pass) match() Match {
	m := Match{Placements: make([]Placement, len(f.pick)), TeamSize: f.team, Spread: f.spread(), TeamGap: f.teamGap()}
	if f.near != nil {
		m.Region = f.bestRegion()
	}
	for i, p := range f.pick {
		f.take(p.at)
		m.Placements[i] = Placement{Ticket: int(f.tickets[p.at]), Team: p.team}
	}
	slices.SortStableFunc(m.Placements, func(a, b Placement) int { return a.Team - b.Team })
	return m
}

// choose finds tickets that fill a match with the one at a position in it: in its best
// region first, among the nearest first, and then farther away, because near ones make the
// better match.
func (f *pass) choose(at int) bool {
	if f.near == nil {
		return f.chooseWithin(at)
	}
	for _, region := range f.regions(at) {
		f.region = 1 << region
		if f.chooseWithin(at) {
			return true
		}
	}
	return false
}

func (f *pass) chooseWithin(at int) bool {
	f.reset(at, at)
	first := 0
	if f.q.NoSkill {
		first = 1
	}
	for _, reach := range reaches[first:] {
		more := f.gather(at, int(math.Ceil(reach*float64(f.capacity))))
		if f.seats >= f.capacity && f.suits(at, at) {
			return true
		}
		if !more {
			return f.aside(at)
		}
	}
	return f.gatherSizes(at) && f.suits(at, at) || f.aside(at)
}

// aside tries matches around the neighbours of a ticket that accept it, one, two, four and
// more of them away on both sides: one that has nobody on one side finds its match towards
// the other, where more play.
func (f *pass) aside(at int) bool {
	if f.q.NoSkill || f.credit <= 0 {
		return false
	}
	for _, step := range [...]func(*item) int32{func(it *item) int32 { return it.next }, func(it *item) int32 { return it.prev }} {
		centre, try := at, 1
		for n := 1; n <= asideReach; n++ {
			centre = int(step(&f.items[centre]))
			d, ok := f.distance(at, centre)
			if !ok {
				break
			}
			if n < try || d > f.items[centre].window || !f.welcome(at, centre) {
				continue
			}
			try *= 2
			f.credit--
			f.reset(at, centre)
			f.gather(centre, asideSeats*f.capacity)
			if f.seats >= f.capacity && f.suits(at, centre) {
				return true
			}
		}
	}
	return false
}

const (
	// asideReach is how many neighbours away another centre may be, asideSeats the size of
	// the pool around it, in matches.
	asideReach = 64
	asideSeats = 3
	// asideFloor and asideShare bound how many other centres are tried in a pass: as many
	// as small pools can need, and a part of the tickets of large ones.
	asideFloor = 4096
	asideShare = 16
)

// suits packs the pool into even teams, if it can.
func (f *pass) suits(anchor, centre int) bool {
	if !f.pack(anchor, centre) || anchor != centre && !f.centred() {
		return false
	}
	f.balance()
	return f.q.NoSkill || f.q.TeamSpread == 0 || f.teamGap() <= f.q.TeamSpread
}

// centred reports whether one of those picked accepts all others and is accepted by them.
func (f *pass) centred() bool {
	return slices.ContainsFunc(f.pick, func(c picked) bool {
		return !slices.ContainsFunc(f.pick, func(p picked) bool {
			d := math.Abs(f.items[c.at].skill - f.items[p.at].skill)
			return d > f.items[c.at].window || d > f.items[p.at].window
		})
	})
}
