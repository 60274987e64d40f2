// Package reserve decides who may come into a party. It also keeps what a party has promised: held seats of invites,
// kept seats of members who lost their connection, joins under way, kicks, requests to join, and the wait list.
//
// It is pure: a [Book] is a value in memory, [Decide] compares an [Intent] with it, and nothing here reads a clock,
// takes a lock or calls the host. A Book is not safe for concurrent use.
package reserve

import (
	"maps"
	"time"

	"partyline/party"
)

// Book is what one party has promised, and what is under way in it.
type Book struct {
	Holds
	Kept
	kicks
	joins
	Requests
	list
}

// NewBook makes an empty book.
func NewBook() Book {
	return Book{
		Holds: Holds{}, Kept: Kept{}, Requests: Requests{},
		kicks: kicks{Kicks: map[string]Kick{}, Kicking: map[string]Removal{}},
		joins: joins{Pending: map[string]*PendingJoin{}, Admitted: map[string]time.Time{}},
		list:  list{Waiting: map[string]Waiter{}, Missed: map[string]Missed{}},
	}
}

// Purge drops what has expired. It leaves joins under way, which [Book.Overdue] lists, and places on the wait list,
// which end in [Book.Serve]. Call it and end the overdue joins before every decision.
func (b Book) Purge(now time.Time) {
	maps.DeleteFunc(b.Holds, func(_ string, h Hold) bool { return !now.Before(h.ExpiresAt) })
	maps.DeleteFunc(b.Kicks, func(_ string, k Kick) bool { return !now.Before(k.Until) })
	maps.DeleteFunc(b.Kicking, func(_ string, r Removal) bool { return !now.Before(r.Until) })
	maps.DeleteFunc(b.Requests, func(_ string, r Request) bool { return !r.Until.IsZero() && !now.Before(r.Until) })
	maps.DeleteFunc(b.Admitted, func(_ string, at time.Time) bool { return now.Sub(at) > 2*PendingTTL })
	for _, k := range b.Kept {
		k.Overdue = !now.Before(k.Until)
	}
}

// Seats counts the party's seats from one user's point of view. taken counts members, lost joins and joins under way.
// held counts the seats kept for other users who are neither: invited players, members who are away, and players before
// the user on the wait list. A user counts once, even if several seats are kept for them.
func (b Book) Seats(v party.View, userID string) (taken, held int) {
	taken, reserved, promised := b.seats(v, userID)
	return taken, reserved + len(promised)
}

// seats is Seats, but it returns the users on the wait list apart.
func (b Book) seats(v party.View, userID string) (taken, held int, promised []string) {
	taken = v.Taken()
	for session := range b.Pending {
		if _, member := v.Session(session); !member {
			taken++
		}
	}
	if len(b.Holds)+len(b.Kept)+len(b.Waiting) == 0 {
		return taken, 0, nil
	}
	seated := b.seatedUsers(v)
	for _, present := range seated {
		if !present {
			held++
		}
	}
	promised = b.promisedBefore(userID, v.MaxSize-taken-held, seated) // a seat kept for the user is not free for others
	if present, reserved := seated[userID]; reserved && !present {
		held--
	}
	return taken, held, promised
}

// Seated reports whether the user has a seat or one is kept for them. The wait list does not count.
func (b Book) Seated(v party.View, userID string) bool {
	_, seated := b.seatedUsers(v)[userID]
	return seated
}

// seatedUsers maps users to true if they are in or joining, and to false if a seat is only kept for them.
func (b Book) seatedUsers(v party.View) map[string]bool {
	present := map[string]bool{}
	for _, h := range b.Holds {
		for _, u := range h.UserIDs {
			present[u] = false
		}
	}
	for u := range b.Kept {
		if b.Keeps(u) {
			present[u] = false
		}
	}
	for _, m := range v.Members {
		present[m.UserID] = true
	}
	for _, p := range b.Pending {
		present[p.Session.UserID] = true
	}
	return present
}

// Merge replaces kicks, kept seats and the wait list by those of the record in storage. Kept seats that this process
// has not stored yet stay. It returns the kept seats that ended elsewhere, and the users whose kept seats are new to
// the book.
func (b Book) Merge(r Record) (ended []party.Seat, found []string) {
	clear(b.Kicks)
	maps.Copy(b.Kicks, r.Kicks)
	for user, w := range r.Waiting {
		known := b.Waiting[user]
		w.Blocked, w.Untold = known.Blocked, known.Untold && known.Until.Equal(w.Until)
		r.Waiting[user] = w
	}
	clear(b.Waiting)
	maps.Copy(b.Waiting, r.Waiting)
	for user, k := range b.Kept {
		if s, ok := r.Seats[user]; k.Stored && (!ok || s.Member.SessionID != k.Member.SessionID) {
			delete(b.Kept, user)
			ended = append(ended, k.Seat)
		}
	}
	for user, s := range r.Seats {
		if b.Kept[user] == nil {
			b.Kept[user] = &KeptSeat{Seat: s, Told: true, Stored: true}
			found = append(found, user)
		}
	}
	return ended, found
}

// Idle reports whether no join or kick is under way, so that the book may be forgotten.
func (b Book) Idle() bool { return len(b.Pending)+len(b.Kicking) == 0 }
