package yardstick

import (
	"cmp"
	"math/bits"
	"slices"
	"time"

	"partyline/matchmaking/formation"
)

// Optimum returns the largest number of matches that a pool of at most 64 tickets can have, by skill
// windows, keys and sizes. Every match has a central ticket: it accepts all others, and all others
// accept it. No ticket is split. Optimum uses branch and bound. If it needs more than the given
// steps, exact is false and matches is an upper bound.
func Optimum(now time.Time, q formation.Queue, p formation.Pool, steps int) (matches int, exact bool) {
	o := newOptimum(now, q, p)
	o.steps = steps
	all := uint64(0)
	for i, size := range o.size {
		if size >= 1 && size <= q.TeamSize {
			all |= 1 << i
		}
	}
	for limit := o.bound(all); limit > 0; limit-- { // try the bound first, then one less each time
		if o.search(all, limit) {
			return limit, true
		}
		if o.steps <= 0 {
			return limit, false
		}
	}
	return 0, true
}

// Bound returns an upper bound of the matches in a pool of any size. It divides the seats of each
// group of tickets that a chain of acceptance connects by the seats of a match.
func Bound(now time.Time, q formation.Queue, p formation.Pool) int {
	order := bySkill(p)
	matches, seats, reach := 0, 0, 0.0
	for i, at := range order {
		t := &p.Tickets[at]
		if i == 0 || t.Key != p.Tickets[order[i-1]].Key || !q.NoSkill && t.Skill > reach {
			matches, seats, reach = matches+seats/(q.Teams*q.TeamSize), 0, t.Skill
		}
		if q.FullParty && t.Size == q.Teams*q.TeamSize {
			matches++
		} else if t.Size >= 1 && t.Size <= q.TeamSize {
			seats += t.Size
		}
		reach = max(reach, t.Skill+window(now, q, t))
	}
	return matches + seats/(q.Teams*q.TeamSize)
}

func bySkill(p formation.Pool) []int {
	order := make([]int, len(p.Tickets))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(p.Tickets[a].Key, p.Tickets[b].Key), cmp.Compare(p.Tickets[a].Skill, p.Tickets[b].Skill))
	})
	return order
}

type optimum struct {
	q       formation.Queue
	steps   int // still allowed
	size    []int
	accepts []uint64          // by ticket: the tickets with mutual acceptance, including itself
	failed  map[uint64]int    // by set of tickets: a number of matches that is not possible
	teams   map[[16]uint8]int // by number of tickets of each size: the most teams
}

func newOptimum(now time.Time, q formation.Queue, p formation.Pool) *optimum {
	o := &optimum{q: q, failed: map[uint64]int{}, teams: map[[16]uint8]int{}}
	order := bySkill(p)
	for _, a := range order {
		accepts := uint64(0)
		for j, b := range order {
			if accept(now, q, &p.Tickets[a], &p.Tickets[b]) {
				accepts |= 1 << j
			}
		}
		o.size, o.accepts = append(o.size, p.Tickets[a].Size), append(o.accepts, accepts)
	}
	return o
}

// search reports whether a set of tickets has the wanted number of matches.
func (o *optimum) search(set uint64, wanted int) bool {
	if wanted == 0 {
		return true
	}
	if o.steps--; o.steps <= 0 {
		return false
	}
	if failed, ok := o.failed[set]; ok && wanted >= failed || o.bound(set) < wanted {
		return false
	}
	// Branch on the ticket with the fewest possible partners: it is in a match, or in none.
	pivot, fewest := -1, 65
	for rest := set; rest != 0; rest &= rest - 1 {
		i := bits.TrailingZeros64(rest)
		if n := bits.OnesCount64(o.partners(set, i)); n < fewest {
			pivot, fewest = i, n
		}
	}
	found := o.matches(set, pivot, func(match uint64) bool { return o.search(set&^match, wanted-1) }) ||
		o.search(set&^(1<<pivot), wanted)
	if !found && o.steps > 0 {
		o.failed[set] = wanted
	}
	return found
}

// partners returns the tickets of a set that can be in a match with ticket i.
func (o *optimum) partners(set uint64, i int) (all uint64) {
	for centres := set & o.accepts[i]; centres != 0; centres &= centres - 1 {
		all |= o.accepts[bits.TrailingZeros64(centres)]
	}
	return all & set
}

