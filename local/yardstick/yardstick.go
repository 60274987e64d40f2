// Package yardstick has references to measure team formation against: simple and well-known ways
// to make matches, the most matches that a pool can have, bounds on them, and closed formulas.
// None of it runs in a server.
package yardstick

import (
	"cmp"
	"math"
	"slices"
	"time"

	"partyline/matchmaking/formation"
)

// Former makes matches from a pool, as [formation.Form] does.
type Former func(now time.Time, q formation.Queue, p formation.Pool, proceed func() bool) formation.Result

// Greedy is the obvious algorithm. It takes tickets from the oldest to the newest. Around each, it
// puts the nearest by skill, with mutual acceptance, on the first team with room until all teams are full.
func Greedy(now time.Time, q formation.Queue, p formation.Pool, _ func() bool) (res formation.Result) {
	order := make([]int, len(p.Tickets))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return p.Tickets[a].Since.Compare(p.Tickets[b].Since) })
	used := make([]bool, len(p.Tickets))
	for _, anchor := range order {
		near := slices.DeleteFunc(slices.Clone(order), func(t int) bool { return used[t] || !accept(now, q, &p.Tickets[anchor], &p.Tickets[t]) })
		slices.SortStableFunc(near, func(a, b int) int {
			return cmp.Or(cmp.Compare(distance(p, anchor, a), distance(p, anchor, b)), -boolToInt(a == anchor)+boolToInt(b == anchor))
		})
		room, m := slices.Repeat([]int{q.TeamSize}, q.Teams), formation.Match{TeamSize: q.TeamSize}
		for _, t := range near {
			if team := slices.IndexFunc(room, func(r int) bool { return r >= p.Tickets[t].Size }); !used[anchor] && team >= 0 {
				room[team] -= p.Tickets[t].Size
				m.Placements = append(m.Placements, formation.Placement{Ticket: t, Team: team})
			}
		}
		if !used[anchor] && slices.Max(room) == 0 {
			for _, pl := range m.Placements {
				used[pl.Ticket] = true
			}
			res.Matches = append(res.Matches, m)
		}
	}
	return res
}

// SlidingWindow copies the match function and evaluator of Open Match's scale scenario "teamshooter",
// for tickets of one player. It considers all runs of players that are neighbours in skill and span
// less than two windows. It takes the run with the least variance first.
func SlidingWindow(_ time.Time, q formation.Queue, p formation.Pool, _ func() bool) (res formation.Result) {
	n := q.Teams * q.TeamSize
	order := make([]int, len(p.Tickets))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(p.Tickets[a].Key, p.Tickets[b].Key), cmp.Compare(p.Tickets[a].Skill, p.Tickets[b].Skill))
	})
	type run struct {
		from     int
		variance float64
	}
	var runs []run
	for i := 0; i+n <= len(order); i++ {
		first, last := &p.Tickets[order[i]], &p.Tickets[order[i+n-1]]
		if first.Key != last.Key || last.Skill-first.Skill >= 2*q.Window {
			continue
		}
		mean, sum := 0.0, 0.0
		for _, t := range order[i : i+n] {
			mean += p.Tickets[t].Skill / float64(n)
		}
		for _, t := range order[i : i+n] {
			sum += (p.Tickets[t].Skill - mean) * (p.Tickets[t].Skill - mean)
		}
		runs = append(runs, run{i, sum})
	}
	slices.SortStableFunc(runs, func(a, b run) int { return cmp.Compare(a.variance, b.variance) })
	used := make([]bool, len(order))
	for _, r := range runs {
		if slices.Contains(used[r.from:r.from+n], true) {
			continue
		}
		m := formation.Match{TeamSize: q.TeamSize}
		for i := range n {
			used[r.from+i] = true
			m.Placements = append(m.Placements, formation.Placement{Ticket: order[r.from+i], Team: i / q.TeamSize})
		}
		res.Matches = append(res.Matches, m)
	}
	return res
}

// SoloWait returns the mean wait of single players in seconds. n players make a match, perSecond
// players arrive, all accept each other, and a pass runs every interval. On average a player waits
// for half of the others, and then for half of an interval.
func SoloWait(n int, perSecond float64, interval time.Duration) float64 {
	return float64(n-1)/(2*perSecond) + interval.Seconds()/2
}

// accept reports whether two tickets accept each other.
func accept(now time.Time, q formation.Queue, a, b *formation.Ticket) bool {
	return a.Key == b.Key && (q.NoSkill || math.Abs(a.Skill-b.Skill) <= min(window(now, q, a), window(now, q, b)))
}

func window(now time.Time, q formation.Queue, t *formation.Ticket) float64 {
	w := q.Window + q.WidenPerSec*max(0, now.Sub(t.Since).Seconds())
	if q.MaxWindow > 0 {
		w = min(w, q.MaxWindow)
	}
	return w
}

func distance(p formation.Pool, a, b int) float64 {
	return math.Abs(p.Tickets[a].Skill - p.Tickets[b].Skill)
}

// Spread returns the largest difference in skill between two tickets of a match.
func Spread(tickets []formation.Ticket, m formation.Match) float64 {
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, pl := range m.Placements {
		lo, hi = min(lo, tickets[pl.Ticket].Skill), max(hi, tickets[pl.Ticket].Skill)
	}
	return hi - lo
}

func boolToInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
