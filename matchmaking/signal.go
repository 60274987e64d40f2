package matchmaking

import (
	"encoding/json"
	"strings"

	"partyline/matchmaking/seats"
	"partyline/party"
)

// signalPrefix marks the signals that are ours. All others are the handler's own.
const signalPrefix = "partyline:"

// What a signal asks of a match.
const (
	signalReserve  = "reserve"  // reserve seats for all claims, or for none, and tell nobody
	signalHold     = "hold"     // hold seats for all claims, or for none
	signalWithdraw = "withdraw" // open what is reserved for all claims
	signalExtend   = "extend"   // a friend's progress moved: hold the seat longer
	signalRelease  = "release"  // a friend will not come: open the held seat, or a party's spare ones
	signalLate     = "late"     // a friend came to the party late: hold a seat by name
	signalMoved    = "moved"    // a party has another ID now
	signalSeats    = "seats"    // who sits where, and for a user how to get to the game server
	signalServe    = "serve"    // where the game server is, or new slots on it
	signalServer   = "server"   // what the game server itself asks
)

type signalRequest struct {
	Op      string        `json:"op"`
	Claims  []seats.Claim `json:"claims,omitempty"`
	PartyID string        `json:"party_id,omitempty"`
	UserID  string        `json:"user_id,omitempty"`
	Was     string        `json:"was,omitempty"` // the ID of a party before it moved

	Awaited bool              `json:"awaited,omitempty"` // the party keeps a seat for the late friend
	Slot    bool              `json:"slot,omitempty"`    // the game server has one for the late friend
	Server  *gameServer       `json:"server,omitempty"`
	Slots   map[string]string `json:"slots,omitempty"` // on the game server, by user: the fleet's own session, or ""
	Call    *serverCall       `json:"call,omitempty"`
}

// signalAnswer has a refusal, or what was asked for.
type signalAnswer struct {
	Refusal string            `json:"refusal,omitempty"` // the name of one of the refusals, else a text
	Map     *party.MatchSeats `json:"map,omitempty"`
	Users   []string          `json:"users,omitempty"`   // everybody with a seat, those it is reserved for among them
	Misfits []int             `json:"misfits,omitempty"` // claims that keep the others from being reserved
	Server  *gameServer       `json:"server,omitempty"`
	PartyID string            `json:"party_id,omitempty"` // of the player who has come to the game server, as it is now
}

// readSignal reports whether a signal is ours.
func readSignal(data string) (r signalRequest, ours bool, err error) {
	body, ours := strings.CutPrefix(data, signalPrefix)
	if ours {
		err = json.Unmarshal([]byte(body), &r)
	}
	return r, ours, err
}
