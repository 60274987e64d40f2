package party

import "context"

// SeatState is what a seat of a match is at one moment.
type SeatState string

const (
	SeatOpen  SeatState = "open"
	SeatHeld  SeatState = "held" // for somebody who is on the way; nobody else can have it
	SeatTaken SeatState = "taken"
)

// MatchSeats answers party_match: the match a party is in, with all of its seats. All
// fields are empty for a party that is in none. Players of the match receive the same
// as match data with op code [OpMatch] whenever it changes.
type MatchSeats struct {
	MatchID string      `json:"match_id"`
	Queue   string      `json:"queue"`
	Region  string      `json:"region,omitempty"` // where it is played, in a queue with regions
	Seats   []MatchSeat `json:"seats"`
}

// MatchSeat is one of them.
type MatchSeat struct {
	UserID    string    `json:"user_id,omitempty"` // absent for an open seat and for one held for a friend not known by name
	PartyID   string    `json:"party_id"`          // empty for an open seat and for a player without a party
	Team      int       `json:"team"`              // from 0
	State     SeatState `json:"state"`
	ExpiresAt int64     `json:"expires_at,omitempty"` // of a held seat
}

// SeatFor finds a seat in the party's match for a user who has just come to the party,
// holds it and answers the match; empty where the party is in none or has no room for
// another.
type SeatFor func(ctx context.Context, id ID, userID string) (matchID string, err error)
