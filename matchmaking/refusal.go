package matchmaking

import (
	"errors"

	"partyline/matchmaking/seats"
	"partyline/party"
)

// errBlocked means a block between a user and a player of the match.
var errBlocked = errors.New("a block stands between the user and a player of the match")

// refuse says the seat table's refusal in the contract's words.
func refuse(cause error) error {
	var r *party.Error
	switch {
	case errors.Is(cause, seats.ErrFull):
		r = party.Refuse(party.MatchFull, "This match is full.")
	case errors.Is(cause, seats.ErrTeamFull):
		r = party.Refuse(party.MatchFull, "Your party's team is full.")
	case errors.Is(cause, seats.ErrPartyFull):
		r = party.Refuse(party.PartyTooLarge, "Your party has as many seats as one party may have in this match.")
	case errors.Is(cause, errBlocked):
		r = party.Refuse(party.Blocked, "You cannot join this match.")
	case errors.Is(cause, seats.ErrReserved):
		r = party.Refuse(party.SeatReserved, "The free seats of this match are held for other players.")
	default:
		return cause
	}
	r.Cause = cause
	return r
}

// refuseOutsider refuses somebody who has no seat and no party here.
func refuseOutsider(held, open int) *party.Error {
	switch {
	case open > 0:
		return party.Refuse(party.SeatReserved, "The open seats of this match are for friends of its parties and for players in its queue.")
	case held > 0:
		return party.Refuse(party.SeatReserved, "The free seats of this match are held for other players.")
	}
	return party.Refuse(party.MatchFull, "This match is full.")
}
