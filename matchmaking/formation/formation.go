// Package formation turns waiting tickets into matches. It is pure: tickets, open
// matches and the time go in, matches come out; the same input gives the same result
// in whatever order the tickets arrive.
//
// A ticket is a party or a player alone and is never split: all of it goes to
// one team of one match or it waits on. The oldest ticket is served first. Of the nearest
// unmatched tickets by skill, each within both sides' windows, those are packed into
// teams that lie closest together with it, large tickets before small ones, because small
// ones fit anywhere later; where that fails the search reaches for the nearest of each size, and
// at last around a neighbour of the oldest. So every match has a ticket at its centre that
// accepts all others and that all others accept. Then tickets change teams until the teams
// are as even as can be, and in the end some matches are taken apart where their tickets and
// those left over make more of them. Open matches are filled before new ones are made.
//
// Every search is bounded, so a pass costs O(n) for n tickets.
package formation

import (
	"iter"
	"math"
	"slices"
	"time"

	"partyline/party/rules"
)

const (
	// lookFactor and lookFloor bound how many tickets around one are looked at: enough to
	// choose from, few enough to keep the pass linear.
	lookFactor = 3
	lookFloor  = 24
	// packSteps bounds the search for a packing; the largest-first order finds one in
	// a handful of steps where there is one at all.
	packSteps = 512
	// effortFloor and effortShare bound how many steps a pass has for packing and for splitting teams in the
	// best of all ways: so many, and more for each ticket. Beyond them a packing has fewSteps, and teams are
	// evened out by swaps.
	effortFloor = 1 << 20
	effortShare = 64
	fewSteps    = 48
	// regionsFree is how many regions are tried for every ticket, its nearest; more of them are for
	// the oldest.
	regionsFree = 2
	// backfillTries bounds how many open matches are looked at for one ticket.
	backfillTries = 32
	// thoroughMost is the largest pool in which the best match around every ticket is looked for, and tickets
	// without one are looked after once more. In larger ones that is done around careMost tickets, the oldest
	// that have enough others in reach.
	thoroughMost = 1024
	careMost     = 128
	// creditFloor and creditShare bound, in packings that are tried, what a pass may do for
	// tickets beyond looking among their nearest: as much as small pools can need, and for a
	// part of the tickets of large ones, the oldest.
	creditFloor = 4096
	creditShare = 64
)

// reaches are the sizes of the pools that are tried one after the other, in matches.
var reaches = [...]float64{1, 1.3, 2}

// Form runs one pass. proceed is asked between tickets and ends the pass by answering false; nil means no
// budget. Tickets larger than a team stay unmatched, unless one fills the match and the queue allows that.
// What is given is not changed. Safe for concurrent use.
func Form(now time.Time, q Queue, p Pool, proceed func() bool) Result {
	f := newPass(now, q, p)
	defer f.done()
	f.proceed = proceed
	var res Result
	if len(p.Open) > 0 {
		res.Backfills = f.backfill(p.Open)
	}
	f.serve()
	f.repair()
	res.Matches = f.made
	return res
}

// oldestFirst are the positions as they are served, until the budget is used up.
func (f *pass) oldestFirst() iter.Seq[int] {
	return func(yield func(int) bool) {
		for n, at := range f.byAge {
			if f.proceed != nil && n%16 == 0 && !f.proceed() || !yield(int(at)) {
				return
			}
		}
	}
}

// serve tries to form a match around every ticket.
func (f *pass) serve() {
	for at := range f.oldestFirst() {
		if f.items[at].matched {
			continue
		}
		if m, ok := f.around(at); ok {
			f.add(m)
		} else if f.stuck(at) {
			f.keep(at)
		}
	}
}

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
		for _, diff := range f.differences(f.waited(at)) {
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
// tried one after the other around a ticket that has waited for so long.
func (f *pass) differences(waited time.Duration) []int {
	both := f.bounds[:]
	switch parity := f.q.Parity; {
	case parity.Mode == rules.ParityRequire || parity.Mode == rules.ParityPrefer && waited < parity.Relax:
		return both[:1]
	case parity.Mode == rules.ParityPrefer:
		return both
	}
	return both[1:]
}

// slotBlock is for how many placements memory is asked for at a time.
const slotBlock = 1024

// match takes the tickets that were picked.
func (f *pass) match() Match {
	n := len(f.pick)
	if len(f.slots) < n {
		f.slots = make([]Placement, max(n, min(slotBlock, len(f.items))))
	}
	m := Match{Placements: f.slots[:n:n], TeamSize: f.team, TeamGap: f.teamGap()}
	f.slots = f.slots[n:]
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

func (f *pass) add(m Match) {
	f.made = append(f.made, m)
	f.own(m, len(f.made)-1)
}

// own notes which match the tickets of a match are in, where that is ever asked.
func (f *pass) own(m Match, index int) {
	if f.matchOf == nil {
		return
	}
	for _, p := range m.Placements {
		f.matchOf[f.places[p.Ticket]] = int32(index)
	}
}

// choose finds tickets that fill a match with the one at a position in it: in its best
// region first, among the nearest first, and then farther away, because near ones make the
// better match.
func (f *pass) choose(at int) bool {
	if f.near == nil {
		return f.chooseHere(at)
	}
	for n, region := range f.regions(at) {
		if n >= regionsFree {
			if f.credit <= 0 {
				return false
			}
			f.credit--
		}
		f.region = 1 << region
		if f.chooseHere(at) {
			return true
		}
	}
	return false
}

func (f *pass) chooseHere(at int) bool {
	if f.thorough() {
		return f.tighten(at, at) || f.gatherSizes(at) && f.suits(at, at) || f.aside(at)
	}
	f.reset(at, at)
	first := 0
	if f.q.NoSkill {
		first = 1 // a pool to choose from lets large tickets go before small ones
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
	if f.credit <= 0 {
		return false
	}
	f.credit--
	return f.gatherSizes(at) && f.suits(at, at) || f.aside(at)
}

// thorough reports whether the best match is to be looked for and not just a good one.
func (f *pass) thorough() bool {
	return !f.lean && f.credit > 0 && !f.q.NoSkill && (f.matchOf != nil || f.care > 0)
}

// suits packs those found into even teams, if it can.
func (f *pass) suits(anchor, centre int) bool {
	if !f.pack(anchor, centre) || anchor != centre && !f.centred() {
		return false
	}
	f.balance()
	return f.q.NoSkill || f.q.TeamSpread == 0 || f.teamGap() <= f.q.TeamSpread
}
