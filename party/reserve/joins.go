package reserve

import (
	"maps"
	"slices"
	"time"

	"partyline/party"
)

// PendingTTL limits how long a native join may be under way. Normally it takes microseconds. A join that fails has no
// after-hook: its seat is free with its sender's next message, or after this time.
const PendingTTL = 5 * time.Second

// PendingJoin is a native join between its before-hook and its after-hook.
type PendingJoin struct {
	Session party.Session
	By      string // ID of the session that sent the message
	Until   time.Time
	Leaving []party.Membership // to leave once the join has landed; an entry for this party is an older device of the user
}

// joins are the joins of one party that are under way, and the latest admissions.
type joins struct {
	Pending  map[string]*PendingJoin // by the ID of the session that joins; pointers, because a map never shrinks
	Admitted map[string]time.Time    // when a session was put on the party's stream, by session ID; only the latest
}

// Overdue lists the joins under way whose time is over: nobody reported their end.
func (js joins) Overdue(now time.Time) []PendingJoin {
	var over []PendingJoin
	for _, p := range js.Pending {
		if !now.Before(p.Until) {
			over = append(over, *p)
		}
	}
	return over
}

// CheckAfterJoin checks the members after a session was put on the party's stream. It refuses if the session has to
// leave again: with AlreadyMember, PartyNotFound or PartyFull. lost is the number of lost joins that the host also
// counts. older is the session whose seat it takes, if any.
func (b Book) CheckAfterJoin(members []party.Member, lost int, s, older party.Session, maxSize int) error {
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
			if !b.isRemoving(m.UserID) {
				others++
			}
		}
	}
	for _, p := range b.Pending {
		if !party.HasSession(members, p.Session.SessionID) {
			taken++
		}
	}
	switch {
	case !inside || others == 0: // the party was closed, or its last member left, while the session came in
		return party.RefuseGone()
	case taken > maxSize:
		return party.RefuseFull()
	}
	return nil
}

// Ghost returns the session admitted last if the stream has more sessions than the party has seats: the host did not
// make it a member.
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

// Request is a player's request to enter a closed party. The host keeps its own list with as many entries as the party
// has seats. It removes an entry only when the leader decides on it, not when the player disconnects or gets in by an
// invite. So the book counts the list and decides who may get onto it.
type Request struct {
	Session party.Session
	Client  party.Client // of the player who asks; the leader's accept does not have it
	Until   time.Time    // end of the wait for the host's answer; zero once the host has it on its list
}

// Requests are the entries on the host's list of one party, by the ID of the session that asked.
type Requests map[string]Request

// Asks reports whether the user is on the list of requests.
func (rs Requests) Asks(userID string) bool {
	return slices.ContainsFunc(slices.Collect(maps.Values(rs)), func(r Request) bool { return r.Session.UserID == userID })
}

// onlyFriendsMayAsk reports whether the rest of the list is for friends of members. That is a quarter of it, or nothing
// in the smallest parties, where it would be half of the list.
func (rs Requests) onlyFriendsMayAsk(v party.View) bool { return len(rs) >= v.MaxSize-v.MaxSize/4 }

// Settle ends what the session by has under way: its own join, request or kick or, after an accept, the join of joiner.
// Its next message has arrived, so the host has finished the one before.
func (b Book) Settle(by, joiner string) {
	if p := b.Pending[joiner]; p != nil && p.By == by {
		delete(b.Pending, joiner)
	}
	if r := b.Requests[by]; !r.Until.IsZero() {
		delete(b.Requests, by)
	}
	maps.DeleteFunc(b.Kicking, func(_ string, r Removal) bool { return r.By == by })
}

// FinishJoin ends a native join and returns it, or marks a request as being on the host's list. in says whether the
// session is a member now.
func (b Book) FinishJoin(sessionID string, in bool) (landed PendingJoin, pending bool) {
	if p := b.Pending[sessionID]; p != nil {
		landed, pending = *p, true
	}
	if r, asks := b.Requests[sessionID]; asks && !pending {
		r.Until = time.Time{}
		b.Requests[sessionID] = r
	}
	delete(b.Pending, sessionID)
	if in && landed.By != sessionID {
		delete(b.Requests, sessionID) // the request was accepted
	}
	return landed, pending
}
