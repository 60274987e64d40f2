package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"partyline/party"
	"partyline/party/reserve"
)

// Remembered is what this process remembers of a party.
type Remembered struct {
	party.Facts
	Free int // neither taken nor kept nor held
}

// Recall reads memory only, where Look asks the host: it is as current as the last news of the party. ok is false for
// a party that this process has not dealt with, that is away, or that has moved. It fails only if ctx ends while others
// have the party's lock.
func (l *Ledger) Recall(ctx context.Context, id party.ID) (g Remembered, ok bool, err error) {
	err = l.VisitNative(ctx, id, func(v *Visit) error {
		ok = v.loaded && v.Facts.MaxSize > 0 && !v.Away
		if ok {
			seen := party.View{ID: id, Facts: v.Facts, Members: l.Roster.Attendance.Present(id), Lost: l.Roster.LostJoins.Of(id)}
			taken, held := v.Book.Seats(seen, "")
			g = Remembered{Facts: v.Facts, Free: v.Facts.MaxSize - taken - held}
		}
		return nil
	})
	return g, ok, err
}

// ClientAsking returns the client of a session that asked to join. It returns the zero Client if this process has not
// seen the session ask.
func (l *Ledger) ClientAsking(id party.ID, sessionID string) (c party.Client) {
	l.Briefly(id, func(v *Visit) { c = v.Book.Requests[sessionID].Client })
	return c
}

// Asks reports whether the user is on the party's list of requests, as far as this process has seen.
func (l *Ledger) Asks(id party.ID, userID string) (asks bool) {
	l.Briefly(id, func(v *Visit) { asks = v.Book.Asks(userID) })
	return asks
}

// Waiter returns the user's entry on the party's wait list, as far as this process has seen. It is the zero Waiter if
// there is none.
func (l *Ledger) Waiter(id party.ID, userID string) (w reserve.Waiter) {
	l.Briefly(l.Current(id), func(v *Visit) { w = v.Book.Waiting[userID] })
	return w
}

// TryWait is how long callers with many parties to look at wait for the lock of one.
const TryWait = 20 * time.Millisecond

// TryVisit is Visit for callers with many parties to look at. It fails with ErrBusy if another visit does not end
// soon, for example because storage is slow.
func (l *Ledger) TryVisit(ctx context.Context, id party.ID, do func(*Visit) error) error {
	soon, cancel := context.WithTimeout(ctx, TryWait)
	defer cancel()
	err := l.Visit(soon, id, func(v *Visit) error {
		v.Ctx = ctx // the lock is held: the short deadline is over
		return do(v)
	})
	if errors.Is(err, errWait) && errors.Is(err, context.DeadlineExceeded) {
		return ErrBusy
	}
	return err
}

// ErrBusy says that others have held a party's lock for too long.
var ErrBusy = errors.New("the party's lock was not free in time")

// errWait is part of the error of a visit that did not begin.
var errWait = errors.New("wait for party")

// TryLook is Look with the short wait of TryVisit.
func (l *Ledger) TryLook(ctx context.Context, id party.ID) (look reserve.Look, err error) {
	err = l.TryVisit(ctx, id, func(v *Visit) error {
		err := v.Look()
		look = v.Seen()
		return err
	})
	return look, err
}

// Pardon ends the ban of a user who was kicked. It refuses with PartyNotFound, and with InvalidRequest if the user is
// not banned.
func (l *Ledger) Pardon(ctx context.Context, id party.ID, userID string) error {
	return l.Visit(ctx, id, func(v *Visit) error {
		if err := v.Look(); err != nil {
			return fmt.Errorf("look at party: %w", err)
		}
		if _, kicked := v.Book.Kicks[userID]; !kicked {
			return party.Refuse(party.InvalidRequest, "This player is not banned from the party.")
		}
		if err := v.Write(nil, func(r reserve.Record) { delete(r.Kicks, userID) }); err != nil {
			return fmt.Errorf("end ban: %w", err)
		}
		delete(v.Book.Kicks, userID)
		v.Announce()
		return nil
	})
}
