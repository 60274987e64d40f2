package matchmaking

import (
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"partyline/matchmaking/seats"
	"partyline/party/rules"
)

// PartyMatch is the name under which the module registers its own match handler.
const PartyMatch = rules.PartyMatch

// ParamSeats is the parameter of MatchInit that carries a [Launch]. [WithSeats] reads
// it; the handler behind it gets it too and need not care.
const ParamSeats = "partyline_seats"

// paramTick is the parameter of MatchInit that carries [Launch.Tick].
const paramTick = "partyline_tick"

// maxSeats bounds one match, as the rules file does for queues.
const maxSeats = 256

// ReservedFor is how long a seat stays reserved for a match that may come to nothing:
// longer than the host takes from a pass to its hook, and no longer.
const ReservedFor = 10 * time.Second

// Launch says what match to make and whose seats are held in it from its first moment.
type Launch struct {
	Handler  string // registered name of the match; "" is [PartyMatch]
	Queue    string // where its players queued; shown in the label
	Teams    int
	TeamSize int
	MaxParty int           // most seats of one party, friends who come later among them; 0 is a whole team
	Claims   []seats.Claim // all of them get their seats, or there is no match

	// Unannounced reserves the seats only: nobody is told, and the match ends by itself
	// after [ReservedFor] unless [Matches.Commit] comes before.
	Unannounced bool
	// AvoidBlocks keeps friends of a party out who come late, and block a player of the
	// match or are blocked by one.
	AvoidBlocks bool

	SeatHold    time.Duration // how long a seat is held for a player who is not there yet; more than 0
	SeatHoldMax time.Duration // the longest, however often it is extended; 0 never extends
	Grace       time.Duration // how long the seat of a player whose connection is lost is kept; 0 opens it at once

	Backfill  bool    // open seats are offered to the queue's tickets
	Key       string  // what tickets have to agree on to be sent here; for backfill
	Skill     float64 // strength of the match; for backfill
	Region    string  // where the match is played; "" where the queue has no regions
	OpenJoins bool    // anybody may take an open seat; otherwise only members of parties that sit here

	Tick int // how many times a second a [PartyMatch] passes data on; 0 is 20

	server *serverSetup // of a seat match

	Params map[string]any // more parameters for the handler's MatchInit, which gob must be able to encode
}

// MatchParams is what MatchCreate takes to make this match. Its errors name the field.
func (l Launch) MatchParams() (map[string]any, error) {
	setup := setup{
		Queue: l.Queue, Teams: l.Teams, TeamSize: l.TeamSize, MaxParty: l.MaxParty, Claims: l.Claims,
		Unannounced: l.Unannounced, AvoidBlocks: l.AvoidBlocks,
		SeatHold: l.SeatHold, SeatHoldMax: l.SeatHoldMax, Grace: l.Grace,
		Backfill: l.Backfill, Key: l.Key, Skill: l.Skill, Region: l.Region, OpenJoins: l.OpenJoins,
		Server: l.server,
	}
	if err := setup.check(); err != nil {
		return nil, err
	}
	text, err := json.Marshal(setup)
	if err != nil {
		return nil, fmt.Errorf("launch: %w", err)
	}
	params := maps.Clone(l.Params)
	if params == nil {
		params = map[string]any{}
	}
	// One text rather than a tree: the host copies parameters with gob, which would need
	// every type registered, in each plugin anew.
	params[ParamSeats] = string(text)
	if l.Tick > 0 {
		params[paramTick] = l.Tick
	}
	return params, nil
}

// setup is a launch as it travels to the match.
type setup struct {
	Queue       string        `json:"queue"`
	Teams       int           `json:"teams"`
	TeamSize    int           `json:"team_size"`
	MaxParty    int           `json:"max_party"`
	Claims      []seats.Claim `json:"claims"`
	Unannounced bool          `json:"unannounced"`
	AvoidBlocks bool          `json:"avoid_blocks"`
	SeatHold    time.Duration `json:"seat_hold"` // nanoseconds, like the next two
	SeatHoldMax time.Duration `json:"seat_hold_max"`
	Grace       time.Duration `json:"grace"`
	Backfill    bool          `json:"backfill"`
	Key         string        `json:"key"`
	Skill       float64       `json:"skill"`
	Region      string        `json:"region"`
	OpenJoins   bool          `json:"open_joins"`
	Server      *serverSetup  `json:"server,omitempty"`
}

func (s setup) check() error {
	switch {
	case s.Teams < 1 || s.TeamSize < 1 || s.Teams > maxSeats || s.TeamSize > maxSeats || s.Teams*s.TeamSize > maxSeats:
		return fmt.Errorf("launch: %d teams of %d; a match has 1 to %d seats", s.Teams, s.TeamSize, maxSeats)
	case s.MaxParty < 0:
		return fmt.Errorf("launch: parties of up to %d; it may not be negative", s.MaxParty)
	case s.SeatHold <= 0:
		return fmt.Errorf("launch: seat hold %v; it must be more than 0", s.SeatHold)
	case s.SeatHoldMax < 0 || s.Grace < 0:
		return fmt.Errorf("launch: seat hold at most %v, grace %v; neither may be negative", s.SeatHoldMax, s.Grace)
	}
	return nil
}

// readSetup is the other end of [Launch.MatchParams].
func readSetup(params map[string]any) (setup, error) {
	text, ok := params[ParamSeats].(string)
	if !ok {
		return setup{}, fmt.Errorf("a match with seats is made from Launch.MatchParams: parameter %s is missing", ParamSeats)
	}
	var s setup
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return setup{}, fmt.Errorf("parameter %s: %w", ParamSeats, err)
	}
	return s, s.check()
}
