// Package simulation plays a queue: parties arrive at random, a pass of team formation
// runs now and then, and what became of everybody is measured. Time is virtual, so ten
// minutes of arrivals take a moment, and the same seed gives the same report.
//
// It is for designers who tune a queue (`partyline sim`) and for tests of formation's
// quality. It knows no host and no rules file.
package simulation

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"partyline/matchmaking/formation"
	"partyline/matchmaking/formation/yardstick"
)

// Load is who arrives, and how often the matchmaker looks.
type Load struct {
	PerSecond float64       // tickets that arrive in a second, on average
	Duration  time.Duration // for how long they arrive; the simulation ends with it
	Interval  time.Duration // between two passes, as the server's matchmaker.interval_sec
	MaxWait   time.Duration // a ticket that waited longer is dropped; 0 = never
	Seed      uint64

	Sizes   []Share    // party sizes, by their number
	Places  []Property // text properties that players are matched by
	Skill   Spread     // of players
	Friends float64    // how alike the skills within a party are, from 0 (as strangers) to 1 (the same)
	Mean    bool       // whether a party counts as the mean of its members, not as its strongest
}

// Share is a value and how often it is taken, relative to the others.
type Share struct {
	Value  string
	Size   int // of a party; for sizes only
	Weight float64
}

// Property is one text property with its values.
type Property struct {
	Name   string
	Values []Share
}

// Spread is a normal distribution.
type Spread struct{ Mean, Deviation float64 }

// Placed is a ticket that got a match.
type Placed struct {
	Size  int
	Skill float64
	Wait  time.Duration
}

// Match is one match that was made.
type Match struct {
	Players         int
	Spread, TeamGap float64
}

// Report is what became of everybody.
type Report struct {
	Arrived, Placed, Expired, Waiting int // tickets
	Players, PlayersPlaced            int
	Tickets                           []Placed // that got a match, in the order of their matches
	Matches                           []Match
	Split                             int           // parties on more than one team, or in more than one match; 0 unless formation is broken
	Passes                            int           //
	Slowest                           time.Duration // longest pass, in real time; the only number that differs between runs
	Busiest                           int           // most tickets waiting at a pass
}

// maxTickets bounds a simulation's memory.
const maxTickets = 5_000_000

// Check says what is wrong with a load.
func (l Load) Check() error {
	switch {
	case !(l.PerSecond > 0) || math.IsInf(l.PerSecond, 0):
		return errors.New("nobody arrives")
	case l.Duration <= 0 || l.Interval <= 0:
		return errors.New("the duration and the interval are longer than nothing")
	case l.PerSecond*l.Duration.Seconds() > maxTickets:
		return fmt.Errorf("%.0f tickets are too many; at most %d", l.PerSecond*l.Duration.Seconds(), maxTickets)
	case !(l.Skill.Deviation >= 0) || !(l.Friends >= 0 && l.Friends <= 1):
		return errors.New("a deviation is 0 or more, and friends are alike from 0 to 1")
	}
	if err := checkShares("party sizes", l.Sizes); err != nil {
		return err
	}
	for _, s := range l.Sizes {
		if s.Size < 1 {
			return errors.New("a party has a player at least")
		}
	}
	for _, p := range l.Places {
		if err := checkShares(p.Name, p.Values); err != nil {
			return err
		}
	}
	return nil
}

func checkShares(what string, shares []Share) error {
	sum := 0.0
	for _, s := range shares {
		if !(s.Weight >= 0) || math.IsInf(s.Weight, 0) {
			return fmt.Errorf("%s: a weight is 0 or more", what)
		}
		sum += s.Weight
	}
	if !(sum > 0) {
		return fmt.Errorf("%s: nothing has any weight", what)
	}
	return nil
}

// Run plays the queue. The load has to pass [Load.Check].
func Run(q formation.Queue, l Load) Report { return RunWith(formation.Form, q, l) }

// RunWith plays the queue with another way to form matches.
func RunWith(form yardstick.Former, q formation.Queue, l Load) Report {
	r := &run{form: form, q: q, l: l, rng: rand.New(rand.NewPCG(l.Seed, 1)), start: time.Unix(0, 0)}
	r.next = r.gap()
	for at := l.Interval; at <= l.Duration; at += l.Interval {
		r.arrivals(at)
		r.pass(at)
	}
	r.arrivals(l.Duration)
	r.report.Waiting = len(r.waiting)
	return r.report
}

type run struct {
	form    yardstick.Former
	q       formation.Queue
	l       Load
	rng     *rand.Rand
	start   time.Time
	next    time.Duration // of the next arrival
	waiting []formation.Ticket
	report  Report
}

// gap is the time to the next arrival: arrivals do not know of each other.
func (r *run) gap() time.Duration {
	return time.Duration(r.rng.ExpFloat64() / r.l.PerSecond * float64(time.Second))
}

func (r *run) arrivals(until time.Duration) {
	for ; r.next <= until; r.next += r.gap() {
		t := r.ticket()
		r.waiting = append(r.waiting, t)
		r.report.Arrived++
		r.report.Players += t.Size
	}
}

func (r *run) ticket() formation.Ticket {
	size := draw(r.rng, r.l.Sizes).Size
	var key strings.Builder
	for _, p := range r.l.Places {
		key.WriteString(p.Name + "=" + draw(r.rng, p.Values).Value + "\n")
	}
	return formation.Ticket{
		ID: fmt.Sprintf("%08d", r.report.Arrived), Size: size, Key: key.String(),
		Skill: r.skill(size), Since: r.start.Add(r.next),
	}
}

// skill is a party's: what its members share and what is each one's own add up to the
// players' distribution.
func (r *run) skill(size int) float64 {
	shared := r.rng.NormFloat64()
	sum, top := 0.0, math.Inf(-1)
	for range size {
		own := r.rng.NormFloat64()
		v := r.l.Skill.Mean + r.l.Skill.Deviation*(math.Sqrt(r.l.Friends)*shared+math.Sqrt(1-r.l.Friends)*own)
		sum, top = sum+v, max(top, v)
	}
	if r.l.Mean {
		return sum / float64(size)
	}
	return top
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

func (r *run) pass(at time.Duration) {
	now := r.start.Add(at)
	r.expire(now)
	r.report.Passes++
	r.report.Busiest = max(r.report.Busiest, len(r.waiting))
	began := time.Now()
	res := r.form(now, r.q, formation.Pool{Tickets: r.waiting}, nil)
	r.report.Slowest = max(r.report.Slowest, time.Since(began))
	team := map[int]int{} // of every ticket placed in this pass
	for _, m := range res.Matches {
		players := 0
		for _, p := range m.Placements {
			if _, again := team[p.Ticket]; again {
				r.report.Split++
				continue
			}
			team[p.Ticket] = p.Team
			t := r.waiting[p.Ticket]
			players += t.Size
			r.report.Tickets = append(r.report.Tickets, Placed{t.Size, t.Skill, now.Sub(t.Since)})
		}
		r.report.Matches = append(r.report.Matches, Match{players, m.Spread, m.TeamGap})
		r.report.PlayersPlaced += players
	}
	r.report.Placed += len(team)
	left := r.waiting[:0]
	for i, t := range r.waiting {
		if _, placed := team[i]; !placed {
			left = append(left, t)
		}
	}
	r.waiting = left
}

func (r *run) expire(now time.Time) {
	if r.l.MaxWait <= 0 {
		return
	}
	left := r.waiting[:0]
	for _, t := range r.waiting {
		if now.Sub(t.Since) > r.l.MaxWait {
			r.report.Expired++
			continue
		}
		left = append(left, t)
	}
	r.waiting = left
}
