package reserve

import (
	"maps"
	"slices"
	"time"

	"partyline/party"
)

// PendingTTL bounds how long a native join may be under way, which takes microseconds. One that
// fails has no after-hook: its seat is free with its sender's next message, or after this time.
const PendingTTL = 5 * time.Second

// Hold is the seats one invite keeps: one for each of these users who is not in the
// party yet. A user with several holds needs one seat. The truth is the invite in
// storage; a book has a copy.
type Hold struct {
	InviteID  string
	By        string // the member who keeps them, and with whom they go; "" is nobody in particular
	UserIDs   []string
	ExpiresAt time.Time
	Made      time.Time // when the invite was made
	Unstored  bool      // storage may not have it yet, so its absence there does not end it
}

// Kick bans a user until a time, unless an invite made after it says otherwise.
type Kick struct{ At, Until time.Time }

// Removal is a kick that the host is about to do.
type Removal struct {
	Kick
	By   string // session whose message it is
	Bans bool   // the user may not come back before it is done
}

// KeptSeat is a seat kept for a member whose connection ended. Between the moment the
// member is missed and the moment the host reports the end of its session, which may be
// ten seconds later, the seat is kept but nobody has been told.
type KeptSeat struct {
	party.Seat
	Told    bool
	Stored  bool // as far as this process knows
	Overdue bool // past Until; about to be reported lost, by the node that reported away
}

// PendingJoin is a native join between its before-hook and its after-hook.
type PendingJoin struct {
	Session party.Session
	By      string // session whose message it is
	Until   time.Time
	Leaving []party.Membership // to leave once the join has landed; one in this party is an older device of the user
}

// Request is somebody asking to be let into a closed party. The native engine keeps a list of its
// own, as long as the party has seats, and forgets an entry only when the leader decides on it,
// not when the asker disconnects or gets in by an invite. So the book counts the list and decides
// who may get onto it.
type Request struct {
	Session party.Session
	Client  party.Client // the asker's; the leader who accepts knows nothing of it
	Until   time.Time    // while the engine has not answered; zero once the entry is on its list
}

// Book is what one party has promised, and what is under way in it.
type Book struct {
	Holds    map[string]Hold         // by invite
	Kicks    map[string]Kick         // by user
	Kicking  map[string]Removal      // kicks under way, by user
	Kept     map[string]*KeptSeat    // by user
	Pending  map[string]*PendingJoin // by the session that joins; a map keeps the room of what was in it, so pointers
	Admitted map[string]time.Time    // sessions put on the party's stream lately, by session
	Requests map[string]Request      // on the native engine's list, by the session that asked
	Waiting  map[string]Waiter       // in line for a seat, by user
	Missed   map[string]Missed       // by user in line who did not come for a seat
}

// Missed is how often a seat was held for somebody in line who did not come for it, and until when the last one.
type Missed struct {
	Times int
	Until time.Time
}

// NewBook makes an empty one.
func NewBook() Book {
	return Book{
		Holds: map[string]Hold{}, Kicks: map[string]Kick{}, Kicking: map[string]Removal{}, Kept: map[string]*KeptSeat{},
		Pending: map[string]*PendingJoin{}, Admitted: map[string]time.Time{}, Requests: map[string]Request{},
		Waiting: map[string]Waiter{}, Missed: map[string]Missed{},
	}
}

// Purge drops what time has ended, but for joins under way, of which [Book.Overdue] tells, and waits, which
// end in [Book.Serve]. Every decision comes after both.
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

// Overdue lists the joins under way whose time is over: nobody told what became of them.
func (b Book) Overdue(now time.Time) []PendingJoin {
	var over []PendingJoin
	for _, p := range b.Pending {
		if !now.Before(p.Until) {
			over = append(over, *p)
		}
	}
	return over
}

// Keeps reports whether a seat of the party waits for the user.
func (b Book) Keeps(userID string) bool {
	k, ok := b.Kept[userID]
	return ok && !k.Overdue
}

