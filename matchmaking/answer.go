package matchmaking

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"partyline/matchmaking/seats"
	"partyline/party"
	"partyline/pass"
)

// answer handles a signal of this module.
func (c *call) answer(r signalRequest) (answer signalAnswer, err error) {
	if c.serving != nil && c.serving.ended {
		return answer, ErrGone // the match ends at the next tick
	}
	switch r.Op {
	case signalReserve:
		if !c.endsAt.IsZero() { // players from a queue would have no match
			return answer, ErrGone
		}
		for i, claim := range r.Claims {
			if c.serving.hasKicked(claim.UserIDs...) || c.table.NeverFits(c.now, claim) {
				answer.Misfits = append(answer.Misfits, i)
			}
		}
		if len(answer.Misfits) > 0 {
			return answer, nil
		}
		err = c.table.Reserve(c.now, c.now.Add(ReservedFor), r.Claims...)
		for _, s := range c.table.Users(c.now) {
			answer.Users = append(answer.Users, s.UserID)
		}
	case signalHold:
		err = c.table.Hold(c.now, c.now.Add(c.setup.SeatHold), r.Claims...)
		for _, claim := range r.Claims {
			c.serving.clearLeft(claim.UserIDs...)
			for _, user := range claim.UserIDs {
				if err == nil && c.serving.hasKicked(user) { // since the seats were reserved
					c.table.Leave(c.now, user)
				}
			}
		}
	case signalWithdraw:
		c.table.Withdraw(c.now, r.Claims...)
	case signalLate:
		err = c.late(r)
	case signalExtend:
		if _, named := c.table.Get(c.now, r.UserID); !named {
			r.UserID = "" // the party's spare seats
		}
		c.extendHold(r, c.setup.SeatHold, c.setup.SeatHoldMax, c.setup.SeatHold/4)
	case signalAway:
		// A player who dropped from the match itself has the grace already.
		c.extendHold(r, c.setup.Grace, max(c.setup.SeatHold, c.setup.SeatHoldMax)+c.setup.Grace, awayReportDelay)
	case signalRelease:
		c.serving.clearLeft(r.UserID)
		s, _ := c.table.Get(c.now, r.UserID)
		if s.PartyID == r.PartyID && s.State != seats.Taken { // a player who already plays keeps the seat
			c.table.Leave(c.now, r.UserID)
		}
	case signalMoved:
		c.table.Rename(c.now, r.Was, r.PartyID)
	case signalSeats:
		m := c.seats()
		answer.Map, answer.Out = &m, c.serving.hasLeft(r.UserID)
		if c.serving.ready() {
			answer.Server, answer.HasSlot = &c.serving.server, c.serving.hasSlot(c.now, r.UserID)
			if s, ok := c.table.Get(c.now, r.UserID); ok && s.State != seats.Reserved {
				m.Server, _ = c.serving.access(c, s)
			}
		}
	case signalSetServer:
		if c.serving == nil {
			return answer, errNoSeat
		}
		if r.Server != nil {
			if c.serving.ready() && c.serving.server.Instance != r.Server.Instance {
				return answer, errOtherServer
			}
			c.serving.server = *r.Server
		}
		c.serving.recordSlots(c, r.Slots)
	case signalServerSeats, signalServerJoin, signalServerLeave, signalServerEnd:
		answer.PartyID, err = c.serving.handle(c, r)
	default:
		err = fmt.Errorf("unknown request %s", r.Op)
	}
	return answer, err
}

// encodeReply encodes an answer as JSON. An error becomes the name of its refusal, or its text if it has none.
func (c *call) encodeReply(answer signalAnswer, err error) string {
	if err != nil {
		answer = signalAnswer{Refusal: err.Error()}
		for _, r := range refusals {
			if errors.Is(err, r.cause) {
				answer.Refusal = r.name
				break
			}
		}
	}
	text, err := json.Marshal(answer)
	if err != nil {
		c.logger.Error("match signal not answered error=%v", err)
	}
	return string(text)
}

