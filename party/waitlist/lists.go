package waitlist

import (
	"context"
	"maps"
	"slices"
	"time"

	"partyline/party"
	"partyline/party/admission"
	"partyline/party/ledger"
	"partyline/party/reserve"
)

const (
	maxListsPerUser   = 3               // wait lists on which one user may be, as far as this process knows
	maxMissed         = 1               // held seats that a user may leave untaken and still rejoin the list at once
	missedHolds       = 10              // hold times after which untaken seats are forgotten
	lockCheckInterval = 2 * time.Second // between two checks whether a party with seats to offer is locked: nothing reports that
)

// lists manages the wait lists of all parties, in their books and records.
type lists struct{ *admission.Admission }

// lookOrAway looks at a party. It accepts a party that is away, because its wait list stays.
func lookOrAway(v *ledger.Visit) error {
	if err := v.Look(); party.ReasonOf(err) != party.PartyAway {
		return err
	}
	return nil
}

// place reads a user's place on the party's wait list, and whether they can come in now. They can if another seat is
// reserved for them, or if a seat of the list is held that they cannot take by themselves.
func (l lists) place(ctx context.Context, id party.ID, userID string, byCode bool) (at Place, enters bool, err error) {
	err = l.Visit(ctx, id, func(v *ledger.Visit) error {
		if err := lookOrAway(v); err != nil {
			return err
		}
		held := !v.Book.Waiting[userID].Until.IsZero()
		enters = v.Book.Seated(v.Last.View, userID) || held && !byCode && !v.Last.Open
		at = Place{v.Book.Place(userID), len(v.Book.Waiting), party.Seconds(v.Book.Waiting[userID].Until)}
		return nil
	})
	return at, enters, err
}

// join puts a user at the end of the wait list, if they are not on it. It refuses as [Service.Wait] says, and with
// AlreadyMember. inviteID is the invite that they came by; "" is none.
func (l lists) join(ctx context.Context, id party.ID, userID, inviteID string) error {
	return l.Visit(ctx, id, func(v *ledger.Visit) error {
		if err := v.Look(); err != nil {
			return err
		}
		conf := l.Policy().Parties.Waitlist
		_, waits := v.Book.Waiting[userID]
		_, member := v.Last.Member(userID)
		// Otherwise two players who take turns would block a free seat for ever.
		again := func(m reserve.Missed) time.Duration { return m.Until.Add(missedHolds * conf.Hold).Sub(l.Now()) }
		maps.DeleteFunc(v.Book.Missed, func(_ string, m reserve.Missed) bool { return again(m) <= 0 })
		missed := v.Book.Missed[userID]
		switch {
		case waits:
			return nil
		case member:
			return party.Refuse(party.AlreadyMember, "You are in this party already.")
		case missed.Times > maxMissed:
			return party.RefuseRate(again(missed))
		case len(v.Book.Waiting) >= conf.Max:
			return party.RefuseFull()
		case len(l.Waitlists.Of(userID)) >= maxListsPerUser:
			return party.RefuseRate(conf.Hold)
		}
		w := v.Book.Join(userID, inviteID, l.Now())
		err := v.WriteWaitlist(func(r reserve.Record) { r.Waiting[userID] = w })
		if err != nil {
			delete(v.Book.Waiting, userID)
			v.Reindex()
		}
		return err
	})
}

// leave takes a user off the wait list. It returns whether they were on it, and its length.
func (l lists) leave(ctx context.Context, id party.ID, userID string) (left bool, waiting int, err error) {
	err = l.Visit(ctx, id, func(v *ledger.Visit) error {
		if err := lookOrAway(v); err != nil {
			return err
		}
		var w reserve.Waiter
		if w, left = v.Book.Waiting[userID]; left {
			delete(v.Book.Waiting, userID)
			if err := v.WriteWaitlist(func(r reserve.Record) { delete(r.Waiting, userID) }); err != nil {
				v.Book.Waiting[userID] = w
				v.Reindex()
				return err
			}
			v.Book.Miss(w)
		}
		waiting = len(v.Book.Waiting)
		return nil
	})
	return left, waiting, err
}

