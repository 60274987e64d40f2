package matchmaking

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"partyline/matchmaking/seats"
)

// answer does what a signal of ours asks.
func (c *call) answer(r signalRequest) (answer signalAnswer, err error) {
	if c.serving != nil && c.serving.over {
		return answer, ErrGone // it ends at the next tick
	}
	switch r.Op {
	case signalReserve:
		for i, claim := range r.Claims {
			if c.serving.bars(claim.UserIDs...) || c.table.Misfit(c.now, claim) {
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
	case signalWithdraw:
		c.table.Withdraw(c.now, r.Claims...)
	case signalLate:
		err = c.late(r)
	case signalExtend:
		c.extend(c.now, r.UserID, r.PartyID)
	case signalRelease:
		c.release(c.now, r.UserID, r.PartyID)
	case signalMoved:
		if c.table.Rename(c.now, r.Was, r.PartyID) && c.serving != nil {
			c.serving.was[r.Was] = r.PartyID
		}
	case signalSeats:
		m := c.seats()
		answer.Map = &m
		if c.serving.ready() {
			answer.Server = &c.serving.at
			if s, ok := c.table.Get(c.now, r.UserID); ok && s.State != seats.Reserved {
				m.Server, _ = c.serving.access(c, s)
			}
		}
	case signalServe:
		if c.serving == nil {
			return answer, errUnseated
		}
		if r.Server != nil {
			c.serving.at = *r.Server
		}
		c.serving.slotsGiven(c, r.Slots)
	case signalServer:
		answer.PartyID, err = c.serving.serve(c, r.Call)
	default:
		err = fmt.Errorf("unknown request %s", r.Op)
	}
	return answer, err
}

// reply is an answer as it goes back, or the name of what refuses it.
func (c *call) reply(answer signalAnswer, err error) string {
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

// late holds a seat for a friend who came late. On a game server there has to be room before
// a slot is asked for, and a slot before the seat is held.
func (c *call) late(r signalRequest) error {
	table := c.table
	_, seated := table.Get(c.now, r.UserID)
	if !seated {
		if err := c.mayPlayWith(r.UserID, r.PartyID); err != nil {
			return err
		}
		if c.serving.bars(r.UserID) {
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
func (s *state) extend(now time.Time, userID, partyID string) {
	mine, named := s.table.Get(now, userID)
	if !named {
		i := slices.IndexFunc(s.rows, func(r seats.Seat) bool { return r.UserID == "" && r.PartyID == partyID })
		if partyID == "" || i < 0 {
			return
		}
		mine = s.rows[i]
	}
	if mine.State != seats.Held || mine.PartyID != partyID {
		return
	}
	until := now.Add(s.setup.SeatHold)
	if latest := mine.Since.Add(s.setup.SeatHoldMax); until.After(latest) {
		until = latest
	}
	if until.Sub(mine.Expires) >= s.setup.SeatHold/4 {
		s.table.Extend(now, mine.UserID, partyID, until)
	}
}

// release opens a seat held for a user of the party. Who plays already goes on playing.
func (s *state) release(now time.Time, userID, partyID string) {
	if seat, ok := s.table.Get(now, userID); ok && seat.State != seats.Taken && seat.PartyID == partyID {
		s.table.Leave(now, userID)
	}
}
