package matchmaking

import (
	"errors"

	"partyline/matchmaking/seats"
	"partyline/party"
	"partyline/pass"
)

var (
	errBlocked  = errors.New("a block stands between the user and a player of the match")
	errLater    = errors.New("the match cannot say yet whether the user has a seat")
	errSlot     = errors.New("the game server needs a slot for the user first")
	errToken    = errors.New("the server token is not the one of this match")
	errUsed     = errors.New("the pass was used before")
	errUnseated = errors.New("the user has no seat")
	errLost     = errors.New("the seat of the pass is lost")
)

const (
	fullText     = "This match is full."
	reservedText = "The free seats of this match are held for other players."
)

// refusals are the errors of a match: the name each has on its way between nodes, and what
// the caller reads; without a reason it is for this package alone.
var refusals = []struct {
	name   string
	cause  error
	reason party.Reason
	text   string
}{
	{"full", seats.ErrFull, party.MatchFull, fullText},
	{"team_full", seats.ErrTeamFull, party.MatchFull, "Your party's team is full."},
	{"party_full", seats.ErrPartyFull, party.PartyTooLarge, "Your party has as many seats as one party may have in this match."},
	{"blocked", errBlocked, party.Blocked, "You cannot join this match."},
	{"reserved", seats.ErrReserved, party.SeatReserved, reservedText},
	{"later", errLater, party.SeatReserved, reservedText},
	{"token", errToken, party.Unauthenticated, "server_token: it is not the one of this match."},
	{"expired", pass.ErrExpired, party.InvalidRequest, "pass: the pass has expired."},
	{"used", errUsed, party.InvalidRequest, "pass: it was used before."},
	{"unseated", errUnseated, party.InvalidRequest, "user_id: the player has no seat in this match."},
	{"lost", errLost, party.InvalidRequest, "pass: the player does not have its seat any more."},
	{name: "split", cause: seats.ErrSplit},
	{name: "layout", cause: seats.ErrLayout},
	{name: "slot", cause: errSlot},
	{name: "gone", cause: ErrGone},
}

// refuse says a match's error in the contract's words.
func refuse(err error) error {
	for _, r := range refusals {
		if r.reason != "" && errors.Is(err, r.cause) {
			refusal := party.Refuse(r.reason, "%s", r.text)
			refusal.Cause = err
			return refusal
		}
	}
	return err
}

// refuseOutsider refuses somebody who has no seat and no party here.
func refuseOutsider(held, open int) *party.Error {
	switch {
	case open > 0:
		return party.Refuse(party.SeatReserved, "The open seats of this match are for friends of its parties and for players in its queue.")
	case held > 0:
		return party.Refuse(party.SeatReserved, reservedText)
	}
	return party.Refuse(party.MatchFull, fullText)
}
