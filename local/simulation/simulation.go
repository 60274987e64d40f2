package simulation

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"partyline/local/yardstick"
	"partyline/matchmaking/formation"
)

// Run simulates the queue. The load must pass [Load.Check].
func Run(q formation.Queue, l Load) Report { return RunWith(formation.Form, q, l) }

// RunWith is Run with another way to form matches.
func RunWith(form yardstick.Former, q formation.Queue, l Load) Report {
	r := &simulation{
		former: form, queue: q, load: l, start: time.Unix(0, 0), blocks: map[string][]string{}, report: Report{Refused: map[string]int{}},
		arrivalRand: rand.New(rand.NewPCG(l.Seed, 1)), outcomeRand: rand.New(rand.NewPCG(l.Seed, 2)),
	}
	r.next = r.drawGap()
	for at := l.Interval; at <= l.Duration; at += l.Interval {
		r.addArrivals(at)
		r.runPass(at)
	}
	r.addArrivals(l.Duration)
	r.report.Waiting = len(r.waiting)
	r.report.PlayersBound = r.playersBound()
	return r.report
}

type simulation struct {
	former      yardstick.Former
	queue       formation.Queue
	load        Load
	arrivalRand *rand.Rand // for arrivals; they do not depend on what happens later
	outcomeRand *rand.Rand // for everything else
	start       time.Time
	next        time.Duration // time of the next arrival
	waiting     []formation.Ticket
	arrived     []formation.Ticket // all that have arrived
	blocks      map[string][]string
	running     []runningMatch
	report      Report
}

// runningMatch is a match that still takes in others.
type runningMatch struct {
	formation.OpenMatch
	tickets []string
	ends    time.Duration
}

// drawGap draws the time to the next arrival. Arrivals are independent of each other (a Poisson process).
func (r *simulation) drawGap() time.Duration {
	return time.Duration(r.arrivalRand.ExpFloat64() / r.load.PerSecond * float64(time.Second))
}

func (r *simulation) addArrivals(until time.Duration) {
	for ; r.next <= until; r.next += r.drawGap() {
		t, skills := r.drawTicket()
		if r.load.Ask != nil {
			if rule := r.load.Ask(skills, r.next); rule != "" {
				r.report.Refused[rule]++
				continue
			}
		}
		r.drawBlocks(t.ID)
		r.waiting, r.arrived = append(r.waiting, t), append(r.arrived, t)
		r.report.Arrived++
		r.report.Players += t.Size
	}
}

// drawTicket draws the next ticket and the skill of each of its players.
func (r *simulation) drawTicket() (formation.Ticket, []float64) {
	size := drawShare(r.arrivalRand, r.load.Sizes).Size
	var key strings.Builder
	for _, p := range r.load.MatchOn {
		key.WriteString(p.Name + "=" + drawShare(r.arrivalRand, p.Values).Value + "\n")
	}
	skills := r.drawSkills(size)
	t := formation.Ticket{
		ID: fmt.Sprintf("%08d", r.report.Arrived), Size: size, Key: key.String(),
		Skill: r.partySkill(skills), Since: r.start.Add(r.next), NewMatchOnly: r.outcomeRand.Float64() < r.load.NewOnly,
	}
	if len(r.queue.Latency.Regions) > 0 && len(r.load.Regions) > 0 {
		t.Latency = r.drawLatency()
	}
	return t, skills
}

// drawLatency draws low latency to the region where the ticket lives, and high latency to the others.
func (r *simulation) drawLatency() []float64 {
	home, ms := drawShare(r.arrivalRand, r.load.Regions).Value, make([]float64, len(r.queue.Latency.Regions))
	for i, region := range r.queue.Latency.Regions {
		if ms[i] = 90 + 60*r.arrivalRand.ExpFloat64(); region == home {
			ms[i] = 15 + 25*r.arrivalRand.ExpFloat64()
		}
	}
	return ms
}

