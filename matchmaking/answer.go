package matchmaking

import (
	"errors"
	"slices"

	"partyline/matchmaking/seats"
)

// answer does what a signal of ours asks.
func (c *call) answer(r signalRequest) signalAnswer {
	if c.serving != nil && c.serving.over {
		return answerTo(ErrGone) // it ends at the next tick
	}
	switch r.Op {
	case signalReserve:
		var misfits []int
		for i, claim := range r.Claims {
			if c.serving.bars(claim.UserIDs) || c.table.Misfit(c.now, claim) {
				misfits = append(misfits, i)
			}
		}
		if len(misfits) > 0 {
			return signalAnswer{Misfits: misfits}
		}
		answer := answerTo(c.table.Reserve(c.now, c.now.Add(ReservedFor), r.Claims...))
		for _, s := range c.table.Users(c.now) {
			answer.Users = append(answer.Users, s.UserID)
		}
		return answer
	case signalHold:
		return answerTo(c.table.Hold(c.now, c.now.Add(c.setup.SeatHold), r.Claims...))
	case signalWithdraw:
		c.table.Withdraw(c.now, r.Claims...)
	case signalLate:
		return answerTo(c.late(r))
	case signalExtend:
		c.extend(r.UserID, r.PartyID)
	case signalRelease:
		c.release(r.UserID, r.PartyID)
	case signalMoved:
		if c.table.Rename(c.now, r.Was, r.PartyID) && c.serving != nil {
			c.serving.was[r.Was] = r.PartyID
		}
	case signalSeats:
		m := c.seats()
		answer := signalAnswer{Map: &m}
		if c.serving != nil && c.serving.at.Instance != "" {
			answer.Server = &c.serving.at
			if s, ok := c.table.Get(c.now, r.UserID); ok && s.State != seats.Reserved {
				m.Server, _ = c.access(s)
			}
		}
		return answer
	case signalServe:
		if c.serving == nil {
			return answerTo(errUnseated)
		}
		if r.Server != nil {
			c.serving.at = *r.Server
		}
		c.slotsGiven(r.Slots)
	case signalServer:
		answer := answerTo(c.serve(r.Call))
		if answer.Refusal == "" && r.Call.Do == serverJoin {
			s, _ := c.table.Get(c.now, r.Call.Claims.UserID)
			answer.PartyID = s.PartyID
		}
		return answer
	default:
		return signalAnswer{Refusal: "unknown request " + r.Op}
	}
	return signalAnswer{}
}

func answerTo(err error) signalAnswer {
	if err == nil {
		return signalAnswer{}
	}
	for _, r := range refusals {
		if errors.Is(err, r.cause) {
			return signalAnswer{Refusal: r.name}
		}
	}
	return signalAnswer{Refusal: err.Error()}
}

// late holds a seat for a friend who came late. On a game server there has to be room before
// a slot is asked for, and a slot before the seat is held.
func (c *call) late(r signalRequest) error {
	table := c.table
	_, seated := table.Get(c.now, r.UserID)
	if !seated {
		if err := c.mayPlayWith(r.UserID, r.PartyID); err != nil {
			return err
		}
		if c.serving.bars([]string{r.UserID}) {
			return seats.ErrReserved
		}
	}
	needsSlot := c.serving != nil && !seated && !r.Slot
	if needsSlot {
		table = table.Clone()
	}
	_, err := table.Assign(c.now, c.now.Add(c.setup.SeatHold), r.UserID, r.PartyID, r.Awaited)
	reserved := func(s seats.Seat) bool { return s.State == seats.Reserved }
	switch {
	case err == nil && needsSlot:
		return errSlot
	case (errors.Is(err, seats.ErrReserved) || errors.Is(err, seats.ErrTeamFull)) && slices.ContainsFunc(table.Users(c.now), reserved):
		return errLater // what is only reserved may come free
	}
	return err
}

// extend holds the seat of a friend on the way longer, or the party's spare seats where none has their
// name. Moves of less than a quarter of the hold wait: they are not worth telling everybody.
func (c *call) extend(userID, partyID string) {
	mine, named := c.table.Get(c.now, userID)
	if !named {
		i := slices.IndexFunc(c.rows, func(s seats.Seat) bool { return s.UserID == "" && s.PartyID == partyID })
		if partyID == "" || i < 0 {
			return
		}
		mine = c.rows[i]
	}
	if mine.State != seats.Held || mine.PartyID != partyID {
		return
	}
	until := c.now.Add(c.setup.SeatHold)
	if latest := mine.Since.Add(c.setup.SeatHoldMax); until.After(latest) {
		until = latest
	}
	if until.Sub(mine.Expires) >= c.setup.SeatHold/4 {
		c.table.Extend(c.now, mine.UserID, partyID, until)
	}
}

// release opens a seat held for a user of the party. Who plays already goes on playing.
func (c *call) release(userID, partyID string) {
	if s, ok := c.table.Get(c.now, userID); ok && s.State != seats.Taken && s.PartyID == partyID {
		c.table.Leave(c.now, userID)
	}
}
