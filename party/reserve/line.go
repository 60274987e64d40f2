package reserve

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"partyline/party"
)

// MaxAbsent is for how long somebody who waits may be without a socket.
const MaxAbsent = 30 * time.Second

// Waiter is somebody in the line for a seat of a party.
type Waiter struct {
	UserID  string
	Invite  string    // the ID of the one they came by; "" for none
	Open    bool      // they came by the party's ID, while it was open; with neither, an older build wrote it
	Since   time.Time // no two in one line are the same
	Until   time.Time // until when a seat is held for them; zero while none is
	Absent  time.Time // since when they have had no socket; zero while they have one
	Blocked bool      // by a block between them and a member, or by an invite that leads elsewhere; not stored
}

// came orders those who wait as they came.
func (w Waiter) came(other Waiter) int {
	return cmp.Or(w.Since.Compare(other.Since), cmp.Compare(w.UserID, other.UserID))
}

// Missed is how often a seat was held for somebody in line who did not come for it, and until when the last one.
type Missed struct {
	Times int
	Until time.Time
}

// line is those in line for a seat of one party.
type line struct {
	Waiting map[string]Waiter // by user
	Missed  map[string]Missed // by user in line who did not come for a seat
}

// Line is everybody who waits, who came first first.
func (l line) Line() []Waiter { return slices.SortedFunc(maps.Values(l.Waiting), Waiter.came) }

// Miss notes that somebody who has left the line did not come for the seat held for them, if one was.
func (l line) Miss(w Waiter) {
	if !w.Until.IsZero() {
		l.Missed[w.UserID] = Missed{l.Missed[w.UserID].Times + 1, w.Until}
	}
}

// Place is the user's place in line, from 1; 0 for somebody who does not wait.
func (l line) Place(userID string) (place int) {
	w, waits := l.Waiting[userID]
	if !waits {
		return 0
	}
	for _, other := range l.Waiting {
		if other.came(w) <= 0 {
			place++
		}
	}
	return place
}

// Join puts somebody at the end of the line, who came by an invite, or by the party's ID for "".
func (l line) Join(userID, inviteID string, now time.Time) Waiter {
	w := Waiter{UserID: userID, Invite: inviteID, Open: inviteID == "", Since: now}
	for _, other := range l.Waiting {
		if !w.Since.After(other.Since) {
			w.Since = other.Since.Add(1)
		}
	}
	l.Waiting[userID] = w
	return w
}

// Seen notes whether somebody who waits has a socket, and ends the wait after too long
// without one. It reports whether that changed anything.
func (l line) Seen(userID string, there bool, now time.Time) bool {
	w := l.Waiting[userID]
	switch gone := !w.Absent.IsZero(); {
	case there == !gone:
		if there || now.Before(w.Absent.Add(MaxAbsent)) {
			return false
		}
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

// Promised lists those in line for whom there is a free seat: those a seat is held for
// already, then who came first. A player who is blocked, was kicked since, is in, or has a seat
// for another reason is skipped.
func (b Book) Promised(v party.View) []string {
	_, _, promised := b.seats(v, "")
	return promised
}

// turns is the line in the order in which seats are held.
func (l line) turns() []Waiter {
	line := l.Line()
	turn := func(w Waiter) int {
		if w.Until.IsZero() {
			return 1
		}
		return 0 // a seat is held already
	}
	slices.SortStableFunc(line, func(x, y Waiter) int { return turn(x) - turn(y) })
	return line
}

// promised gives the free seats to those in line before the user; to all for "".
func (b Book) promised(userID string, free int, seated map[string]bool) (users []string) {
	for _, w := range b.turns() {
		if w.UserID == userID || len(users) >= free {
			break
		}
		if _, busy := seated[w.UserID]; !busy && !w.Blocked && !b.kickedSince(w) {
			users = append(users, w.UserID)
		}
	}
	return users
}

// Candidates lists those for whom a free seat can be held: for whom one is held already, then who
// came first. Whether a block keeps them out, or their invite, is for the caller to find out.
func (b Book) Candidates(v party.View) (line []Waiter) {
	seated := b.seated(v)
	for _, w := range b.turns() {
		if _, busy := seated[w.UserID]; !busy && !b.kickedSince(w) {
			line = append(line, w)
		}
	}
	return line
}

// Serve holds the free seats for those first in line, and returns for whom it did not
// before. Who has not come in time is out. What was held goes back where there is no seat any more, or
// while closed says that nobody may enter: then its time may have ended, too. A seat is offered only to
// users whom blocked knows, and who are not.
func (b Book) Serve(v party.View, now time.Time, hold time.Duration, closed bool, blocked map[string]bool) (offered []string, changed bool) {
	for user, is := range blocked {
		if w, waits := b.Waiting[user]; waits {
			w.Blocked = is
			b.Waiting[user] = w
		}
	}
	var promised []string
	if !closed {
		waited := len(b.Waiting)
		maps.DeleteFunc(b.Waiting, func(_ string, w Waiter) bool { return !w.Until.IsZero() && !now.Before(w.Until) })
		changed = len(b.Waiting) < waited
		promised = b.Promised(v)
	}
	for _, w := range b.Line() {
		known := !w.Until.IsZero()
		_, checked := blocked[w.UserID]
		switch in := slices.Contains(promised, w.UserID); {
		case in && !known && checked:
			w.Until = now.Add(hold)
			offered = append(offered, w.UserID)
		case !in && known:
			w.Until = time.Time{}
		default:
			continue
		}
		b.Waiting[w.UserID], changed = w, true
	}
	return offered, changed
}

// LineDue is when time ends something in the line; zero for never.
func (l line) LineDue() time.Time {
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
