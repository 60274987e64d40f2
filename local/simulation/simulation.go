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
	r := &run{
		form: form, q: q, l: l, start: time.Unix(0, 0), apart: map[string][]string{}, report: Report{Refused: map[string]int{}},
		rng: rand.New(rand.NewPCG(l.Seed, 1)), luck: rand.New(rand.NewPCG(l.Seed, 2)),
	}
	r.next = r.gap()
	for at := l.Interval; at <= l.Duration; at += l.Interval {
		r.arrivals(at)
		r.pass(at)
	}
	r.arrivals(l.Duration)
	r.report.Waiting = len(r.waiting)
	r.report.PlayersBound = r.bound()
	return r.report
}

type run struct {
	form    yardstick.Former
	q       formation.Queue
	l       Load
	rng     *rand.Rand // for arrivals; they do not depend on what happens later
	luck    *rand.Rand // for everything else
	start   time.Time
	next    time.Duration // time of the next arrival
	waiting []formation.Ticket
	all     []formation.Ticket // all that have arrived
	apart   map[string][]string
	running []running
	report  Report
}

// running is a match that still takes in others.
type running struct {
	formation.OpenMatch
	tickets []string
	ends    time.Duration
}

// gap draws the time to the next arrival. Arrivals are independent of each other (a Poisson process).
func (r *run) gap() time.Duration {
	return time.Duration(r.rng.ExpFloat64() / r.l.PerSecond * float64(time.Second))
}

func (r *run) arrivals(until time.Duration) {
	for ; r.next <= until; r.next += r.gap() {
		t, skills := r.ticket()
		if r.l.Ask != nil {
			if rule := r.l.Ask(skills, r.next); rule != "" {
				r.report.Refused[rule]++
				continue
			}
		}
		r.block(t.ID)
		r.waiting, r.all = append(r.waiting, t), append(r.all, t)
		r.report.Arrived++
		r.report.Players += t.Size
	}
}

// ticket draws the next ticket and the skill of each of its players.
func (r *run) ticket() (formation.Ticket, []float64) {
	size := draw(r.rng, r.l.Sizes).Size
	var key strings.Builder
	for _, p := range r.l.Places {
		key.WriteString(p.Name + "=" + draw(r.rng, p.Values).Value + "\n")
	}
	skills := r.skills(size)
	t := formation.Ticket{
		ID: fmt.Sprintf("%08d", r.report.Arrived), Size: size, Key: key.String(),
		Skill: r.skill(skills), Since: r.start.Add(r.next), NewMatchOnly: r.luck.Float64() < r.l.NewOnly,
	}
	if len(r.q.Latency.Regions) > 0 && len(r.l.Homes) > 0 {
		t.Latency = r.latency()
	}
	return t, skills
}

// latency draws low latency to the region where the ticket lives, and high latency to the others.
func (r *run) latency() []float64 {
	home, ms := draw(r.rng, r.l.Homes).Value, make([]float64, len(r.q.Latency.Regions))
	for i, region := range r.q.Latency.Regions {
		if ms[i] = 90 + 60*r.rng.ExpFloat64(); region == home {
			ms[i] = 15 + 25*r.rng.ExpFloat64()
		}
	}
	return ms
}

// skills draws the skills of a party's members. The sum of a shared part and an own part has the distribution
// of all players.
func (r *run) skills(size int) []float64 {
	shared, skills := r.rng.NormFloat64(), make([]float64, size)
	for i := range skills {
		own := r.rng.NormFloat64()
		skills[i] = r.l.Skill.Mean + r.l.Skill.Deviation*(math.Sqrt(r.l.Friends)*shared+math.Sqrt(1-r.l.Friends)*own)
	}
	return skills
}

// skill returns the skill of a party.
func (r *run) skill(of []float64) float64 {
	if !r.l.Mean {
		return slices.Max(of)
	}
	sum := 0.0
	for _, v := range of {
		sum += v
	}
	return sum / float64(len(of))
}

