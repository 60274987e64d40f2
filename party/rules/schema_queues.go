package rules

import (
	"cmp"
	"time"
)

type Matchmaking struct {
	// Without queues: whether matched players get a match made by the server, with
	// every party's seats held for it.
	CreateMatch bool `yaml:"create_match"`
	// How long a seat of such a match is held for a player who is not there yet.
	SeatHold time.Duration `yaml:"seat_hold" default:"45s" limit:"1s..10m"`
	// What happens to the own ticket of a player whose party queues: "refuse" the
	// second of the two tickets, or "cancel" the player's own. Without queues it is always refused.
	SoloTickets SoloTickets `yaml:"solo_tickets" default:"refuse" oneof:"refuse|cancel"`
	// Longest time one pass of forming matches may take; what is left waits for the
	// next pass, no ticket is lost.
	PassBudget time.Duration `yaml:"pass_budget" default:"250ms" limit:"10ms..10s"`
}

type (
	SoloTickets string // refuse | cancel
	SkillSource string // account | storage | ticket
	PartySkill  string // mean | max
	BlockRule   string // avoid | ignore
	ParityMode  string // off | prefer | require
)

const (
	SoloTicketsRefuse SoloTickets = "refuse"
	SoloTicketsCancel SoloTickets = "cancel"

	SkillFromAccount SkillSource = "account"
	SkillFromStorage SkillSource = "storage"
	SkillFromTicket  SkillSource = "ticket"

	BlocksAvoid  BlockRule = "avoid"
	BlocksIgnore BlockRule = "ignore"

	ParityOff     ParityMode = "off"
	ParityPrefer  ParityMode = "prefer"
	ParityRequire ParityMode = "require"

	PartySkillMean PartySkill = "mean"
	PartySkillMax  PartySkill = "max"
)

// Values of Queue.Match that need no match handler of the operator.
const (
	PartyMatch = "party_match" // Partyline's own match handler
	FleetMatch = "fleet"       // a dedicated game server
)

type Queue struct {
	// How many teams play against each other; 1 for a cooperative game.
	Teams int `yaml:"teams" limit:"1..64" required:"true"`
	// How many players a team has: a number, or {max, min, after} to let all teams of a
	// match be smaller, down to min, once its oldest ticket has waited for after.
	TeamSize TeamSize `yaml:"team_size" required:"true"`
	// Largest party that may queue. A party is never split over teams, so it is
	// never more than team_size, which is also what it is when left out.
	MaxParty int `yaml:"max_party" limit:"1..128"`
	// Whether a party that fills the whole match may have one of its own. Only a
	// queue with one team can be filled by a party.
	FullPartyAlone bool `yaml:"full_party_alone"`
	// Whether every member has to be in the ready stage before the party may queue.
	RequireReady bool `yaml:"require_ready"`
	// Text properties of the ticket that have to be the same for all in a match.
	MatchOn []string `yaml:"match_on" form:"property" limit:"..8"`
	// How strength is read and how far apart it may be. Left out: strength plays no part.
	Skill *Skill `yaml:"skill"`
	// How long a ticket may wait before it is dropped and the players are told. It counts from when
	// the ticket was made; the wait of an earlier ticket does not count.
	MaxWait time.Duration `yaml:"max_wait" default:"10m" limit:"10s..24h"`
	// Whether the seats that a party holds for invited friends are found and held too.
	HoldInvited bool `yaml:"hold_invited"`
	// How long a seat is held for a player who is not there yet. It is extended
	// while the player's progress moves.
	SeatHold time.Duration `yaml:"seat_hold" default:"45s" limit:"1s..10m"`
	// The longest a seat is held however much progress moves.
	SeatHoldMax time.Duration `yaml:"seat_hold_max" default:"10m" limit:"1s..1h"`
	// Whether free seats of running matches are filled before new matches are made.
	Backfill bool `yaml:"backfill"`
	// Whether players who block each other are kept out of each other's matches.
	Blocks BlockRule `yaml:"blocks" default:"avoid" oneof:"avoid|ignore"`
	// Whether groups of friends are kept for groups of about their size. Left out: they
	// play no part.
	Parity *Parity `yaml:"parity"`
	// Regions to play in, and how far away one may be. Left out: distance plays no part.
	Latency *Latency `yaml:"latency"`
	// Whether players are asked before a match is made, and for how long. Left out: they
	// are not asked.
	Accept *Accept `yaml:"accept"`
	// How many times a second a party_match passes data on, at most; a lower number costs
	// the server less. What came since the last time reaches each player at once: see matches.md.
	Tick int `yaml:"tick" default:"20" limit:"1..60"`
	// Where matches are played: party_match, the name of a match handler that the operator
	// registered in Go, with WithSeats, or fleet, a dedicated game server.
	Match string `yaml:"match" default:"party_match" form:"property"`
	// How game servers are had, with match "fleet".
	Fleet *Fleet `yaml:"fleet"`
}

