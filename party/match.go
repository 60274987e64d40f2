package party

import "context"

// SeatState is the state of a seat in a match.
type SeatState string

const (
	SeatOpen  SeatState = "open"
	SeatHeld  SeatState = "held" // for a player who is on the way; nobody else gets it
	SeatTaken SeatState = "taken"
)

// MatchSeats answers party_match: the match that a party is in, with all its seats. All fields are empty if the party
// is in no match. Whenever it changes, players of the match receive it as match data with op code [OpMatch].
type MatchSeats struct {
	MatchID string      `json:"match_id"`
	Queue   string      `json:"queue"`
	Region  string      `json:"region,omitempty"` // where the match is played, in a queue with regions
	Seats   []MatchSeat `json:"seats"`
	// Server is the caller's access to the game server. It is set if the match has one and the caller has a seat.
	Server *ServerAccess `json:"server,omitempty"`
	Seeks  bool          `json:"-"` // a caller without a seat gets one: the match has a game server, and the caller has not left it
}

// ServerJoined is a player who has joined a game server.
type ServerJoined struct {
	UserID  string `json:"user_id"`
	PartyID string `json:"party_id"` // "" for a player without a party
	Team    int    `json:"team"`     // from 0
}

// Reasons why a player left a game server.
const (
	ServerLeft    = "left"
	ServerDropped = "dropped" // the connection is lost; the seat is kept for the grace time
	ServerKicked  = "kicked"  // the player gets no seat of this match again
	ServerNoShow  = "no_show" // the player never came
)

// ServerLeaves lists all of them.
var ServerLeaves = []string{ServerLeft, ServerDropped, ServerKicked, ServerNoShow}

// ServerAccess is what a player needs to join a game server.
type ServerAccess struct {
	Address       string `json:"address"`            // an IP address, or a name if there is no address
	DNSName       string `json:"dns_name,omitempty"` // for clients that need a name, for example for TLS
	Port          int    `json:"port"`
	Pass          string `json:"pass"` // proves who comes; valid for one join of this player
	PassExpiresAt int64  `json:"pass_expires_at"`
	PlayerSession string `json:"player_session,omitempty"` // the fleet's own session ID, if it has one
}

// MatchSeat is one seat of a match.
type MatchSeat struct {
	UserID    string    `json:"user_id,omitempty"` // absent for an open seat, and for a seat held for a friend whose user ID is not known
	PartyID   string    `json:"party_id"`          // empty for an open seat and for a player without a party
	Team      int       `json:"team"`              // from 0
	State     SeatState `json:"state"`
	ExpiresAt int64     `json:"expires_at,omitempty"` // of a held seat
}

// RunningMatch is a match with seats in the server's list, up to a second old.
type RunningMatch struct {
	MatchID   string   `json:"match_id"`
	Queue     string   `json:"queue"` // "" for none
	Region    string   `json:"region,omitempty"`
	Size      int      `json:"size"` // players connected
	OpenSeats int      `json:"open_seats"`
	Parties   []string `json:"parties"` // IDs; as many as the match's listing has
}

// SeatFor holds a seat in the party's match for a user who has just joined the party, and returns the match; empty if
// there is none, or no free seat. awaited says that the party kept a seat for the user.
type SeatFor func(ctx context.Context, id ID, userID string, awaited bool) (matchID string, err error)
