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
	"time"
)

const (
	// stuckAfter is how much longer than its window grows a ticket waits until others wait for it, soonStuck
	// where no more tickets wait than two matches have seats.
	stuckAfter = 3
	soonStuck  = 1.5
	// Who has waited for keptAfter times as long as a window grows, or for keptMost, waits for no other.
	keptAfter = 8
	keptMost  = 3 * time.Minute
)

// Form runs one pass. proceed is asked between tickets and ends the pass by answering false; nil means no
// budget. Tickets larger than a team stay unmatched, unless one fills the match and the queue allows that.
// What is given is not changed. Safe for concurrent use.
func Form(now time.Time, q Queue, p Pool, proceed func() bool) (res Result) {
	s := newSearch(now, q, p)
	defer s.done()
	oldest := s.line.oldestFirst(proceed)
	res.Backfills = backfill(&s.line, p.Open, oldest)
	res.Matches = serve(s, oldest)
	res.Matches = repair(s, res.Matches, oldest)
	return res
}

// serve tries to form a match around every ticket.
func serve(s *search, oldest iter.Seq[int]) (made []Match) {
	for at := range oldest {
		if s.line.items[at].matched {
			continue
		}
		if m, ok := s.around(at); ok {
			made = append(made, m)
		} else if stuck(&s.line, at) {
			keep(s, at)
		}
	}
	return made
}

// stuck reports whether a ticket has waited for so long that others have to wait for it.
func stuck(l *line, at int) bool {
	q, after := &l.q, float64(stuckAfter)
	if !l.small() || q.MaxWindow <= 0 || q.WidenPerSec <= 0 || !l.fits(at) {
		return false
	}
	if len(l.items) <= 2*q.Teams*q.TeamSize {
		after = soonStuck
	}
	return q.grown(l.waited(at), after)
}

// keep leaves the tickets that are nearest to a stuck one to it in this pass while they do not add up to a
// match: else younger ones, who have others to play with, take them away from it time and again. Where they
// do, a rule stands between them, and more of them would not help. Nobody is left to it for ever: it may never
// have a match. It has looked for one in this pass itself, and is in nobody's way.
func keep(s *search, at int) {
	l, g := &s.line, &s.gathering
	s.setTeam(l.q.TeamSize)
	if l.near != nil {
		s.region = l.near[at]
	}
	g.around(at, at, s.capacity)
	l.take(at)
	if g.addUp() {
		return
	}
	for _, near := range g.found[1:] {
		if waited := l.waited(near); waited < keptMost && !l.q.grown(waited, keptAfter) {
			l.take(near)
		}
	}
}