type Fleet struct {
	// Name of the fleet manager that the operator registered; left out, the one without.
	// Names need a server of 3.41 or later.
	Manager string `yaml:"manager" limit:"..128"`
	// Texts that the fleet manager is given with each server. {partyline} in them stands for
	// what the server has to know, as JSON.
	Metadata map[string]string `yaml:"metadata" limit:"..32" form:"property"`
	// How long a server may take to be ready before its match is given up.
	ReadyWithin time.Duration `yaml:"ready_within" default:"1m" limit:"1s..10m"`
}

// ServerInfoKey is the metadata key under which a new game server receives what it has to know.
const ServerInfoKey = "partyline"

// TeamSize is the number of players in a team. A single number in the file sets Max.
type TeamSize struct {
	// Players of a full team.
	Max int `yaml:"max" limit:"1..128" required:"true"`
	// Players of the smallest; 0 is never smaller than max.
	Min int `yaml:"min" limit:"0..128"`
	// How long the oldest ticket of a match has waited when its teams may be smaller.
	After time.Duration `yaml:"after" limit:"0s..24h"`
}

type Skill struct {
	// Name of the number. With source "account" a field of the account's metadata,
	// with "ticket" a number property of the ticket.
	Property string `yaml:"property" form:"property" required:"true"`
	// Where the number comes from. Only trust "ticket" where cheating does not matter:
	// the client sets it. With "storage" the server has to make the object before the
	// client can, without permission to write it.
	Source SkillSource `yaml:"source" default:"account" oneof:"account|storage|ticket"`
	// Which object holds the number, with source "storage".
	Storage SkillStorage `yaml:"storage"`
	// Strength of a player who has none yet.
	Default float64 `yaml:"default" limit:"-1000000..1000000"`
	// Strength of a party: the mean of its members, or its strongest member.
	Party PartySkill `yaml:"party" default:"mean" oneof:"mean|max"`
	// How far apart the strength of two tickets may be at first.
	Window float64 `yaml:"window" default:"100" limit:"0..1000000"`
	// How fast the window grows while a ticket waits, in points per time.
	Widen Rate `yaml:"widen"`
	// The widest the window gets; left out it is the same as window.
	Max float64 `yaml:"max" limit:"0..1000000"`
	// How far apart the mean strength of two teams may be; 0 is without limit.
	TeamSpread float64 `yaml:"team_spread" limit:"0..1000000"`
}

// Parity limits the difference between the largest groups of two teams.
type Parity struct {
	// "prefer" lets the groups differ more only after a wait, "require" never, "off" always.
	Mode ParityMode `yaml:"mode" default:"prefer" oneof:"off|prefer|require"`
	// By how many players the largest groups of two teams may differ.
	Diff int `yaml:"diff" default:"1" limit:"0..128"`
	// With "prefer": how long the oldest of a match has waited when they may differ more.
	Relax time.Duration `yaml:"relax" default:"1m" limit:"0s..24h"`
}

// Latency keeps matches near their players. A ticket gives its latencies in the number properties
// latency_<region>, in milliseconds. A party has the highest of its members for each region.
type Latency struct {
	// Names of the regions there are servers in.
	Regions []string `yaml:"regions" form:"property" limit:"1..64" required:"true"`
	// How many milliseconds away a region may be at first.
	Start float64 `yaml:"start" default:"100" limit:"1..10000"`
	// How fast that grows while a ticket waits, in milliseconds per time.
	Widen Rate `yaml:"widen" default:"10/s"`
	// The most it gets; left out it is the same as start.
	Max float64 `yaml:"max" limit:"0..10000"`
}

// Accept asks every player before a match is made. A player who does not accept is replaced.
type Accept struct {
	// How long players have to answer.
	Within time.Duration `yaml:"within" default:"15s" limit:"3s..10m"`
	// How long a replacement is looked for before everybody is back in the queue.
	Replace time.Duration `yaml:"replace" default:"30s" limit:"0s..10m"`
	// How long a player who did not accept may not queue again.
	Cooldown time.Duration `yaml:"cooldown" limit:"0s..24h"`
}

type SkillStorage struct {
	// Collection of the object.
	Collection string `yaml:"collection" limit:"..128"`
	// Key of the object.
	Key string `yaml:"key" limit:"..128"`
	// Field of the object; left out it is skill's property.
	Field string `yaml:"field" limit:"..128"`
}

// Seats returns the number of players in a full match.
func (q Queue) Seats() int { return q.Teams * q.TeamSize.Max }

// LargestParty returns the size of the largest party that may queue. A party that fills the whole match has nobody
// left to play with, unless the queue lets it play alone.
func (q Queue) LargestParty() int {
	most := cmp.Or(q.MaxParty, q.TeamSize.Max)
	if q.Teams == 1 && !q.FullPartyAlone {
		most = min(most, q.TeamSize.Max-1)
	}
	return most
}

var defaultFleet = DefaultOf[Fleet]()

// FleetConfig returns how the queue gets its game servers. ok is false if it uses none.
func (q Queue) FleetConfig() (f Fleet, ok bool) {
	if q.Match != FleetMatch {
		return Fleet{}, false
	}
	if q.Fleet == nil {
		return defaultFleet, true
	}
	return *q.Fleet, true
}
