package seats

import (
	"fmt"
	"time"
)

// Take seats a user who has arrived: in their own seat, or in an open one, on the party's team
// where the party has one, and in a spare one of the party only where there is none: it waits for
// somebody else. Taking twice is taking once. An outsider's refusal is ErrReserved or ErrFull.
func (t *Table) Take(now time.Time, userID, partyID string) (Seat, error) {
	return t.give(now, time.Time{}, Taken, userID, partyID, false)
}

// Assign holds a seat by name for a friend of a party that sits here: an open one on its team or,
// where there is none, a spare one of the party, which keeps the later expiry. A friend who is
// awaited, for whom the party keeps a spare one, gets that first. A user who has a seat keeps it; one
// that was only reserved is held from now on. ErrSplit means that the party has no seat here.
func (t *Table) Assign(now, until time.Time, userID, partyID string, awaited bool) (Seat, error) {
	return t.give(now, until, Held, userID, partyID, awaited)
}

func (t *Table) give(now, until time.Time, as State, userID, partyID string, awaited bool) (Seat, error) {
	t.Purge(now)
	if userID == "" {
		return Seat{}, fmt.Errorf("%w: a seat needs a user", ErrLayout)
	}
	if s := t.seatOf(userID); s != nil {
		if as == Taken || s.State == Reserved {
			s.prolong(now, until, as)
		}
		return *s, nil
	}
	spare := t.spare(partyID)
	if spare < 0 || !awaited {
		err := t.giveOpen(now, until, as, userID, partyID)
		if err == nil {
			return *t.seatOf(userID), nil
		}
		if spare < 0 {
			return Seat{}, err
		}
	}
	s := &t.rows[spare]
	s.UserID, s.Since = userID, now
	s.prolong(now, until, as)
	return *s, nil
}

func (t *Table) giveOpen(now, until time.Time, as State, userID, partyID string) error {
	team, together := t.teamOf(partyID)
	if !together {
		if as == Held {
			return ErrSplit
		}
		for other := range t.teams { // the emptiest: teams stay even when players arrive one by one
			if t.free(other) > t.free(team) {
				team = other
			}
		}
	}
	return t.claim(Claim{PartyID: partyID, Team: team, UserIDs: []string{userID}}, now, until, as)
}

// Drop keeps the seat of a user whose connection is gone until the given time. It
// reports false for a user who was not seated: a hold is not prolonged by a drop.
func (t *Table) Drop(now time.Time, userID string, until time.Time) bool {
	t.Purge(now)
	s := t.seatOf(userID)
	if s == nil || s.State != Taken {
		return false
	}
	s.State, s.Since, s.Expires = Held, now, until
	t.Purge(now) // without a grace the seat is open at once
	return true
}

// Leave opens the seat of a user who left on purpose, was kicked or declined. It
// reports whether there was one.
func (t *Table) Leave(now time.Time, userID string) bool {
	t.Purge(now)
	return userID != "" && t.remove(func(s Seat) bool { return s.UserID == userID }) > 0
}

// Rename gives the seats of one party to another ID, under which nobody sits here yet, and
// reports whether there are any.
func (t *Table) Rename(now time.Time, from, to string) bool {
	t.Purge(now)
	if _, taken := t.teamOf(to); taken || from == "" || to == "" {
		return false
	}
	any := false
	for i := range t.rows {
		if t.rows[i].PartyID == from {
			t.rows[i].PartyID, any = to, true
		}
	}
	return any
}

// Extend moves the expiry of a hold to a later time, for a friend whose download makes progress: of a
// user's, or without a user of all spare ones of the party. It never shortens one, and reports whether
// there is a hold.
func (t *Table) Extend(now time.Time, userID, partyID string, until time.Time) (any bool) {
	t.Purge(now)
	for i := range t.rows {
		if s := &t.rows[i]; s.State == Held && s.UserID == userID && s.PartyID == partyID {
			s.prolong(now, until, Held)
			any = true
		}
	}
	return any
}
