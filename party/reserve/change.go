package reserve

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"partyline/party"
)

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
func (b Book) Ghost(members []party.Member, lost, maxSize int) (ghost party.Session, is bool) {
	if maxSize == 0 || len(members)+lost <= maxSize {
		return party.Session{}, false
	}
	var at time.Time
	for _, m := range members {
		if t, ok := b.Admitted[m.SessionID]; ok && t.After(at) {
			ghost, at = m.Session, t
		}
	}
	return ghost, !at.IsZero()
}

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

// BeginKick notes a kick that the host is about to do, for no longer than a native join
// may take: one that the host refuses must keep nobody out. by is the session whose message it
// is. bans says that the user may not come back meanwhile.
func (b Book) BeginKick(userID, by string, now time.Time, bans bool) {
	b.Kicking[userID] = Removal{Kick{At: now, Until: now.Add(PendingTTL)}, by, bans}
}

// removing reports whether the host is about to remove the user. It may have done so already: it
// forgets a member before they are off the party's stream.
func (b Book) removing(userID string) bool {
	_, kicking := b.Kicking[userID]
	return kicking
}

// Ban keeps a user out for as long as the ban lasts. Where the kick began before, it
// counts from then, so that an invite made since lifts it.
func (b Book) Ban(userID string, now time.Time, ban time.Duration) Kick {
	k := Kick{At: now, Until: now.Add(ban)}
	if begun := b.Kicking[userID]; begun.Bans {
		k.At = begun.At
	}
	b.Kicks[userID] = k
	return k
}

// KeepSeat keeps the seat of a member that was dropped. It reports false, and changes
// nothing, for a user who was kicked and has not come in again, or for whom a seat is kept already. led is the user
// who led the party then.
func (b Book) KeepSeat(id party.ID, m party.Member, led string, now time.Time, grace time.Duration) bool {
	if kick, kicked := b.Kicked(m.UserID); kicked && !m.JoinedAt.After(kick.At) || b.Kept[m.UserID] != nil {
		return false
	}
	b.Kept[m.UserID] = &KeptSeat{Seat: party.Seat{ID: id, Member: m.Session, Joined: m.JoinedAt, Since: now, Until: now.Add(grace), Led: led}}
	return true
}

// Unstored lists the kept seats that storage does not have, in the order in which they were
// found, and those whose time is over.
func (b Book) Unstored() (fresh, overdue []*KeptSeat) {
	for _, k := range b.Kept {
		switch {
		case k.Stored:
		case k.Overdue:
			overdue = append(overdue, k)
		default:
			fresh = append(fresh, k)
		}
	}
	slices.SortFunc(fresh, func(x, y *KeptSeat) int {
		return cmp.Or(x.Since.Compare(y.Since), cmp.Compare(x.Member.UserID, y.Member.UserID))
	})
	return fresh, overdue
}

// Merge makes kicks, kept seats and the line what storage says they are; kept seats that this
// process has not stored yet stay. It returns the kept seats that ended elsewhere and the
// users for whom storage knows one that the book did not.
func (b Book) Merge(r Record) (ended []party.Seat, found []string) {
	clear(b.Kicks)
	maps.Copy(b.Kicks, r.Kicks)
	for user, w := range r.Waiting {
		w.Blocked = b.Waiting[user].Blocked
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

// Idle reports whether nothing is under way that another message has to find again.
func (b Book) Idle() bool { return len(b.Pending)+len(b.Kicking) == 0 }
