// Package formation turns waiting tickets into matches. It is pure: tickets, open
// matches and the time go in, matches come out; the same input gives the same result
// in whatever order the tickets arrive.
//
// A ticket is a party or a player on his own and is never split: all of it goes to
// one team of one match or it waits on. The oldest ticket is served first. Around it a
// pool of the nearest unmatched tickets by skill is gathered, each within both sides'
// windows, and teams are packed from the pool with large tickets before small ones,
// because small ones fit anywhere later. Open matches are filled before new ones are
// made.
//
// The pool is bounded, so a pass costs O(n log n) for sorting and O(n) for the rest.
package formation

import (
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
	// FullParty lets one ticket that fills every team form a match of its own.
	FullParty bool
	// Skill windows: a ticket accepts others within Window, widening by WidenPerSec for
	// every second it has waited, up to MaxWindow (0 = without bound). With NoSkill set
	// skill plays no part.
	NoSkill     bool
	Window      float64
	WidenPerSec float64
	MaxWindow   float64
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
	// poolFactor and poolFloor bound how much is gathered around one ticket: enough
	// seats to choose from, few enough to keep the pass linear.
	poolFactor = 3
	poolFloor  = 24
	// packSteps bounds the search for a packing; the largest-first order finds one in
	// a handful of steps where there is one at all.
	packSteps = 512
	// backfillTries bounds how many open matches are looked at for one ticket.
	backfillTries = 32
)

// Form runs one pass. proceed is asked between tickets and ends the pass by answering
// false; nil means no budget. Tickets larger than a team stay unmatched, unless one
// fills the whole match and the queue allows that.
func Form(now time.Time, q Queue, tickets []Ticket, open []OpenMatch, proceed func() bool) Result {
	f := newPass(now, q, tickets)
	var res Result
	if len(open) > 0 {
		res.Backfills = f.backfill(tickets, open)
	}
	for n, at := range f.byAge {
		if proceed != nil && n%16 == 0 && !proceed() {
			res.Stopped = true
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

// around tries to form a match with the ticket at a position in it.
func (f *pass) around(at int) (Match, bool) {
	size := f.items[at].size
	if size == f.capacity && (f.q.Teams == 1 || f.q.FullParty) {
		f.take(at)
		return Match{Placements: []Placement{{Ticket: f.items[at].ticket}}}, true
	}
	if !f.fits(at) || !f.gather(at) || !f.pack(at) {
		return Match{}, false
	}
	f.balance()
	m := Match{Placements: make([]Placement, len(f.pick)), Spread: f.spread(), TeamGap: f.teamGap()}
	for i, p := range f.pick {
		f.take(p.at)
		m.Placements[i] = Placement{Ticket: f.items[p.at].ticket, Team: p.team}
	}
	slices.SortStableFunc(m.Placements, func(a, b Placement) int { return a.Team - b.Team })
	return m, true
}