// late holds a seat for a friend who joined the party late. A match on a game server first checks that there is
// room (errNeedsSlot then asks the caller to get a slot), and holds the seat only when it has heard of the slot.
func (c *call) late(r signalRequest) error {
	table := c.table
	_, seated := table.Get(c.now, r.UserID)
	if !seated {
		if err := c.checkBlocks(r.UserID, r.PartyID); err != nil {
			return err
		}
		if c.serving.hasKicked(r.UserID) || r.Again && c.serving.hasLeft(r.UserID) {
			return seats.ErrReserved
		}
	}
	c.serving.clearLeft(r.UserID)
	needsSlot := c.serving != nil && !seated && !c.serving.hasSlot(c.now, r.UserID)
	if needsSlot {
		table = table.Clone()
	}
	_, err := table.Assign(c.now, c.now.Add(c.setup.SeatHold), r.UserID, r.PartyID, r.Awaited)
	reserved := func(s seats.Seat) bool { return s.State == seats.Reserved }
	switch {
	case err == nil && needsSlot:
		return errNeedsSlot
	case (errors.Is(err, seats.ErrReserved) || errors.Is(err, seats.ErrTeamFull)) && slices.ContainsFunc(table.Users(c.now), reserved):
		return errUndecided // a seat that is only reserved may open
	}
	return err
}

// awayReportDelay is how much later than a match the party may hear that a connection ended.
const awayReportDelay = 5 * time.Second

// extendHold extends a hold to the time wait from now, at most to longest after the hold began. It does nothing if
// that moves the end by less than minExtension: that is not worth a message to everybody.
func (c *call) extendHold(r signalRequest, wait, longest, minExtension time.Duration) {
	i := slices.IndexFunc(c.rows, func(s seats.Seat) bool {
		return s.State == seats.Held && s.UserID == r.UserID && s.PartyID == r.PartyID
	})
	if i < 0 {
		return
	}
	until, latest := c.now.Add(wait), c.rows[i].Since.Add(longest)
	if until.After(latest) {
		until = latest
	}
	if until.Sub(c.rows[i].Expires) >= minExtension {
		c.table.Extend(c.now, r.UserID, r.PartyID, until)
	}
}

var (
	errOnGameServer = errors.New("the match is played on a game server")
	errOutsider     = errors.New("the open seats are for others")
	errBlocked      = errors.New("a block stands between the user and a player of the match")
	errUndecided    = errors.New("the match cannot say yet whether the user has a seat")
	errOtherServer  = errors.New("the match has another game server")
	errNeedsSlot    = errors.New("the game server needs a slot for the user first")
	errWrongToken   = errors.New("the server token is not the one of this match")
	errPassUsed     = errors.New("the pass was used before")
	errNoSeat       = errors.New("the user has no seat")
	errSeatLost     = errors.New("the player no longer has the seat of the pass")
)

const reservedText = "The free seats of this match are held for other players."

// refusals are the errors of a match. name identifies the error between nodes. reason and text are what the caller
// reads; an error without a reason stays inside this package.
var refusals = []struct {
	name   string
	cause  error
	reason party.Reason
	text   string
}{
	{"full", seats.ErrFull, party.MatchFull, "This match is full."},
	{"team_full", seats.ErrTeamFull, party.MatchFull, "Your party's team is full."},
	{"party_full", seats.ErrPartyFull, party.PartyTooLarge, "Your party has as many seats as one party may have in this match."},
	{"served", errOnGameServer, party.SeatReserved, "This match is played on a game server; connect there."},
	{"outsider", errOutsider, party.SeatReserved, "The open seats of this match are for friends of its parties and for players in its queue."},
	{"blocked", errBlocked, party.Blocked, "You cannot join this match."},
	{"reserved", seats.ErrReserved, party.SeatReserved, reservedText},
	{"later", errUndecided, party.SeatReserved, reservedText},
	{"token", errWrongToken, party.Unauthenticated, "server_token: it is not the one of this match."},
	{"expired", pass.ErrExpired, party.InvalidRequest, "pass: the pass has expired."},
	{"used", errPassUsed, party.InvalidRequest, "pass: it was already used."},
	{"unseated", errNoSeat, party.InvalidRequest, "user_id: the player has no seat in this match."},
	{"lost", errSeatLost, party.InvalidRequest, "pass: the player no longer has this seat."},
	{name: "split", cause: seats.ErrSplit},
	{name: "layout", cause: seats.ErrLayout},
	{name: "other_server", cause: errOtherServer},
	{name: "slot", cause: errNeedsSlot},
	{name: "gone", cause: ErrGone},
}

// asRefusal converts an error of a match to a refusal for the caller. It returns other errors unchanged.
func asRefusal(err error) error {
	for _, r := range refusals {
		if r.reason != "" && errors.Is(err, r.cause) {
			refusal := party.Refuse(r.reason, "%s", r.text)
			refusal.Cause = err
			return refusal
		}
	}
	return err
}
