// Package formation turns waiting tickets into matches. It is pure: tickets, open matches and the time go in, matches
// come out. The result does not depend on the order of the tickets.
//
// A ticket is a party, or a player without one. It is never split: all of it goes to one team of one match, or it waits
// on. The oldest ticket is served first. The search takes the nearest unmatched tickets by skill, each within both
// sides' windows. It packs those that lie closest together into teams, large tickets before small ones, because small
// tickets fit anywhere later. If that fails, it tries the nearest tickets of each size, and at last matches around a
// neighbour of the oldest ticket. So every match has a ticket at its centre that accepts all others and that all others
// accept. Then tickets change teams until the teams are as even as possible. At the end some matches are taken apart,
// if their tickets and the unmatched ones make more matches. Open matches are filled before new ones are made.
//
// Every search is bounded, so a pass costs O(n) for n tickets.
package formation

import (
	"iter"
	"time"
)

const (
	// Others wait for a stuck ticket. It is stuck after stuckAfter times as long as its window grows. If the pool has
	// no more tickets than two matches have seats, soonStuck times are enough.
	stuckAfter = 3
	soonStuck  = 1.5
	// A ticket does not wait for others after keptAfter times as long as its window grows, or after keptMost.
	keptAfter = 8
	keptMost  = 3 * time.Minute
)

// Form runs one pass. It calls proceed between tickets, and the pass ends when proceed returns false; nil means no
// limit. Tickets larger than a team stay unmatched, unless one fills the match and the queue allows that. Form does not
// change its arguments. Safe for concurrent use.
func Form(now time.Time, q Queue, p Pool, proceed func() bool) (res Result) {
	s := newSearch(now, q, p)
	defer s.done()
	oldest := s.sorted.oldestFirst(proceed)
	res.Backfills = backfill(&s.sorted, p.Open, oldest)
	res.Matches = serve(s, oldest)
	res.Matches = repair(s, res.Matches, oldest)
	return res
}

// serve tries to form a match around every ticket.
func serve(s *search, oldest iter.Seq[int]) (made []Match) {
	for at := range oldest {
		if s.sorted.items[at].matched {
			continue
		}
		if m, ok := s.around(at); ok {
			made = append(made, m)
		} else if stuck(&s.sorted, at) {
			reserveNear(s, at)
		}
	}
	return made
}

// stuck reports whether a ticket has waited so long that others have to wait for it.
func stuck(l *sortedPool, at int) bool {
	q, after := &l.q, float64(stuckAfter)
	if !l.isSmall() || q.MaxWindow <= 0 || q.WidenPerSec <= 0 || !l.fitsTeam(at) {
		return false
	}
	if len(l.items) <= 2*q.Teams*q.TeamSize {
		after = soonStuck
	}
	return q.grown(l.waited(at), after)
}

// reserveNear reserves the nearest tickets for a stuck one in this pass, while they do not add up to a match. Otherwise
// younger tickets, which have others to play with, would take them again and again. If they do add up, a rule keeps
// them apart, and more of them would not help. Tickets that have waited long are not reserved, because the stuck one
// may never get a match. The stuck ticket had its search in this pass, and is taken out too.
func reserveNear(s *search, at int) {
	l, g := &s.sorted, &s.gathering
	s.setTeam(l.q.TeamSize)
	if l.regionBits != nil {
		s.region = l.regionBits[at]
	}
	g.around(at, at, s.capacity)
	l.markMatched(at)
	if g.canAddUp() {
		return
	}
	for _, near := range g.found[1:] {
		if waited := l.waited(near); waited < keptMost && !l.q.grown(waited, keptAfter) {
			l.markMatched(near)
		}
	}
}
