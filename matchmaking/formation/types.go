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
	// Latency is the worst latency of the members in milliseconds, for each of the queue's regions in their order. A
	// region that is missing, NaN or negative is out of reach.
	Latency []float64
	// NewMatchOnly keeps the ticket out of matches that are already running.
	NewMatchOnly bool
}

// Queue is what formation needs to know about a queue.
type Queue struct {
	Teams    int
	TeamSize int
	// MinTeamSize allows smaller teams, all of one size, around a ticket that has waited for ShrinkAfter; 0 = never
	// smaller than TeamSize. Larger teams are tried first.
	MinTeamSize int
	ShrinkAfter time.Duration
	// FullParty lets one ticket that fills the whole match have its own match.
	FullParty bool
	// Skill windows: a ticket accepts others within Window. It widens by WidenPerSec for every second of waiting, up to
	// MaxWindow (0 = no limit). With NoSkill set, skill is ignored.
	NoSkill     bool
	Window      float64
	WidenPerSec float64
	MaxWindow   float64
	// TeamSpread limits how far apart the mean skill of two teams may be; 0 = no limit.
	TeamSpread float64
	// Parity compares the largest tickets of the teams; without a mode it is ignored.
	Parity rules.Parity
	// Latency is ignored without regions. Only the first MaxRegions regions count. Its Max may be 0: no limit.
	Latency rules.Latency
}

// FromRules converts a queue of the rules file for team formation.
func FromRules(q rules.Queue) Queue {
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

// OpenMatch is a running match with room, or a match that has not begun and lacks players.
type OpenMatch struct {
	ID     string
	Key    string
	Skill  float64
	Open   []int  // open seats of each team
	Region string // where it is played; "" if the queue has no regions
	Apart  []int  // tickets that must not join, because of a block or because it refused them
	// Planned are the tickets of a match that has not begun; none for a running one. A ticket that joins it must fit as
	// in a new match. Tickets that join no running match may join it.
	Planned []Planned
}

// Planned is a ticket in a match that has not begun.
type Planned struct {
	Ticket
	Team int
}

// Pool is what one pass decides about. Tickets are identified by their index in it.
type Pool struct {
	Tickets []Ticket
	Open    []OpenMatch
	Apart   [][2]int // pairs of tickets that must never be in one match
}

// Subset returns a pool with some of the tickets, in the given order, and without open matches.
func (p Pool) Subset(tickets []int) Pool {
	only := Pool{Tickets: make([]Ticket, len(tickets))}
	place := make([]int, len(p.Tickets)) // by ticket: its new index + 1; 0 = left out
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
	TeamSize   int         // smaller than the queue's if the queue allows that
	Region     string      // a region within every ticket's limit; "" without regions
	TeamGap    float64     // the largest difference between the seat-weighted mean skills of two teams
}

// Backfill puts tickets into an open match.
type Backfill struct {
	MatchID    string
	Placements []Placement
}

// Result is what one pass decided. Tickets in neither list wait on.
type Result struct {
	Matches   []Match
	Backfills []Backfill
}

// Reason is what keeps one ticket from another.
type Reason string

const (
	HeldByMatchOn    Reason = "match_on"    // other values of the match_on properties
	HeldBySkill      Reason = "skill"       // outside one of the two windows
	HeldByLatency    Reason = "latency"     // no region is near enough to both
	HeldBySize       Reason = "size"        // no teams can be filled with it
	HeldByBlocks     Reason = "blocks"      // somebody has blocked somebody
	HeldByParity     Reason = "parity"      // the teams' largest groups differ too much
	HeldByTeamSpread Reason = "team_spread" // the teams' skills would be too far apart
	HeldByWaiting    Reason = "waiting"     // in reach; more players or the next pass are needed
)

// HoldingBack counts the tickets that one reason keeps from a ticket.
type HoldingBack struct {
	Reason  Reason
	Tickets int
}

// Why says why a ticket has no match yet.
type Why struct {
	Window  float64 // current skill window; +Inf without skill
	Latency float64 // current latency limit in milliseconds; +Inf without regions
	InReach int     // other tickets that could be in a match with it
	// HoldingBack counts every other ticket of the pool under one reason: the first that applies, in the order of the
	// constants. Reasons without tickets are left out.
	HoldingBack []HoldingBack
}