// candidates returns the players for whom a seat may be held, in order, and how many seats are free for them.
func (l lists) candidates(ctx context.Context, id party.ID) (look reserve.Look, line []reserve.Waiter, free int, err error) {
	err = l.Visit(ctx, id, func(v *ledger.Visit) error {
		if err := v.Look(); party.ReasonOf(err) == party.PartyAway {
			return nil // no seats are held until a member is back
		} else if err != nil {
			return err
		}
		if locked, err := l.locked(v); locked || err != nil {
			return err
		}
		look = v.Seen()
		taken, held := v.Book.Seats(look.View, "")
		free = look.MaxSize - taken - held + len(v.Book.Promised(look.View))
		line = v.Book.Candidates(look.View)
		return nil
	})
	return look, line, free, err
}

// locked reports whether the rules let nobody new into the party.
func (l lists) locked(v *ledger.Visit) (bool, error) {
	err := l.Locked(v.Ctx, v.Last.View)
	if party.ReasonOf(err) == party.PartyLocked {
		return true, nil
	}
	return false, err
}

// serve holds the party's free seats for the first players on the wait list. It removes players who did not take their
// seat in time, had no socket for too long, or are in over: their invites let them in no more, unless the party is open
// by now. blocked says whom anything else keeps out; seats are held only for users in it. It returns how many seats are
// newly held, and when to serve again; zero if time alone changes nothing.
func (l lists) serve(ctx context.Context, id party.ID, blocked map[string]bool, over []reserve.Waiter) (offered int, next time.Time, err error) {
	err = l.Visit(ctx, id, func(v *ledger.Visit) error {
		if lives, err := v.LookOrForget(); !lives {
			return err
		}
		line := maps.Clone(v.Book.Waiting)
		before := l.Waitlists.Users(v.ID)
		for _, w := range over {
			if now := v.Book.Waiting[w.UserID]; now.Invite == w.Invite && !v.Last.Open {
				delete(v.Book.Waiting, w.UserID)
			}
		}
		now, changed := l.Now(), len(before) > len(v.Book.Waiting)
		for user := range v.Book.Waiting {
			there, err := l.Roster.Sessions(user)
			if err != nil {
				return err
			}
			changed = v.Book.Seen(user, len(there) > 0, now) || changed
		}
		closed := v.Away
		seats := len(v.Book.Promised(v.Last.View)) // none while everybody is away
		if seats > 0 {
			var err error
			if closed, err = l.locked(v); err != nil {
				return err
			}
		}
		users, offers := v.Book.Serve(v.Last.View, now, l.Policy().Parties.Waitlist.Hold, closed, blocked)
		if next = v.Book.NextWaitlistTimer(); seats > 0 && (next.IsZero() || next.After(now.Add(lockCheckInterval))) {
			next = now.Add(lockCheckInterval)
		}
		if !changed && !offers {
			return nil
		}
		err := v.WriteWaitlist(func(r reserve.Record) {
			for _, user := range before {
				if _, waits := r.Waiting[user]; !waits {
					continue // has left the wait list on another node
				}
				if w, waits := v.Book.Waiting[user]; waits {
					r.Waiting[user] = w
				} else {
					delete(r.Waiting, user)
				}
			}
		})
		if err != nil { // the next call does it again
			maps.Copy(v.Book.Waiting, line)
			v.Reindex()
			return err
		}
		for user, w := range line {
			if _, waits := v.Book.Waiting[user]; !waits {
				v.Book.Miss(w)
			}
		}
		offered = len(users)
		return nil
	})
	return offered, next, err
}

// untold lists the players who have to be notified of a held seat, in order.
func (l lists) untold(id party.ID) (line []reserve.Waiter) {
	l.Briefly(id, func(v *ledger.Visit) {
		line = slices.DeleteFunc(v.Book.Waitlist(), func(w reserve.Waiter) bool { return !w.Untold || !l.Now().Before(w.Until) })
	})
	return line
}

// told records that a player was notified of the held seat.
func (l lists) told(id party.ID, w reserve.Waiter) {
	l.Briefly(id, func(v *ledger.Visit) {
		if now, waits := v.Book.Waiting[w.UserID]; waits && now.Until.Equal(w.Until) {
			now.Untold = false
			v.Book.Waiting[w.UserID] = now
		}
	})
}