// drawSkills draws the skills of a party's members. The sum of a shared part and an own part has the distribution
// of all players.
func (r *simulation) drawSkills(size int) []float64 {
	shared, skills := r.arrivalRand.NormFloat64(), make([]float64, size)
	for i := range skills {
		own := r.arrivalRand.NormFloat64()
		skills[i] = r.load.Skill.Mean + r.load.Skill.Deviation*(math.Sqrt(r.load.Friends)*shared+math.Sqrt(1-r.load.Friends)*own)
	}
	return skills
}

// partySkill returns the skill of a party.
func (r *simulation) partySkill(of []float64) float64 {
	if !r.load.Mean {
		return slices.Max(of)
	}
	sum := 0.0
	for _, v := range of {
		sum += v
	}
	return sum / float64(len(of))
}

func drawShare(rng *rand.Rand, shares []Share) Share {
	sum := 0.0
	for _, s := range shares {
		sum += s.Weight
	}
	at := rng.Float64() * sum
	for _, s := range shares {
		if at -= s.Weight; at < 0 {
			return s
		}
	}
	return shares[len(shares)-1]
}

// drawBlocks draws blocks between a ticket and those before it.
func (r *simulation) drawBlocks(id string) {
	for i := max(0, len(r.arrived)-100); r.load.Blocks > 0 && i < len(r.arrived); i++ {
		if other := r.arrived[i].ID; r.outcomeRand.Float64() < r.load.Blocks/100 {
			r.blocks[id], r.blocks[other] = append(r.blocks[id], other), append(r.blocks[other], id)
		}
	}
}

func (r *simulation) runPass(at time.Duration) {
	now := r.start.Add(at)
	r.removeLeaving(now)
	r.running = slices.DeleteFunc(r.running, func(m runningMatch) bool { return m.ends < at })
	r.report.Passes++
	r.report.Busiest = max(r.report.Busiest, len(r.waiting))
	pool := r.makePool()
	began := time.Now()
	res := r.former(now, r.queue, pool, nil)
	r.report.Slowest = max(r.report.Slowest, time.Since(began))
	done := make([]bool, len(r.waiting)) // which of waiting have left
	for _, b := range res.Backfills {
		r.fillMatch(now, b, done)
	}
	for _, m := range res.Matches {
		if !r.markDeclined(m, done) {
			r.startMatch(at, now, m, done)
		}
	}
	left := r.waiting[:0]
	for i, t := range r.waiting {
		if !done[i] {
			left = append(left, t)
		}
	}
	r.waiting = left
}

// removeLeaving removes tickets that expire or are given up.
func (r *simulation) removeLeaving(now time.Time) {
	enough := r.load.Drops * r.load.Interval.Minutes()
	r.waiting = slices.DeleteFunc(r.waiting, func(t formation.Ticket) bool {
		switch {
		case r.load.MaxWait > 0 && now.Sub(t.Since) > r.load.MaxWait:
			r.report.Expired++
		case enough > 0 && r.outcomeRand.Float64() < enough:
			r.report.Dropped++
		default:
			return false
		}
		return true
	})
}

// makePool returns the waiting tickets and running matches, with the pairs that have a block.
func (r *simulation) makePool() formation.Pool {
	p := formation.Pool{Tickets: r.waiting}
	index := map[string]int{}
	for i, t := range r.waiting {
		index[t.ID] = i
	}
	for i, t := range r.waiting {
		for _, other := range r.blocks[t.ID] {
			if j, waits := index[other]; waits && i < j {
				p.Apart = append(p.Apart, [2]int{i, j})
			}
		}
	}
	for i := range r.running {
		m := &r.running[i]
		m.Apart = nil
		for _, t := range m.tickets {
			for _, other := range r.blocks[t] {
				if j, waits := index[other]; waits {
					m.Apart = append(m.Apart, j)
				}
			}
		}
		p.Open = append(p.Open, m.OpenMatch)
	}
	return p
}

