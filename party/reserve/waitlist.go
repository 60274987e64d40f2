package reserve

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"partyline/party"
)

// MaxAbsent is how long a player on the wait list may be without a socket.
const MaxAbsent = 30 * time.Second

// Waiter is a player on the wait list of a party.
type Waiter struct {
	UserID  string
	Invite  string    // the ID of the invite that they came by; "" for none
	Open    bool      // they came by the party's ID while it was open; an older build stored neither
	Since   time.Time // different for each player of one list
	Until   time.Time // end of the seat held for them; zero if none is held
	Told    time.Time // the latest Until so far, also after the held seat ended because nobody might enter; zero once it is over
	Absent  time.Time // when they lost their last socket; zero while they have one
	Blocked bool      // by a block between them and a member, or by an invite that leads elsewhere; not stored
	Untold  bool      // they were not notified of the held seat yet; not stored
}

// compare orders two players by the time they joined the wait list.
func (w Waiter) compare(other Waiter) int {
	return cmp.Or(w.Since.Compare(other.Since), cmp.Compare(w.UserID, other.UserID))
}

// Missed counts the held seats that a player on the wait list did not take, and has the end of the last one.
type Missed struct {
	Times int
	Until time.Time
}

// list is the wait list of one party.
type list struct {
	Waiting map[string]Waiter // by user
	Missed  map[string]Missed // users who did not take a seat held for them
}

// Waitlist lists the waiting players in the order in which they came.
func (l list) Waitlist() []Waiter { return slices.SortedFunc(maps.Values(l.Waiting), Waiter.compare) }

// Miss notes that a player has left the wait list without taking the seat held for them, if one was held.
func (l list) Miss(w Waiter) {
	if !w.Until.IsZero() && !w.Untold {
		l.Missed[w.UserID] = Missed{l.Missed[w.UserID].Times + 1, w.Until}
	}
}

// Place returns the user's place on the wait list, from 1; 0 if they are not on it.
func (l list) Place(userID string) int {
	return 1 + slices.IndexFunc(l.Waitlist(), func(w Waiter) bool { return w.UserID == userID })
}

// Join puts a user at the end of the wait list. inviteID is the invite they came by; "" means by the party's ID.
func (l list) Join(userID, inviteID string, now time.Time) Waiter {
	w := Waiter{UserID: userID, Invite: inviteID, Open: inviteID == "", Since: now}
	for _, other := range l.Waiting {
		if !w.Since.After(other.Since) {
			w.Since = other.Since.Add(1)
		}
	}
	l.Waiting[userID] = w
	return w
}

// Seen records whether a waiting player has a socket. It removes players who had none for MaxAbsent. It reports whether
// that changed anything.
func (l list) Seen(userID string, there bool, now time.Time) bool {
	w := l.Waiting[userID]
	switch gone := !w.Absent.IsZero(); {
	case there && !gone, !there && gone && now.Before(w.Absent.Add(MaxAbsent)):
		return false
	case !there && gone:
		delete(l.Waiting, userID)
		return true
	case there:
		w.Absent = time.Time{}
	default:
		w.Absent = now
	}
	l.Waiting[userID] = w
	return true
}

// Promised lists the waiting players for whom a free seat exists: first those for whom a seat is held already, then in
// the order in which they came. It skips players who are blocked, were kicked since, are in, or have a seat for another
// reason.
func (b Book) Promised(v party.View) []string {
	_, _, promised := b.seats(v, "")
	return promised
}

// servingOrder returns the wait list in the order in which seats are given.
func (l list) servingOrder() []Waiter {
	line := l.Waitlist()
	turn := func(w Waiter) int {
		switch {
		case !w.Until.IsZero():
			return 0 // a seat is held
		case !w.Told.IsZero():
			return 1 // a seat was held until now
		}
		return 2
	}
	slices.SortStableFunc(line, func(x, y Waiter) int { return turn(x) - turn(y) })
	return line
}

// promisedBefore gives the free seats to the waiting players before the user, or to all if userID is "".
func (b Book) promisedBefore(userID string, free int, seated map[string]bool) (users []string) {
	for _, w := range b.servingOrder() {
		if w.UserID == userID || len(users) >= free {
			break
		}
		if _, busy := seated[w.UserID]; !busy && !w.Blocked && !b.KickedSince(w.UserID, w.Since) {
			users = append(users, w.UserID)
		}
	}
	return users
}

// Candidates lists the waiting players for whom a free seat can be held: first those with a held seat, then in the
// order in which they came. The caller has to check blocks and invites.
func (b Book) Candidates(v party.View) (line []Waiter) {
	seated := b.seatedUsers(v)
	for _, w := range b.servingOrder() {
		if _, busy := seated[w.UserID]; !busy && !b.KickedSince(w.UserID, w.Since) {
			line = append(line, w)
		}
	}
	return line
}

// Serve holds the free seats for the first players on the wait list, and returns the users whose seats are new. It
// removes players who did not take their held seat in time. Those who were not notified of it get a new one. A held
// seat ends if there is no free seat any more, or if closed says that nobody may enter: then the players stay, even
// after its time. A seat is held only for users whom blocked maps to false.
func (b Book) Serve(v party.View, now time.Time, hold time.Duration, closed bool, blocked map[string]bool) (offered []string, changed bool) {
	for user, is := range blocked {
		if w, waits := b.Waiting[user]; waits {
			w.Blocked = is
			b.Waiting[user] = w
		}
	}
	for user, w := range b.Waiting {
		switch {
		case w.Untold && !now.Before(w.Until.Add(-hold/2)): // they had no time to take a seat that they did not hear of
			w.Until, w.Told, w.Untold, changed = time.Time{}, time.Time{}, false, true
		case w.Until.IsZero() && !now.Before(w.Told):
			w.Told = time.Time{}
		}
		b.Waiting[user] = w
	}
	var promised []string
	if !closed {
		waited := len(b.Waiting)
		maps.DeleteFunc(b.Waiting, func(_ string, w Waiter) bool { return !w.Until.IsZero() && !now.Before(w.Until) })
		changed = changed || len(b.Waiting) < waited
		promised = b.Promised(v)
	}
	for _, w := range b.Waitlist() {
		known := !w.Until.IsZero()
		_, checked := blocked[w.UserID]
		switch in := slices.Contains(promised, w.UserID); {
		case in && !known && checked:
			if w.Until = now.Add(hold); w.Until.Before(w.Told) {
				w.Until = w.Told // the rules may hold seats for a shorter time since
			}
			w.Told, w.Untold = w.Until, true
			offered = append(offered, w.UserID)
		case !in && known:
			w.Until, w.Untold = time.Time{}, false
		default:
			continue
		}
		b.Waiting[w.UserID], changed = w, true
	}
	return offered, changed
}

// NextWaitlistTimer returns when the next timer of the wait list ends; zero if there is none.
func (l list) NextWaitlistTimer() time.Time {
	var ends []time.Time
	for _, w := range l.Waiting {
		if !w.Until.IsZero() {
			ends = append(ends, w.Until)
		}
		if !w.Absent.IsZero() {
			ends = append(ends, w.Absent.Add(MaxAbsent))
		}
	}
	if len(ends) == 0 {
		return time.Time{}
	}
	return slices.MinFunc(ends, time.Time.Compare)
}