// matches calls try with the possible matches of the pivot in a set, until try returns true. Of
// tickets with the same size that accept the same tickets, it tries only the first, because they
// are interchangeable.
func (o *optimum) matches(set uint64, pivot int, try func(uint64) bool) bool {
	capacity := o.q.Teams * o.q.TeamSize
	seen := map[uint64]bool{}
	var add func(match, from uint64, seats int) bool
	add = func(match, from uint64, seats int) bool {
		if o.steps--; o.steps <= 0 {
			return false
		}
		if seats == capacity {
			if seen[match] || !o.fitsTeams(match) {
				return false
			}
			seen[match] = true
			return try(match)
		}
		var tried [][2]uint64
		for from != 0 {
			i := o.largest(from)
			from &^= 1 << i
			kind := [2]uint64{uint64(o.size[i]), o.accepts[i] & set &^ (1 << i)}
			if seats+o.size[i] > capacity || slices.Contains(tried, kind) {
				continue
			}
			tried = append(tried, kind)
			if add(match|1<<i, from, seats+o.size[i]) {
				return true
			}
		}
		return false
	}
	for centres := set & o.accepts[pivot]; centres != 0; centres &= centres - 1 {
		c := bits.TrailingZeros64(centres)
		match, seats := uint64(1)<<pivot, o.size[pivot]
		if c != pivot {
			match, seats = match|1<<c, seats+o.size[c]
		}
		if seats <= capacity && add(match, set&o.accepts[c]&^match, seats) {
			return true
		}
	}
	return false
}

func (o *optimum) largest(set uint64) int {
	best := -1
	for ; set != 0; set &= set - 1 {
		if i := bits.TrailingZeros64(set); best < 0 || o.size[i] > o.size[best] {
			best = i
		}
	}
	return best
}

// fitsTeams reports whether tickets that fill the seats of a match can be packed into its teams.
func (o *optimum) fitsTeams(match uint64) bool {
	room := slices.Repeat([]int{o.q.TeamSize}, o.q.Teams)
	var put func(rest uint64) bool
	put = func(rest uint64) bool {
		if rest == 0 {
			return true
		}
		i := o.largest(rest)
		for team := range room {
			if room[team] < o.size[i] || slices.Contains(room[:team], room[team]) {
				continue
			}
			room[team] -= o.size[i]
			ok := put(rest &^ (1 << i))
			room[team] += o.size[i]
			if ok {
				return true
			}
		}
		return false
	}
	return put(match)
}

// bound returns an upper bound of the matches in a set: how many teams its ticket sizes can fill.
// It counts each group that a chain of acceptance connects separately. It leaves out tickets
// without enough other tickets around them.
func (o *optimum) bound(set uint64) int {
	usable := uint64(0)
	for rest := set; rest != 0; rest &= rest - 1 {
		i, seats := bits.TrailingZeros64(rest), 0
		for others := o.partners(set, i); others != 0; others &= others - 1 {
			seats += o.size[bits.TrailingZeros64(others)]
		}
		if seats >= o.q.Teams*o.q.TeamSize {
			usable |= 1 << i
		}
	}
	matches := 0
	for usable != 0 {
		part := usable & -usable
		for grown := uint64(0); grown != part; {
			grown = part
			for rest := part; rest != 0; rest &= rest - 1 {
				part |= o.accepts[bits.TrailingZeros64(rest)] & usable
			}
		}
		usable &^= part
		var counts [16]uint8
		for ; part != 0; part &= part - 1 {
			counts[o.size[bits.TrailingZeros64(part)]]++
		}
		matches += o.mostTeams(counts) / o.q.Teams
	}
	return matches
}

// mostTeams returns the most teams that these numbers of tickets of each size fill.
func (o *optimum) mostTeams(counts [16]uint8) int {
	seats, largest := 0, 0
	for s, n := range counts {
		seats += s * int(n)
		if n > 0 {
			largest = s
		}
	}
	if seats < o.q.TeamSize {
		return 0
	}
	if most, ok := o.teams[counts]; ok {
		return most
	}
	rest := counts
	rest[largest]--
	most, limit := 0, seats/o.q.TeamSize
	var fill func(counts [16]uint8, room, below int)
	fill = func(counts [16]uint8, room, below int) {
		if room == 0 {
			most = max(most, 1+o.mostTeams(counts))
			return
		}
		for s := min(room, below); s >= 1 && most < limit; s-- {
			if counts[s] > 0 {
				next := counts
				next[s]--
				fill(next, room-s, s)
			}
		}
	}
	fill(rest, o.q.TeamSize-largest, largest)
	if most < limit {
		most = max(most, o.mostTeams(rest)) // teams without this ticket
	}
	o.teams[counts] = most
	return most
}