func draw(rng *rand.Rand, shares []Share) Share {
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

// block draws blocks between a ticket and those before it.
func (r *run) block(id string) {
	for i := max(0, len(r.all)-100); r.l.Blocks > 0 && i < len(r.all); i++ {
		if other := r.all[i].ID; r.luck.Float64() < r.l.Blocks/100 {
			r.apart[id], r.apart[other] = append(r.apart[id], other), append(r.apart[other], id)
		}
	}
}

func (r *run) pass(at time.Duration) {
	now := r.start.Add(at)
	r.leave(now)
	r.running = slices.DeleteFunc(r.running, func(m running) bool { return m.ends < at })
	r.report.Passes++
	r.report.Busiest = max(r.report.Busiest, len(r.waiting))
	pool := r.pool()
	began := time.Now()
	res := r.form(now, r.q, pool, nil)
	r.report.Slowest = max(r.report.Slowest, time.Since(began))
	done := make([]bool, len(r.waiting)) // which of waiting have left
	for _, b := range res.Backfills {
		r.fill(now, b, done)
	}
	for _, m := range res.Matches {
		if !r.declined(m, done) {
			r.play(at, now, m, done)
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

// leave removes tickets that expire or are given up.
func (r *run) leave(now time.Time) {
	enough := r.l.Drops * r.l.Interval.Minutes()
	r.waiting = slices.DeleteFunc(r.waiting, func(t formation.Ticket) bool {
		switch {
		case r.l.MaxWait > 0 && now.Sub(t.Since) > r.l.MaxWait:
			r.report.Expired++
		case enough > 0 && r.luck.Float64() < enough:
			r.report.Dropped++
		default:
			return false
		}
		return true
	})
}

// pool returns the waiting tickets and running matches, with the pairs that have a block.
func (r *run) pool() formation.Pool {
	p := formation.Pool{Tickets: r.waiting}
	index := map[string]int{}
	for i, t := range r.waiting {
		index[t.ID] = i
	}
	for i, t := range r.waiting {
		for _, other := range r.apart[t.ID] {
			if j, waits := index[other]; waits && i < j {
				p.Apart = append(p.Apart, [2]int{i, j})
			}
		}
	}
	for i := range r.running {
		m := &r.running[i]
		m.Apart = nil
		for _, t := range m.tickets {
			for _, other := range r.apart[t] {
				if j, waits := index[other]; waits {
					m.Apart = append(m.Apart, j)
				}
			}
		}
		p.Open = append(p.Open, m.OpenMatch)
	}
	return p
}

// declined marks the tickets that do not accept the match as done. If there are any, the others wait on.
func (r *run) declined(m formation.Match, done []bool) (any bool) {
	for _, p := range m.Placements {
		if r.l.Declines > 0 && r.luck.Float64() < r.l.Declines {
			any, done[p.Ticket] = true, true
			r.report.Declined++
		}
	}
	return any
}

// play starts a match.
func (r *run) play(at time.Duration, now time.Time, m formation.Match, done []bool) {
	open := make([]int, r.q.Teams)
	for team := range open {
		open[team] = r.q.TeamSize
	}
	groups := make([]int, r.q.Teams)
	next := running{OpenMatch: formation.OpenMatch{ID: fmt.Sprint(len(r.report.Matches)), Open: open, Region: m.Region}, ends: at + r.l.MatchLength}
	players := 0
	for _, p := range m.Placements {
		t := r.waiting[p.Ticket]
		open[p.Team] -= r.place(now, p, done, false)
		groups[p.Team] = max(groups[p.Team], t.Size)
		next.Key, next.Skill = t.Key, next.Skill+t.Skill*float64(t.Size)
		next.tickets = append(next.tickets, t.ID)
		players += t.Size
	}
	next.Skill /= float64(players)
	spread := 0.0
	if !r.q.NoSkill {
		spread = yardstick.Spread(r.waiting, m)
	}
	r.report.Matches = append(r.report.Matches, Match{
		Players: players, Spread: spread, TeamGap: m.TeamGap, GroupGap: slices.Max(groups) - slices.Min(groups),
	})
	r.report.BlockedTogether += r.enemies(next.tickets)
	if r.l.MatchLength > 0 && slices.Max(open) > 0 {
		r.running = append(r.running, next)
	}
}

// fill puts tickets into a running match.
func (r *run) fill(now time.Time, b formation.Backfill, done []bool) {
	i := slices.IndexFunc(r.running, func(m running) bool { return m.ID == b.MatchID })
	m := &r.running[i]
	before := r.enemies(m.tickets)
	for _, p := range b.Placements {
		m.Open[p.Team] -= r.place(now, p, done, true)
		m.tickets = append(m.tickets, r.waiting[p.Ticket].ID)
	}
	r.report.BlockedTogether += r.enemies(m.tickets) - before
}

// place ends a ticket's wait and returns how many of its players come.
func (r *run) place(now time.Time, p formation.Placement, done []bool, fill bool) (come int) {
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
		if r.l.NoShows > 0 && r.luck.Float64() < r.l.NoShows {
			r.report.NoShows++
			come--
		}
	}
	return come
}

// enemies counts the pairs with a block among tickets.
func (r *run) enemies(tickets []string) (pairs int) {
	for i, a := range tickets {
		for _, b := range tickets[:i] {
			if slices.Contains(r.apart[a], b) {
				pairs++
			}
		}
	}
	return pairs
}

// bound returns the most players that could have been placed if all of them waited together. If running matches
// take in others, or teams may be smaller, every party that fits a team counts in full.
func (r *run) bound() int {
	if r.l.MatchLength > 0 || r.q.MinTeamSize > 0 {
		players := 0
		for _, t := range r.all {
			if t.Size <= r.q.TeamSize {
				players += t.Size
			}
		}
		return players
	}
	end := r.start.Add(r.l.Duration + time.Hour)
	return yardstick.Bound(end, r.q, formation.Pool{Tickets: r.all}) * r.q.Teams * r.q.TeamSize
}
