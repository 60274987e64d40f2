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
	// Server is how the caller gets to the game server, where it is played on one and the
	// caller has a seat.
	Server *ServerAccess `json:"server,omitempty"`
	Seeks  bool          `json:"-"` // a caller without a seat is to get one: it is played on a game server, which they have not left
}

// ServerJoined is who has come to a game server.
type ServerJoined struct {
	UserID  string `json:"user_id"`
	PartyID string `json:"party_id"` // "" for a player without a party
	Team    int    `json:"team"`     // from 0
}

// Why a player has left a game server.
const (
	ServerLeft    = "left"
	ServerDropped = "dropped" // the connection is lost; the seat is kept for the grace
	ServerKicked  = "kicked"  // gets no seat of this match again
	ServerNoShow  = "no_show" // has never come
)

// ServerLeaves are all of them.
var ServerLeaves = []string{ServerLeft, ServerDropped, ServerKicked, ServerNoShow}

// ServerAccess is what one player needs to get into a game server.
type ServerAccess struct {
	Address       string `json:"address"`            // an IP address, or a name where there is none
	DNSName       string `json:"dns_name,omitempty"` // for those who need a name, such as for TLS
	Port          int    `json:"port"`
	Pass          string `json:"pass"` // shows who comes; good for one join, and this player alone
	PassExpiresAt int64  `json:"pass_expires_at"`
	PlayerSession string `json:"player_session,omitempty"` // the fleet's own, where it has such
}

// MatchSeat is one of them.
type MatchSeat struct {
	UserID    string    `json:"user_id,omitempty"` // absent for an open seat and for one held for a friend not known by name
	PartyID   string    `json:"party_id"`          // empty for an open seat and for a player without a party
	Team      int       `json:"team"`              // from 0
	State     SeatState `json:"state"`
	ExpiresAt int64     `json:"expires_at,omitempty"` // of a held seat
}

// RunningMatch is a match with seats as the server lists it, up to a second old.
type RunningMatch struct {
	MatchID   string   `json:"match_id"`
	Queue     string   `json:"queue"` // "" for none
	Region    string   `json:"region,omitempty"`
	Size      int      `json:"size"` // players connected
	OpenSeats int      `json:"open_seats"`
	Parties   []string `json:"parties"` // IDs; as many as the match lists
}

// SeatFor finds a seat in the party's match for a user who has just come to the party,
// holds it and answers the match; empty where the party is in none or has no room for
// another. awaited says that the party has kept a seat for the user.
type SeatFor func(ctx context.Context, id ID, userID string, awaited bool) (matchID string, err error)
