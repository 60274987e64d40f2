// Package formation turns waiting tickets into matches. It is pure: tickets, open
// matches and the time go in, matches come out; the same input gives the same result
// in whatever order the tickets arrive.
//
// A ticket is a party or a player on his own and is never split: all of it goes to
// one team of one match or it waits on. The oldest ticket is served first. Around it a
// pool of the nearest unmatched tickets by skill is gathered, each within both sides'
// windows, and teams are packed from the pool with large tickets before small ones,
// because small ones fit anywhere later; where that fails the pool reaches farther, and at
// last for the nearest of each size. Then tickets change teams until the teams are as even
// as can be. Open matches are filled before new ones are made.
//
// The pool is bounded, so a pass costs O(n log n) for sorting and O(n) for the rest.
package formation

import (
	"math"
	"slices"
	"time"
)

// Ticket is a party, or a player without one, that waits for a match.
type Ticket struct {
	ID    string
	Size  int       // seats it needs: members and held seats; at least 1
	Key   string    // only tickets with equal keys meet: region, build and the like
	Skill float64   // of the whole party, as the queue aggregates it
	Since time.Time // when the wait began; carried over from a dropped ticket
}

// Queue is what formation needs to know of a queue.
type Queue struct {
	Teams    int
	TeamSize int
	// FullParty lets one ticket that fills the whole match have one of its own.
	FullParty bool
	// Skill windows: a ticket accepts others within Window, widening by WidenPerSec for
	// every second it has waited, up to MaxWindow (0 = without bound). With NoSkill set
	// skill plays no part.
	NoSkill     bool
	Window      float64
	WidenPerSec float64
	MaxWindow   float64
	// TeamSpread bounds how far apart the mean skill of two teams may be; 0 = without bound.
	TeamSpread float64
}

// OpenMatch is a running match with room.
type OpenMatch struct {
	ID    string
	Key   string
	Skill float64
	Open  []int // open seats of each team
}

// Placement is one ticket on one team. Ticket is an index into the tickets given to Form.
type Placement struct {
	Ticket int
	Team   int
}

// Match is a complete new match.
type Match struct {
	Placements []Placement
	// Spread is the largest difference in skill between two of its tickets, TeamGap the
	// largest difference between the seat-weighted means of two teams.
	Spread, TeamGap float64
}

// Backfill puts tickets into a match that is already running.
type Backfill struct {
	MatchID    string
	Placements []Placement
}

// Result is what one pass decided. Tickets in neither list wait on.
type Result struct {
	Matches   []Match
	Backfills []Backfill
	// Stopped is set when the budget ended the pass early; no ticket is lost by that.
	Stopped bool
}

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

// reaches are the sizes of the pools that are tried one after the other, in matches.
var reaches = [...]float64{1.3, 2}

// Form runs one pass. proceed is asked between tickets and ends the pass by answering
// false; nil means no budget. Tickets larger than a team stay unmatched, unless one
// fills the whole match and the queue allows that. What is given is not changed.
func Form(now time.Time, q Queue, tickets []Ticket, open []OpenMatch, proceed func() bool) Result {
	f := newPass(now, q, tickets)
	var res Result
	if len(open) > 0 {
		res.Backfills, res.Stopped = f.backfill(tickets, open, proceed)
	}
	for n, at := range f.oldest() {
		if res.Stopped = res.Stopped || late(n, proceed); res.Stopped {
			break
		}
		if f.items[at].matched {
			continue
		}
		if m, ok := f.around(at); ok {
			res.Matches = append(res.Matches, m)
		}
	}
	return res
}

// late asks now and then whether the budget is used up.
func late(n int, proceed func() bool) bool { return proceed != nil && n%16 == 0 && !proceed() }

// around tries to form a match with the ticket at a position in it.
func (f *pass) around(at int) (Match, bool) {
	if f.size(at) == f.capacity {
		if !f.q.FullParty {
			return Match{}, false
		}
		f.take(at)
		return Match{Placements: []Placement{{Ticket: int(f.items[at].ticket)}}}, true
	}
	if !f.fits(at) || !f.choose(at) {
		return Match{}, false
	}
	m := Match{Placements: make([]Placement, len(f.pick)), Spread: f.spread(), TeamGap: f.teamGap()}
	for i, p := range f.pick {
		f.take(p.at)
		m.Placements[i] = Placement{Ticket: int(f.items[p.at].ticket), Team: p.team}
	}
	slices.SortStableFunc(m.Placements, func(a, b Placement) int { return a.Team - b.Team })
	return m, true
}

// choose finds tickets that fill a match with the one at a position in it: among the
// nearest first, and then farther away, because near ones make the better match.
func (f *pass) choose(at int) bool {
	f.reset(at)
	for _, reach := range reaches {
		more := f.gather(at, int(math.Ceil(reach*float64(f.capacity))))
		if f.seats >= f.capacity && f.suits(at) {
			return true
		}
		if !more {
			return false
		}
	}
	return f.gatherSizes(at) && f.suits(at)
}

// suits packs the pool into even teams, if it can.
func (f *pass) suits(at int) bool {
	if !f.pack(at) {
		return false
	}
	f.balance()
	return f.q.NoSkill || f.q.TeamSpread == 0 || f.teamGap() <= f.q.TeamSpread
}
