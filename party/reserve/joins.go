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

// PendingJoin is a native join between its before-hook and its after-hook.
type PendingJoin struct {
	Session party.Session
	By      string // session whose message it is
	Until   time.Time
	Leaving []party.Membership // to leave once the join has landed; one in this party is an older device of the user
}

// joins are those of one party that are under way, and those done lately.
type joins struct {
	Pending  map[string]*PendingJoin // by the session that joins; a map keeps the room of what was in it, so pointers
	Admitted map[string]time.Time    // sessions put on the party's stream lately, by session
}

// Overdue lists the joins under way whose time is over: nobody told what became of them.
func (js joins) Overdue(now time.Time) []PendingJoin {
	var over []PendingJoin
	for _, p := range js.Pending {
		if !now.Before(p.Until) {
			over = append(over, *p)
		}
	}
	return over
}

// Landed looks at the members after a session was put on the party's stream, and refuses
// if it must go again: with AlreadyMember, PartyNotFound or PartyFull. lost is how many more
// the host counts; older is the session whose seat it takes, if any.
func (b Book) Landed(members []party.Member, lost int, s, older party.Session, maxSize int) error {
	taken, others, inside := len(members)+lost, 0, false
	for _, m := range members {
		switch {
		case m.SessionID == s.SessionID:
			inside = true
		case m.SessionID == older.SessionID:
			taken--
			others++
		case m.UserID == s.UserID:
			return alreadyMember(Intent{})
		default:
			if !b.removing(m.UserID) {
				others++
			}
		}
	}
	for _, p := range b.Pending {
		if !slices.ContainsFunc(members, func(m party.Member) bool { return m.SessionID == p.Session.SessionID }) {
			taken++
		}
	}
	switch {
	case !inside || others == 0: // closed, or its last member left, while the session came in
		return party.Gone()
	case taken > maxSize:
		return party.Full()
	}
	return nil
}

// Ghost is the session admitted last, where the stream has more sessions than the party
// has seats: the engine did not take it.
func (js joins) Ghost(members []party.Member, lost, maxSize int) (ghost party.Session, is bool) {
	if maxSize == 0 || len(members)+lost <= maxSize {
		return party.Session{}, false
	}
	var at time.Time
	for _, m := range members {
		if t, ok := js.Admitted[m.SessionID]; ok && t.After(at) {
			ghost, at = m.Session, t
		}
	}
	return ghost, !at.IsZero()
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

// Requests are those on the native engine's list of one party, by the session that asked.
type Requests map[string]Request

// Asks reports whether the user is on the list of requests.
func (rs Requests) Asks(userID string) bool {
	for _, r := range rs {
		if r.Session.UserID == userID {
			return true
		}
	}
	return false
}

// listReserved reports whether what is left of the list is for friends of members: a
// quarter, and none in the smallest parties, where it would be half of the list.
func (rs Requests) listReserved(v party.View) bool { return len(rs) >= v.MaxSize-v.MaxSize/4 }

// Settle ends what the session has under way for itself or, with an accept, for joiner:
// its next message has arrived, so the engine is done with the one before.
func (b Book) Settle(by, joiner string) {
	if p := b.Pending[joiner]; p != nil && p.By == by {
		delete(b.Pending, joiner)
	}
	if r := b.Requests[by]; !r.Until.IsZero() {
		delete(b.Requests, by)
	}
	maps.DeleteFunc(b.Kicking, func(_ string, r Removal) bool { return r.By == by })
}

// Land ends a native join, or has a request stay on the engine's list, and returns what
// the join was. in says whether the session is a member now.
func (b Book) Land(sessionID string, in bool) (landed PendingJoin, pending bool) {
	if p := b.Pending[sessionID]; p != nil {
		landed, pending = *p, true
	}
	if r, asks := b.Requests[sessionID]; asks && !pending {
		r.Until = time.Time{}
		b.Requests[sessionID] = r
	}
	delete(b.Pending, sessionID)
	if in && landed.By != sessionID {
		delete(b.Requests, sessionID) // accepted
	}
	return landed, pending
}
