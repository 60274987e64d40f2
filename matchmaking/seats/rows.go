package seats

import (
	"slices"
	"time"
)

// rows are all seats of a match except the open ones, in the order they were given.
type rows []Seat

// Purge opens every seat whose hold has expired and returns how many there were. Every other method calls it first,
// so an expired hold never counts.
func (r *rows) Purge(now time.Time) int {
	return r.remove(func(s Seat) bool { return s.State != Taken && !s.Expires.After(now) })
}

// remove deletes the seats that match and returns how many there were.
func (r *rows) remove(match func(Seat) bool) int {
	before := len(*r)
	*r = slices.DeleteFunc(*r, match)
	return before - len(*r)
}

// Withdraw opens the reserved seats of the claims. It reports whether there were any.
func (r *rows) Withdraw(now time.Time, claims ...Claim) bool {
	r.Purge(now)
	return r.remove(func(s Seat) bool {
		return s.State == Reserved && slices.ContainsFunc(claims, func(c Claim) bool {
			return s.PartyID == c.PartyID && (slices.Contains(c.UserIDs, s.UserID) || s.UserID == "" && c.Spares > 0)
		})
	}) > 0
}

// Drop keeps the seat of a user whose connection is lost until the given time. It reports false if the user's seat
// was not taken: a drop does not extend a hold.
func (r *rows) Drop(now time.Time, userID string, until time.Time) bool {
	r.Purge(now)
	s := r.seatOf(userID)
	if s == nil || s.State != Taken {
		return false
	}
	s.State, s.Since, s.Expires = Held, now, until
	r.Purge(now) // without a grace the seat opens at once
	return true
}

// Leave opens the seat of a user who left on purpose, was kicked or declined. It reports whether the user had one.
func (r *rows) Leave(now time.Time, userID string) bool {
	r.Purge(now)
	return userID != "" && r.remove(func(s Seat) bool { return s.UserID == userID }) > 0
}

// Rename gives the seats of a party to another party ID, which must not have seats here yet. It reports whether the
// party has seats.
func (r *rows) Rename(now time.Time, from, to string) (any bool) {
	r.Purge(now)
	if _, taken := r.teamOf(to); taken || from == "" || to == "" {
		return false
	}
	for i := range *r {
		if s := &(*r)[i]; s.PartyID == from {
			s.PartyID, any = to, true
		}
	}
	return any
}

// Extend moves the end of a hold to a later time, for a friend whose download makes progress. It extends the hold
// of a user, or without a user all held spare seats of the party. It never shortens a hold. It reports whether
// there is one.
func (r *rows) Extend(now time.Time, userID, partyID string, until time.Time) (any bool) {
	r.Purge(now)
	for i := range *r {
		if s := &(*r)[i]; s.State == Held && s.UserID == userID && s.PartyID == partyID {
			term{now, until, Held}.apply(s)
			any = true
		}
	}
	return any
}

// Users lists all seats that have a user, reserved ones too, in no order.
func (r *rows) Users(now time.Time) []Seat {
	r.Purge(now)
	return slices.DeleteFunc(slices.Clone(*r), func(s Seat) bool { return s.UserID == "" })
}

// Get returns the seat of a user, if there is one. The seat may be only reserved.
func (r *rows) Get(now time.Time, userID string) (Seat, bool) {
	r.Purge(now)
	if s := r.seatOf(userID); s != nil {
		return *s, true
	}
	return Seat{}, false
}

// unseatedUsers returns the users of a claim who still need a seat. It returns ErrSplit if the party, or a user who
// has a seat, sits elsewhere than the claim wants.
func (r rows) unseatedUsers(c Claim) (users []string, err error) {
	if at, ok := r.teamOf(c.PartyID); ok && at != c.Team {
		return nil, ErrSplit
	}
	for _, u := range c.UserIDs {
		s := r.seatOf(u)
		switch {
		case s == nil && !slices.Contains(users, u):
			users = append(users, u)
		case s != nil && (s.PartyID != c.PartyID || s.Team != c.Team):
			return nil, ErrSplit
		}
	}
	return users, nil
}

// seatOf returns a pointer into the rows. Use it only until the rows change.
func (r rows) seatOf(userID string) *Seat {
	for i := range r {
		if r[i].UserID == userID && userID != "" {
			return &r[i]
		}
	}
	return nil
}

// findSpare returns a pointer to a spare seat of the party, a held one if possible; nil if there is none.
func (r rows) findSpare(partyID string) (found *Seat) {
	for i := range r {
		s := &r[i]
		if s.UserID == "" && s.PartyID == partyID && (found == nil || s.State == Held && found.State == Reserved) {
			found = s
		}
	}
	return found
}

func (r rows) teamOf(partyID string) (team int, ok bool) {
	for _, s := range r {
		if s.PartyID == partyID && partyID != "" {
			return s.Team, true
		}
	}
	return 0, false
}

// countSpares counts the spare seats of the party.
func (r rows) countSpares(partyID string) int {
	return r.count(func(s Seat) bool { return s.UserID == "" && s.PartyID == partyID })
}

func (r rows) count(match func(Seat) bool) (n int) {
	for _, s := range r {
		if match(s) {
			n++
		}
	}
	return n
}

func isTaken(s Seat) bool { return s.State == Taken }
