package matchmaking

import (
	"encoding/json"
	"fmt"
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

// Launch says what match to make and whose seats are held in it from its first moment. It
// travels to the match as JSON.
type Launch struct {
	Handler  string        `json:"-"`     // registered name of the match; "" is [PartyMatch]
	Queue    string        `json:"queue"` // where its players queued; shown in the label
	Teams    int           `json:"teams"`
	TeamSize int           `json:"team_size"`
	MaxParty int           `json:"max_party"` // most seats of one party, friends who come later among them; 0 is a whole team
	Claims   []seats.Claim `json:"claims"`    // all of them get their seats, or there is no match

	// Unannounced reserves the seats only: nobody is told, and the match ends by itself
	// after [ReservedFor] unless [Matches.Commit] comes before.
	Unannounced bool `json:"unannounced"`
	// AvoidBlocks keeps friends of a party out who come late, and block a player of the
	// match or are blocked by one.
	AvoidBlocks bool `json:"avoid_blocks"`

	SeatHold    time.Duration `json:"seat_hold"`     // how long a seat is held for a player who is not there yet; more than 0
	SeatHoldMax time.Duration `json:"seat_hold_max"` // the longest, however often it is extended; 0 never extends
	Grace       time.Duration `json:"grace"`         // how long the seat of a player whose connection is lost is kept; 0 opens it at once

	Backfill  bool    `json:"backfill"`   // open seats are offered to the queue's tickets
	Key       string  `json:"key"`        // what tickets have to agree on to be sent here; for backfill
	Skill     float64 `json:"skill"`      // strength of the match; for backfill
	Region    string  `json:"region"`     // where the match is played; "" where the queue has no regions
	OpenJoins bool    `json:"open_joins"` // anybody may take an open seat; otherwise only members of parties that sit here

	Tick int `json:"-"` // how many times a second a [PartyMatch] passes data on; 0 is 20

	Server *serverSetup `json:"server,omitempty"` // of a seat match; the module's own
}

// MatchParams is what MatchCreate takes to make this match. Its errors name the field.
func (l Launch) MatchParams() (map[string]any, error) {
	if err := l.check(); err != nil {
		return nil, err
	}
	text, err := json.Marshal(l)
	if err != nil {
		return nil, fmt.Errorf("launch: %w", err)
	}
	// One text rather than a tree: the host copies parameters with gob, which would need
	// every type registered, in each plugin again.
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

// readLaunch is the other end of [Launch.MatchParams].
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
