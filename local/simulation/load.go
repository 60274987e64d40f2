// Package simulation simulates a queue. Parties arrive at random, formation runs at intervals, and the results
// are measured. Time is virtual, so ten minutes of arrivals take a moment. The same seed gives the same report.
//
// It is for designers who tune a queue (`partyline sim`) and for tests of formation's quality. It knows no host
// and no rules file.
package simulation

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// Load describes the tickets that arrive, and how often the matchmaker runs.
type Load struct {
	PerSecond float64       // arriving tickets per second, on average
	Duration  time.Duration // how long they arrive; the simulation ends then
	Interval  time.Duration // between two passes, as the server's matchmaker.interval_sec
	MaxWait   time.Duration // a ticket that waits longer is dropped; 0 = never
	Seed      uint64

	Sizes   []Share    // weights of the party sizes
	MatchOn []Property // text properties that have to be the same in a match
	Skill   Spread     // distribution of the players' skills
	Friends float64    // how similar the skills within a party are: 0 = as among strangers, 1 = equal
	Mean    bool       // whether the skill of a party is the mean of its members; false = that of its strongest

	Regions     []Share       // regions where players live, each a region of the queue; used if the queue has regions
	Blocks      float64       // how many of the 100 tickets before a ticket it has a block with, on average
	Drops       float64       // share of the tickets that are given up per minute of waiting
	Declines    float64       // share of the tickets that do not accept a match
	NoShows     float64       // share of the players who never come to their match
	NewOnly     float64       // share of the tickets that join no running match
	MatchLength time.Duration // how long a match with free seats takes in others; 0 = not at all

	// Ask decides whether a ticket may queue. It gets the skill of each player and the time since the start. It
	// returns the rule that refuses the ticket, or "". nil = all may queue.
	Ask func(skills []float64, at time.Duration) (rule string)
}

// Share is a value and its weight among the others.
type Share struct {
	Value  string
	Size   int // of a party; only in Load.Sizes
	Weight float64
}

// Property is a text property with its values.
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
	Fill  bool // whether it joined a running match
}

// Match is a match that was made.
type Match struct {
	Players         int
	Spread, TeamGap float64
	// GroupGap is the difference between the largest parties of two teams, in seats.
	GroupGap int
}

// Report is the result of a simulation.
type Report struct {
	Arrived, Placed, Expired, Waiting int            // tickets
	Refused                           map[string]int // tickets that did not arrive, by the rule that refused them
	Dropped, Declined                 int            // tickets that were given up while waiting, or that did not accept
	Players, PlayersPlaced            int
	PlayersBound                      int      // the most players that could have been placed if everybody waited for ever
	NoShows                           int      // players
	Tickets                           []Placed // tickets that got a match, in the order of the matches
	Matches                           []Match
	Split                             int           // parties in more than one team or match; 0 unless formation has a bug
	BlockedTogether                   int           // pairs with a block in one match; 0 unless formation has a bug
	Passes                            int           //
	Slowest                           time.Duration // longest pass in real time; the only number that differs between runs
	Busiest                           int           // most tickets that waited at a pass
}

// maxTickets limits the memory of a simulation.
const maxTickets = 5_000_000

// Check returns an error if the load cannot be simulated.
func (l Load) Check() error {
	switch {
	case !(l.PerSecond > 0) || math.IsInf(l.PerSecond, 0):
		return errors.New("the number of tickets per second must be above 0")
	case l.Duration <= 0 || l.Interval <= 0:
		return errors.New("the duration and the interval must be above 0")
	case l.PerSecond*l.Duration.Seconds() > maxTickets:
		return fmt.Errorf("%.0f tickets are too many; at most %d", l.PerSecond*l.Duration.Seconds(), maxTickets)
	case !(l.Skill.Deviation >= 0) || !(l.Friends >= 0 && l.Friends <= 1):
		return errors.New("the deviation must be 0 or more, and friends must be from 0 to 1")
	}
	for name, share := range map[string]float64{"drops": l.Drops, "declines": l.Declines, "no-shows": l.NoShows, "new matches only": l.NewOnly} {
		if !(share >= 0 && share <= 1) {
			return fmt.Errorf("%s: a share is from 0 to 1", name)
		}
	}
	if !(l.Blocks >= 0 && l.Blocks <= 100) || l.MatchLength < 0 {
		return errors.New("blocks must be from 0 to 100, and the match length must not be negative")
	}
	if len(l.Regions) > 0 {
		if err := checkShares("regions", l.Regions); err != nil {
			return err
		}
	}
	if err := checkShares("party sizes", l.Sizes); err != nil {
		return err
	}
	for _, s := range l.Sizes {
		if s.Size < 1 {
			return errors.New("a party size must be at least 1")
		}
	}
	for _, p := range l.MatchOn {
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
		return fmt.Errorf("%s: at least one weight must be above 0", what)
	}
	return nil
}
