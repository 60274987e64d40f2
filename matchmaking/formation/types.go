package formation

import (
	"time"

	"partyline/party/rules"
)

// Ticket is a party, or a player without one, that waits for a match.
type Ticket struct {
	ID    string
	Size  int       // seats it needs: members and held seats; at least 1
	Key   string    // only tickets with equal keys meet: build, mode and the like
	Skill float64   // of the whole party, as the queue aggregates it
	Since time.Time // when the wait began; carried over from a dropped ticket
	// Latency is in milliseconds, of the member who is worst off, for each of the queue's
	// regions in their order. A region that is missing, NaN or negative is out of reach.
	Latency []float64
	// NewMatchOnly keeps the ticket out of matches that are already running.
	NewMatchOnly bool
}

// Queue is what formation needs to know of a queue.
type Queue struct {
	Teams    int
	TeamSize int
	// MinTeamSize allows smaller teams, all of one size, around a ticket that has waited
	// for ShrinkAfter; 0 = never smaller than TeamSize. Larger teams are tried first.
	MinTeamSize int
	ShrinkAfter time.Duration
	// FullParty lets one ticket that fills the whole match have one of its own.
	FullParty bool
	// Skill windows: a ticket accepts others within Window, widening by WidenPerSec for
	// every second it has waited, up to MaxWindow (0 = without bound). With NoSkill set
	// skill plays no part.
	NoSkill     bool
	Window      float64
	WidenPerSec float64
	MaxWindow   float64
	// TeamSpread bounds how far apart the mean skill of two teams may be; 0 = without bound.
	TeamSpread float64
	// Parity is about the largest ticket of each team; without a mode it plays no part.
	Parity rules.Parity
	// Latency plays no part without regions, of which there are at most MaxRegions; others are
	// ignored. Its Max may be 0: without bound.
	Latency rules.Latency
}

// Of is a queue of the rules file as team formation sees it.
func Of(q rules.Queue) Queue {
	f := Queue{Teams: q.Teams, TeamSize: q.TeamSize.Max, FullParty: q.FullPartyAlone && q.Teams == 1, NoSkill: q.Skill == nil}
	if q.TeamSize.Min < q.TeamSize.Max {
		f.MinTeamSize, f.ShrinkAfter = q.TeamSize.Min, q.TeamSize.After
	}
	if k := q.Skill; k != nil {
		f.Window, f.MaxWindow, f.TeamSpread = k.Window, max(k.Window, k.Max), k.TeamSpread
		if f.MaxWindow > f.Window {
			f.WidenPerSec = k.Widen.PerSecond()
		}
	}
	if q.Parity != nil {
		f.Parity = *q.Parity
	}
	if q.Latency != nil {
		f.Latency = *q.Latency
		f.Latency.Max = max(f.Latency.Start, f.Latency.Max)
	}
	return f
}

// MaxRegions is how many regions a queue can have.
const MaxRegions = 64

// OpenMatch is a running match with room.
type OpenMatch struct {
	ID     string
	Key    string
	Skill  float64
	Open   []int  // open seats of each team
	Region string // where it is played; "" where the queue has no regions
	Apart  []int  // tickets that must not join, because somebody in it and on them is blocked
	// Planned are the tickets in a match that has not begun; none for a running one. What joins
	// it makes it as good as a new match has to be, and may be a ticket that joins no running match.
	Planned []Planned
}

// Planned is a ticket in a match that has not begun.
type Planned struct {
	Ticket
	Team int
}

// Pool is what one pass decides about. Tickets are named by their index in it.
type Pool struct {
	Tickets []Ticket
	Open    []OpenMatch
	Apart   [][2]int // pairs of tickets that must never be in one match
}

// Only are some tickets of the pool, in the order in which they are named, without open matches.
func (p Pool) Only(tickets []int) Pool {
	only := Pool{Tickets: make([]Ticket, len(tickets))}
	place := make([]int, len(p.Tickets)) // of each from 1; 0 = left out
	for i, t := range tickets {
		only.Tickets[i], place[t] = p.Tickets[t], i+1
	}
	for _, pair := range p.Apart {
		if a, b := place[pair[0]], place[pair[1]]; a > 0 && b > 0 {
			only.Apart = append(only.Apart, [2]int{a - 1, b - 1})
		}
	}
	return only
}

// Placement is one ticket on one team. Ticket is an index into the pool's tickets.
type Placement struct {
	Ticket int
	Team   int
}

// Match is a complete new match.
type Match struct {
	Placements []Placement // by team
	TeamSize   int         // smaller than the queue's where it allows that
	Region     string      // where every ticket is within its bound; "" without regions
	TeamGap    float64     // the largest difference between the seat-weighted mean skills of two teams
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
}

// Reason says what keeps a ticket from another one.
type Reason string

const (
	HeldByMatchOn    Reason = "match_on"    // other values of the properties that have to be equal
	HeldBySkill      Reason = "skill"       // beyond one of the two windows
	HeldByLatency    Reason = "latency"     // no region is near enough to both
	HeldBySize       Reason = "size"        // no teams can be filled with it
	HeldByBlocks     Reason = "blocks"      // somebody has blocked somebody
	HeldByParity     Reason = "parity"      // groups of too different sizes
	HeldByTeamSpread Reason = "team_spread" // teams would be too far apart
	HeldByWaiting    Reason = "waiting"     // in reach; others are still missing, or the next pass
)

// HoldingBack counts the tickets that one reason keeps from a ticket.
type HoldingBack struct {
	Reason  Reason
	Tickets int
}

// Why says why a ticket has no match yet.
type Why struct {
	Window  float64 // how far its skill window reaches by now; +Inf without skill
	Latency float64 // its bound in milliseconds by now; +Inf without regions
	InReach int     // other tickets that could be in a match with it
	// HoldingBack has every other ticket of the pool under one reason, the first that
	// applies in the order of the constants; reasons without tickets are left out.
	HoldingBack []HoldingBack
}
