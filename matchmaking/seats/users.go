package seats

import (
	"fmt"
	"time"
)

// Take seats a user who has arrived: in their own seat, or in an open one, on the party's team
// where the party has one, and in a spare one of the party only where there is none: it waits for
// somebody else. Taking twice is taking once. An outsider's refusal is ErrReserved or ErrFull.
func (t *Table) Take(now time.Time, userID, partyID string) (Seat, error) {
	return t.give(term{now: now, as: Taken}, userID, partyID, false)
}

// Assign holds a seat by name for a friend of a party that sits here: an open one on its team or,
// where there is none, a spare one of the party, which keeps the later expiry. A friend who is
// awaited, for whom the party keeps a spare one, gets that first. A user who has a seat keeps it; one
// that was only reserved is held from now on. ErrSplit means that the party has no seat here.
func (t *Table) Assign(now, until time.Time, userID, partyID string, awaited bool) (Seat, error) {
	return t.give(term{now, until, Held}, userID, partyID, awaited)
}

func (t *Table) give(k term, userID, partyID string, awaited bool) (Seat, error) {
	t.Purge(k.now)
	if userID == "" {
		return Seat{}, fmt.Errorf("%w: a seat needs a user", ErrLayout)
	}
	if s := t.seatOf(userID); s != nil {
		if k.as == Taken || s.State == Reserved {
			k.keep(s)
		}
		return *s, nil
	}
	spare := t.spare(partyID)
	if spare == nil || !awaited {
		err := t.giveOpen(k, userID, partyID)
		if err == nil {
			return *t.seatOf(userID), nil
		}
		if spare == nil {
			return Seat{}, err
		}
	}
	spare.UserID, spare.Since = userID, k.now
	k.keep(spare)
	return *spare, nil
}

func (t *Table) giveOpen(k term, userID, partyID string) error {
	team, together := t.teamOf(partyID)
	if !together {
		if k.as == Held {
			return ErrSplit
		}
		for other := range t.teams { // the emptiest: teams stay even when players arrive one by one
			if t.free(other) > t.free(team) {
				team = other
			}
		}
	}
	return t.claim(Claim{PartyID: partyID, Team: team, UserIDs: []string{userID}}, k)
}