// KeepsAny reports whether a seat of the party waits for anybody.
func (b Book) KeepsAny() bool {
	for user := range b.Kept {
		if b.Keeps(user) {
			return true
		}
	}
	return false
}

// Kicked is the user's kick, done or under way.
func (b Book) Kicked(userID string) (Kick, bool) {
	if k, done := b.Kicks[userID]; done {
		return k, true
	}
	r := b.Kicking[userID]
	return r.Kick, r.Bans
}

// Seats counts the party's seats from the point of view of one user: those taken by
// members, by those lost and by joins under way, and those kept for other users who are
// neither: the invited, the dropped, and those before the user in line. A user counts once,
// however many seats are kept for them.
func (b Book) Seats(v party.View, userID string) (taken, held int) {
	taken, reserved, promised := b.seats(v, userID)
	return taken, reserved + len(promised)
}

// seats is Seats with those in line apart.
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
	seated := b.seated(v)
	for _, present := range seated {
		if !present {
			held++
		}
	}
	promised = b.promised(userID, v.MaxSize-taken-held, seated) // a seat that is kept for the user is not free for others
	if present, reserved := seated[userID]; reserved && !present {
		held--
	}
	return taken, held, promised
}

// Seated reports whether the user has a seat, or one is kept for them, no matter who waits.
func (b Book) Seated(v party.View, userID string) bool {
	_, seated := b.seated(v)[userID]
	return seated
}

// seated is who has a seat: true for who is in or joining, false for others for whom one is
// kept.
func (b Book) seated(v party.View) map[string]bool {
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

// Hold adds a hold, or reports false and changes nothing if it needs more seats than are
// free and not promised to others in line.
func (b Book) Hold(v party.View, h Hold) bool {
	promised := slices.DeleteFunc(b.Promised(v), func(u string) bool { return slices.Contains(h.UserIDs, u) })
	b.Holds[h.InviteID] = h
	if taken, held, _ := b.seats(v, ""); taken+held+len(promised) > v.MaxSize {
		delete(b.Holds, h.InviteID)
		return false
	}
	return true
}

// Release ends what the invite holds for these users, or all of it if none are named.
func (b Book) Release(inviteID string, userIDs ...string) {
	h, ok := b.Holds[inviteID]
	if !ok {
		return
	}
	h.UserIDs = slices.DeleteFunc(slices.Clone(h.UserIDs), func(u string) bool { return slices.Contains(userIDs, u) })
	if len(userIDs) == 0 || len(h.UserIDs) == 0 {
		delete(b.Holds, inviteID)
		return
	}
	b.Holds[inviteID] = h
}

// Forfeit ends what invites made before a kick hold for the user. It names them.
func (b Book) Forfeit(userID string, kick time.Time) (invites []string) {
	for id, h := range b.Holds {
		if slices.Contains(h.UserIDs, userID) && !h.Made.After(kick) {
			b.Release(id, userID)
			invites = append(invites, id)
		}
	}
	return invites
}

// Abandon ends the holds of users who are not in the party any more and have no seat kept
// there. It names their invites.
func (b Book) Abandon(v party.View) (invites []string) {
	maps.DeleteFunc(b.Holds, func(id string, h Hold) bool {
		_, in := v.Member(h.By)
		gone := h.By != "" && !in && b.Kept[h.By] == nil
		if gone {
			invites = append(invites, id)
		}
		return gone
	})
	return invites
}

// SetHolds makes the holds what storage says they are. Those that storage may not have
// yet stay, and false says that some do: then this may have been too early to find them.
func (b Book) SetHolds(stored []Hold) (settled bool) {
	maps.DeleteFunc(b.Holds, func(_ string, h Hold) bool { return !h.Unstored })
	settled = len(b.Holds) == 0
	for _, h := range stored {
		b.Holds[h.InviteID] = h
	}
	return settled
}
