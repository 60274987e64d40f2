package matchmaking

import (
	"encoding/json"
	"fmt"
	"time"

	"partyline/matchmaking/seats"
	"partyline/party/rules"
)

// PartyMatchName is the name under which the module registers its own match handler.
const PartyMatchName = rules.PartyMatch

// ParamSeats is the parameter of MatchInit that carries a [Launch]. [WithSeats] reads it. The handler behind it
// gets it too and can ignore it.
const ParamSeats = "partyline_seats"

// paramTick is the parameter of MatchInit that carries [Launch.Tick].
const paramTick = "partyline_tick"

// maxSeats is the most seats of one match; the rules file has the same limit for queues.
const maxSeats = 256

// ReservedFor is how long a seat stays reserved for a match that may not start. It is just longer than the host
// takes from a matchmaker pass to the matched hook.
const ReservedFor = 10 * time.Second

// Launch says which match to make and whose seats are held in it from the start. It is sent to the match as JSON.
type Launch struct {
	Handler  string        `json:"-"`     // registered name of the match; "" is [PartyMatchName]
	Queue    string        `json:"queue"` // the queue of its players; shown in the label
	Teams    int           `json:"teams"`
	TeamSize int           `json:"team_size"`
	MaxParty int           `json:"max_party"` // most seats of one party, with friends who come later; 0 is a whole team
	Claims   []seats.Claim `json:"claims"`    // if one of them gets no seats, there is no match

	// Unannounced only reserves the seats: nobody is told. The match ends after [ReservedFor] unless
	// [Matches.Commit] comes before.
	Unannounced bool `json:"unannounced"`
	// AvoidBlocks keeps out friends of a party who come late, if a block exists between them and a player of the
	// match.
	AvoidBlocks bool `json:"avoid_blocks"`

	SeatHold    time.Duration `json:"seat_hold"`     // how long a seat is held for a player on the way; more than 0
	SeatHoldMax time.Duration `json:"seat_hold_max"` // the longest hold with all its extensions; 0 never extends
	Grace       time.Duration `json:"grace"`         // how long the seat of a player whose connection is lost is kept; 0 opens it at once

	Backfill  bool    `json:"backfill"`   // open seats are offered to the queue's tickets
	Key       string  `json:"key"`        // what tickets must have in common to be sent here; for backfill
	Skill     float64 `json:"skill"`      // strength of the match; for backfill
	Region    string  `json:"region"`     // where the match is played; "" in a queue without regions
	OpenJoins bool    `json:"open_joins"` // anybody may take an open seat, else only members of parties that sit here

	Tick int `json:"-"` // how many times a second a match named [PartyMatchName] relays data; 0 is 20

	Server *serverSetup `json:"server,omitempty"` // only in a seat match; set by the module
}

// MatchParams returns the parameters of MatchCreate for this match. Its errors name the field.
func (l Launch) MatchParams() (map[string]any, error) {
	if err := l.check(); err != nil {
		return nil, err
	}
	text, err := json.Marshal(l)
	if err != nil {
		return nil, fmt.Errorf("launch: %w", err)
	}
	// One text instead of a tree: the host copies parameters with gob. Gob would need
	// every type registered, and again in each plugin.
	params := map[string]any{ParamSeats: string(text)}
	if l.Tick > 0 {
		params[paramTick] = l.Tick
	}
	return params, nil
}

func (l Launch) check() error {
	switch {
	case l.Teams < 1 || l.TeamSize < 1 || l.Teams > maxSeats || l.TeamSize > maxSeats || l.Teams*l.TeamSize > maxSeats:
		return fmt.Errorf("launch: %d teams of %d; a match has 1 to %d seats", l.Teams, l.TeamSize, maxSeats)
	case l.MaxParty < 0:
		return fmt.Errorf("launch: parties of up to %d; it may not be negative", l.MaxParty)
	case l.SeatHold <= 0:
		return fmt.Errorf("launch: seat hold %v; it must be more than 0", l.SeatHold)
	case l.SeatHoldMax < 0 || l.Grace < 0:
		return fmt.Errorf("launch: seat hold at most %v, grace %v; neither may be negative", l.SeatHoldMax, l.Grace)
	}
	return nil
}

// readLaunch decodes the parameters that [Launch.MatchParams] made.
func readLaunch(params map[string]any) (Launch, error) {
	text, ok := params[ParamSeats].(string)
	if !ok {
		return Launch{}, fmt.Errorf("a match with seats is made from Launch.MatchParams: parameter %s is missing", ParamSeats)
	}
	var l Launch
	if err := json.Unmarshal([]byte(text), &l); err != nil {
		return Launch{}, fmt.Errorf("parameter %s: %w", ParamSeats, err)
	}
	return l, l.check()
}
