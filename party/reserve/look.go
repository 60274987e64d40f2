package reserve

import (
	"slices"

	"partyline/party"
)

// Look is a party at one moment, with what is reserved in it. Its lists are in no order.
type Look struct {
	party.View
	Reserved []string // users for whom a seat is kept, and who are neither members nor joining
	Expected []string // users who are no members and have a seat kept for them or are joining
	Joining  []string // those of them who are joining
	InLine   int      // how many of Reserved have their seat from the line
	Away     []string // users whose kept seat waits for them
	Origin   party.ID // the party's ID at its beginning, under which storage knows it
	Waiting  int      // how many wait in line for a seat
	Turn     uint64   // rises with every change that the party's node hears of
}

// Look sums the book up.
func (b Book) Look(v party.View, origin party.ID, turn uint64) Look {
	l := Look{View: v, Origin: origin, Waiting: len(b.Waiting), Turn: turn}
	if len(b.Holds)+len(b.Kept)+len(b.Pending)+len(b.Waiting) == 0 {
		return l
	}
	expected := b.seated(v)
	promised := b.Promised(v)
	l.InLine = len(promised)
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

// Users lists those in whose company somebody is who comes in: the members, those who are joining,
// and those whose kept seat waits for them.
func (l Look) Users() []string { return slices.Concat(l.UserIDs(), l.Joining, l.Away) }

// HasNew reports whether there is company that an earlier look did not have, other than the user.
func (l Look) HasNew(before Look, userID string) bool {
	known := append(before.Users(), userID)
	return slices.ContainsFunc(l.Users(), func(u string) bool { return !slices.Contains(known, u) })
}

// Held is how many seats are kept for users other than this one.
func (l Look) Held(userID string) int {
	if slices.Contains(l.Reserved, userID) {
		return len(l.Reserved) - 1
	}
	return len(l.Reserved)
}

// Expects reports whether the party keeps a seat for the user, who is no member, or the user is joining.
func (l Look) Expects(userID string) bool { return slices.Contains(l.Expected, userID) }

// Returning reports whether the party keeps a seat for the user: somebody who comes back
// needs nobody's consent.
func (l Look) Returning(userID string) bool { return slices.Contains(l.Away, userID) }
