package reserve

import (
	"slices"

	"partyline/party"
)

// Look is a party at one moment, with its reserved seats. Its lists are in no order.
type Look struct {
	party.View
	Reserved      []string // users with a kept or held seat who are neither members nor joining
	Expected      []string // users who are no members and have a reserved seat or are joining
	Joining       []string // users of Expected who are joining
	WaitlistSeats int      // how many of Reserved are on the wait list
	Away          []string // users with a kept seat
	Origin        party.ID // the party's first ID, its key in storage
	Waiting       int      // length of the wait list
	Turn          uint64   // rises with every change that the party's node hears of
}

// Look summarizes the book.
func (b Book) Look(v party.View, origin party.ID, turn uint64) Look {
	l := Look{View: v, Origin: origin, Waiting: len(b.Waiting), Turn: turn}
	if len(b.Holds)+len(b.Kept)+len(b.Pending)+len(b.Waiting) == 0 {
		return l
	}
	expected := b.seatedUsers(v)
	promised := b.Promised(v)
	l.WaitlistSeats = len(promised)
	for _, u := range promised {
		expected[u] = false
	}
	for u, joins := range expected {
		if _, member := v.Member(u); member {
			continue
		}
		l.Expected = append(l.Expected, u)
		if joins {
			l.Joining = append(l.Joining, u)
		} else {
			l.Reserved = append(l.Reserved, u)
		}
	}
	for u := range b.Kept {
		if b.Keeps(u) {
			l.Away = append(l.Away, u)
		}
	}
	return l
}

// Users lists the company of a user who comes in: the members, the users who are joining, and those with a kept seat.
func (l Look) Users() []string { return slices.Concat(l.UserIDs(), l.Joining, l.Away) }

// HasNew reports whether the look has users, other than userID, that an earlier look did not have.
func (l Look) HasNew(before Look, userID string) bool {
	known := append(before.Users(), userID)
	return slices.ContainsFunc(l.Users(), func(u string) bool { return !slices.Contains(known, u) })
}

// Held counts the seats reserved for users other than this one.
func (l Look) Held(userID string) int {
	if slices.Contains(l.Reserved, userID) {
		return len(l.Reserved) - 1
	}
	return len(l.Reserved)
}

// Expects reports whether the user, who is no member, has a reserved seat or is joining.
func (l Look) Expects(userID string) bool { return slices.Contains(l.Expected, userID) }

// Returning reports whether the party has a kept seat for the user: a player who comes back needs nobody's consent.
func (l Look) Returning(userID string) bool { return slices.Contains(l.Away, userID) }