// markDeclined marks the tickets that do not accept the match as done. If there are any, the others wait on.
func (r *simulation) markDeclined(m formation.Match, done []bool) (any bool) {
	for _, p := range m.Placements {
		if r.load.Declines > 0 && r.outcomeRand.Float64() < r.load.Declines {
			any, done[p.Ticket] = true, true
			r.report.Declined++
		}
	}
	return any
}

// startMatch starts a match.
func (r *simulation) startMatch(at time.Duration, now time.Time, m formation.Match, done []bool) {
	open := make([]int, r.queue.Teams)
	for team := range open {
		open[team] = r.queue.TeamSize
	}
	groups := make([]int, r.queue.Teams)
	next := runningMatch{OpenMatch: formation.OpenMatch{ID: fmt.Sprint(len(r.report.Matches)), Open: open, Region: m.Region}, ends: at + r.load.MatchLength}
	players := 0
	for _, p := range m.Placements {
		t := r.waiting[p.Ticket]
		open[p.Team] -= r.placeTicket(now, p, done, false)
		groups[p.Team] = max(groups[p.Team], t.Size)
		next.Key, next.Skill = t.Key, next.Skill+t.Skill*float64(t.Size)
		next.tickets = append(next.tickets, t.ID)
		players += t.Size
	}
	next.Skill /= float64(players)
	spread := 0.0
	if !r.queue.NoSkill {
		spread = yardstick.Spread(r.waiting, m)
	}
	r.report.Matches = append(r.report.Matches, Match{
		Players: players, Spread: spread, TeamGap: m.TeamGap, GroupGap: slices.Max(groups) - slices.Min(groups),
	})
	r.report.BlockedTogether += r.countBlocked(next.tickets)
	if r.load.MatchLength > 0 && slices.Max(open) > 0 {
		r.running = append(r.running, next)
	}
}

// fillMatch puts tickets into a running match.
func (r *simulation) fillMatch(now time.Time, b formation.Backfill, done []bool) {
	i := slices.IndexFunc(r.running, func(m runningMatch) bool { return m.ID == b.MatchID })
	m := &r.running[i]
	before := r.countBlocked(m.tickets)
	for _, p := range b.Placements {
		m.Open[p.Team] -= r.placeTicket(now, p, done, true)
		m.tickets = append(m.tickets, r.waiting[p.Ticket].ID)
	}
	r.report.BlockedTogether += r.countBlocked(m.tickets) - before
}

// placeTicket ends a ticket's wait and returns how many of its players come.
func (r *simulation) placeTicket(now time.Time, p formation.Placement, done []bool, fill bool) (come int) {
	t := r.waiting[p.Ticket]
	if done[p.Ticket] {
		r.report.Split++
		return 0
	}
	done[p.Ticket] = true
	r.report.Placed++
	r.report.PlayersPlaced += t.Size
	r.report.Tickets = append(r.report.Tickets, Placed{t.Size, t.Skill, now.Sub(t.Since), fill})
	come = t.Size
	for range t.Size {
		if r.load.NoShows > 0 && r.outcomeRand.Float64() < r.load.NoShows {
			r.report.NoShows++
			come--
		}
	}
	return come
}

// countBlocked counts the pairs with a block among tickets.
func (r *simulation) countBlocked(tickets []string) (pairs int) {
	for i, a := range tickets {
		for _, b := range tickets[:i] {
			if slices.Contains(r.blocks[a], b) {
				pairs++
			}
		}
	}
	return pairs
}

// playersBound returns the most players that could have been placed if all of them waited together. If running matches
// take in others, or teams may be smaller, every party that fits a team counts in full.
func (r *simulation) playersBound() int {
	if r.load.MatchLength > 0 || r.queue.MinTeamSize > 0 {
		players := 0
		for _, t := range r.arrived {
			if t.Size <= r.queue.TeamSize {
				players += t.Size
			}
		}
		return players
	}
	end := r.start.Add(r.load.Duration + time.Hour)
	return yardstick.Bound(end, r.queue, formation.Pool{Tickets: r.arrived}) * r.queue.Teams * r.queue.TeamSize
}
