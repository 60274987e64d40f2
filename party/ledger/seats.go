package ledger

import (
	"cmp"
	"context"
	"slices"
	"time"

	"partyline/party"
)

// keptSeats manages the seats kept for members who lost their connection, in all parties.
type keptSeats struct {
	ledger *Ledger
	kept   *Index // users with a kept seat
}

// KnownPartiesOf lists the parties that the user is in or has a kept seat in, as far as this process knows.
func (k *keptSeats) KnownPartiesOf(userID string) []party.ID {
	ids := k.ledger.Roster.Attendance.Of(userID)
	for _, id := range k.kept.Of(userID) {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// Review looks at a party and reports its kept seats that are not reported yet. ended is the session whose end caused
// the call, if any. If its seat has been reported already, there is nothing to do.
func (k *keptSeats) Review(ctx context.Context, id party.ID, ended party.Session) error {
	return k.ledger.Visit(ctx, id, func(v *Visit) error {
		if seat := v.Book.Kept[ended.UserID]; seat != nil && seat.Told && seat.Member.SessionID == ended.SessionID {
			return nil
		}
		if lives, err := v.LookOrForget(); !lives {
			return err
		}
		return v.ReportKept()
	})
}

// maxKept is the longest time that any rules file may keep a seat. The rules before the start may have differed.
const maxKept = time.Hour

// mayInherit reports whether storage may have kept seats from before this process. Memory does not know them until
// somebody looks at their party.
func (k *keptSeats) mayInherit() bool { return k.ledger.Now().Before(k.ledger.started.Add(maxKept)) }

// GiveUpOthers gives up the user's kept seats in all parties except one.
func (k *keptSeats) GiveUpOthers(ctx context.Context, userID string, except party.ID) {
	ids := k.kept.Of(userID)
	if k.mayInherit() {
		stored, err := k.ledger.records.partiesKeepingSeat(ctx, userID)
		if err != nil {
			k.ledger.Logger.Warn("kept seats not given up user=%s error=%v", userID, err)
		}
		ids = append(ids, stored...)
	}
	for _, id := range ids {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storageWait)
		err := k.ledger.Visit(ctx, id, func(v *Visit) error {
			if v.ID == except {
				return nil
			}
			return v.GiveUp(userID, false)
		})
		cancel()
		if err != nil {
			k.ledger.Logger.Warn("kept seat not given up party=%s user=%s error=%v", id, userID, err)
		}
	}
}

// Expire ends a kept seat whose time is over.
func (k *keptSeats) Expire(ctx context.Context, seat party.Seat) error {
	return k.ledger.Visit(ctx, seat.ID, func(v *Visit) error {
		if kept := v.Book.Kept[seat.Member.UserID]; kept == nil || kept.Member != seat.Member {
			v.Report(party.Change{Kind: party.SeatEnded, ID: v.ID, Seat: seat})
			return nil
		}
		return v.endOverdueSeat(seat.Member.UserID)
	})
}

// KeptSeats lists the user's kept seats, with the party that they entered last first. It asks storage for those that
// this process may not know.
func (k *keptSeats) KeptSeats(ctx context.Context, userID string) ([]party.Seat, error) {
	seats, err := k.seatsIn(ctx, userID, k.KnownPartiesOf(userID), nil)
	if party.UnlessBroken(err) != nil || len(seats) > 0 && !k.mayInherit() {
		return seats, err
	}
	stored, err := k.ledger.records.partiesKeepingSeat(ctx, userID)
	if err != nil && len(seats) == 0 { // a seat known in memory is enough for a returning player
		return nil, err
	}
	return k.seatsIn(ctx, userID, stored, seats)
}

// seatsIn adds the seats that these parties keep for the user. A party with a broken record is an error only if no
// other one keeps a seat.
func (k *keptSeats) seatsIn(ctx context.Context, userID string, ids []party.ID, seats []party.Seat) ([]party.Seat, error) {
	var unread error
	for _, id := range ids {
		err := k.ledger.Visit(ctx, id, func(v *Visit) error {
			if lives, err := v.LookOrForget(); !lives {
				return err
			}
			if v.Book.Keeps(userID) && !slices.Contains(seats, v.Book.Kept[userID].Seat) {
				seats = append(seats, v.Book.Kept[userID].Seat)
			}
			return nil
		})
		if party.UnlessBroken(err) != nil {
			return nil, err
		}
		unread = cmp.Or(unread, err)
	}
	if len(seats) == 0 {
		return nil, unread
	}
	slices.SortFunc(seats, func(x, y party.Seat) int {
		return cmp.Or(y.Joined.Compare(x.Joined), cmp.Compare(x.ID.String(), y.ID.String()))
	})
	return seats, nil
}
