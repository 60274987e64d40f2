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
	"time"
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

	Homes       []Share       // regions that players live in, where the queue has regions; each has to be one of them
	Blocks      float64       // blocked pairs: how many of the 100 tickets before it a ticket must not meet, on average
	Drops       float64       // share of the tickets that are given up in a minute of waiting
	Declines    float64       // share of the tickets that do not accept a match that is found
	NoShows     float64       // share of the players that never come to their match
	NewOnly     float64       // share of the tickets that join no running match
	MatchLength time.Duration // for how long a match with open seats takes in others; 0 = not at all

	// Ask is asked whether a ticket may queue, with the skill of each of its players and the
	// time since the start. It answers the rule that refuses it, "" for none; nil: all may.
	Ask func(skills []float64, at time.Duration) (rule string)
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
	Fill  bool // of a running match
}

// Match is one match that was made.
type Match struct {
	Players         int
	Spread, TeamGap float64
	// GroupGap is by how many seats the largest parties of two teams differ.
	GroupGap int
}

// Report is what became of everybody.
type Report struct {
	Arrived, Placed, Expired, Waiting int            // tickets
	Refused                           map[string]int // tickets, by the rule; they did not arrive
	Dropped, Declined                 int            // tickets that were given up while they waited, or did not accept
	Players, PlayersPlaced            int
	PlayersBound                      int      // so many could have been placed at most, had everybody waited for ever
	NoShows                           int      // players
	Tickets                           []Placed // that got a match, in the order of their matches
	Matches                           []Match
	Split                             int           // parties on more than one team, or in more than one match; 0 unless formation is broken
	BlockedTogether                   int           // blocked pairs in one match; 0 unless formation is broken
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
	for name, share := range map[string]float64{"drops": l.Drops, "declines": l.Declines, "no-shows": l.NoShows, "new matches only": l.NewOnly} {
		if !(share >= 0 && share <= 1) {
			return fmt.Errorf("%s: a share is from 0 to 1", name)
		}
	}
	if !(l.Blocks >= 0 && l.Blocks <= 100) || l.MatchLength < 0 {
		return errors.New("blocks are from 0 to 100, and a match takes some time")
	}
	if len(l.Homes) > 0 {
		if err := checkShares("regions", l.Homes); err != nil {
			return err
		}
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
