package matchmaking

import (
	"errors"
	"slices"

	"partyline/matchmaking/seats"
)

// answer does what a signal of ours asks.
func (c *call) answer(r signalRequest) signalAnswer {
	switch r.Op {
	case signalHold:
		return answerTo(c.table.Hold(c.now, c.now.Add(c.setup.SeatHold), r.Claims...))
	case signalWithdraw:
		return signalAnswer{Done: c.withdraw(r.Claims)}
	case signalLate:
		_, err := c.table.Assign(c.now, c.now.Add(c.setup.SeatHold), r.UserID, r.PartyID)
		return answerTo(err)
	case signalExtend:
		return signalAnswer{Done: c.extend(r.UserID, r.PartyID)}
	case signalRelease:
		return signalAnswer{Done: c.release(r.UserID, r.PartyID)}
	case signalSeats:
		m := c.seats()
		return signalAnswer{Map: &m, Done: true}
	}
	return signalAnswer{Refusal: "unknown request " + r.Op}
}

func answerTo(err error) signalAnswer {
	if err == nil {
		return signalAnswer{Done: true}
	}
	for name, refusal := range refusals {
		if errors.Is(err, refusal) {
			return signalAnswer{Refusal: name}
		}
	}
	return signalAnswer{Refusal: err.Error()}
}

// withdraw opens what is held for the claims. If that leaves nobody to wait for, the
// match ends with its next tick.
func (c *call) withdraw(claims []seats.Claim) bool {
	any := false
	for _, claim := range claims {
		for _, user := range claim.UserIDs {
			any = c.release(user, claim.PartyID) || any
		}
		if claim.Spares > 0 {
			any = c.release("", claim.PartyID) || any
		}
	}
	if taken, held, _ := c.table.Count(c.now); taken+held == 0 {
		c.emptySince = c.now.Add(-emptyAfter)
	}
	return any
}

// extend holds the seat of a friend on the way longer, or his party's spare seats where
// none has his name. Moves of less than a quarter of the hold are not worth telling
// everybody, so they wait.
func (c *call) extend(userID, partyID string) bool {
	mine, named := c.table.Get(c.now, userID)
	if !named {
		userID = ""
		i := slices.IndexFunc(c.rows, func(s seats.Seat) bool { return s.UserID == "" && s.PartyID == partyID })
		if partyID == "" || i < 0 {
			return false
		}
		mine = c.rows[i]
	}
	if mine.State != seats.Held || mine.PartyID != partyID {
		return false
	}
	until := c.now.Add(c.setup.SeatHold)
	if latest := c.heldSince[holdKey(userID, partyID)].Add(c.setup.SeatHoldMax); until.After(latest) {
		until = latest
	}
	if until.Sub(mine.Expires) < c.setup.SeatHold/4 {
		return false
	}
	if named {
		return c.table.Extend(c.now, userID, until)
	}
	return c.table.ExtendSpares(c.now, partyID, until)
}

// release opens a seat held for a user of the party, or the party's spare ones. Who
// plays already goes on playing.
func (c *call) release(userID, partyID string) bool {
	if userID == "" {
		return c.table.Release(c.now, partyID) > 0
	}
	s, ok := c.table.Get(c.now, userID)
	return ok && s.State == seats.Held && s.PartyID == partyID && c.table.Leave(c.now, userID)
}
