package roster

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
)

// Begin mirrors a native party that s leads alone. With an origin it goes on with that
// party.
func (r *Roster) Begin(id party.ID, s party.Session, facts party.Facts, origin party.ID) error {
	defer r.mirrors.lock(string(id.UUID[:])).Unlock()
	now := r.now()
	sh := shared{Facts: facts, rev: max(1, party.Nanos(now)), leader: s.SessionID}
	if !origin.IsZero() {
		sh.origin = origin.String()
	}
	return r.put(id, s, mirrorEntry{sh, now})
}

// Enter mirrors a session that has become a member. known is the party as it was before;
// the zero Snapshot has it read. It returns the snapshot to go on with.
func (r *Roster) Enter(known Snapshot, id party.ID, s party.Session) (after Snapshot, err error) {
	defer r.mirrors.lock(string(id.UUID[:])).Unlock()
	if known.shared.rev == 0 {
		entries, _, err := r.mirror(id)
		if err != nil {
			return known, err
		}
		known.shared = newest(entries)
		known.Facts = known.shared.Facts
		for _, e := range entries {
			if e.joinedAt.After(known.lastJoin) {
				known.lastJoin = e.joinedAt
			}
		}
	}
	if now := r.now(); now.After(known.lastJoin) {
		known.lastJoin = now
	} else { // strictly rising, however coarse the clock is
		known.lastJoin = known.lastJoin.Add(1)
	}
	if err := r.put(id, s, mirrorEntry{known.shared, known.lastJoin}); err != nil || known.shared.leader != s.SessionID {
		return known, err
	}
	// It was gone in between, so another leads now.
	entries, _, err := r.mirror(id)
	if err == nil {
		r.rewrite(id, entries, func(sh *shared) bool { sh.leader = ""; return true })
	}
	return Snapshot{}, err
}

// Leave takes a session that left, or was removed, off the mirror. It reports whether it was a
// member as far as hooks told, because the native engine lets anybody leave any party, and
// whether nobody else is on the mirror, so that the party may be over. Where the session led,
// the engine has rotated to the longest-standing member, even if it comes back.
func (r *Roster) Leave(id party.ID, s party.Session) (was, last bool) {
	defer r.mirrors.lock(string(id.UUID[:])).Unlock()
	known := r.Attendance.Remove(id, s.SessionID)
	entries, _, err := r.mirror(id)
	i := slices.IndexFunc(entries, func(e mirrorPresence) bool { return e.sessionID == s.SessionID })
	if i >= 0 { // a session of another node is known by its mirror alone
		entries = slices.Delete(entries, i, i+1)
	}
	// Best effort: what stays behind belongs to a session that is not a member, which
	// every reader ignores, and ends with that session.
	_ = r.streams.StreamUserLeave(party.MirrorMode, id.UUID.String(), "", id.Node, s.UserID, s.SessionID)
	r.unlist(s, id, known)
	if err == nil {
		r.rewrite(id, entries, func(sh *shared) bool {
			led := sh.leader == s.SessionID
			if led {
				sh.leader = ""
			}
			return led
		})
	}
	return known || i >= 0, err != nil || len(entries) == 0
}

// SetLeader mirrors a promotion of s. Where s has left since, the native engine has
// rotated: it must not lead again when it comes back.
func (r *Roster) SetLeader(id party.ID, s party.Session) {
	r.change(id, func(sh *shared) bool {
		leader := s.SessionID
		if members, err := r.Members(id); err == nil && !slices.ContainsFunc(members, func(m party.Member) bool { return m.SessionID == leader }) {
			leader = ""
		}
		changed := sh.leader != leader
		sh.leader = leader
		return changed
	})
}

// Update mirrors a PartyUpdate, which replaces all three values.
func (r *Roster) Update(id party.ID, open, hidden bool, label string) {
	r.change(id, func(sh *shared) bool {
		sh.Open, sh.Hidden, sh.Label = open, hidden, label
		return true
	})
}

// NoteAttributes mirrors that the party has attributes.
func (r *Roster) NoteAttributes(id party.ID) {
	r.change(id, func(sh *shared) bool {
		changed := !sh.Attributes
		sh.Attributes = true
		return changed
	})
}

// End forgets a party that has been closed.
func (r *Roster) End(id party.ID) {
	defer r.mirrors.lock(string(id.UUID[:])).Unlock()
	r.Losses.End(id)
	entries, _, err := r.mirror(id)
	if err != nil {
		return
	}
	_ = r.streams.StreamClose(party.MirrorMode, id.UUID.String(), "", id.Node) // as in Leave
	for _, e := range entries {
		r.unlist(party.SessionOf(e.presence), id, r.Attendance.Remove(id, e.sessionID))
	}
}

// Announce tells the other nodes that what is reserved in the party has changed. It
// returns the revision before and after; both 0 where no presence carries one.
func (r *Roster) Announce(id party.ID) (before, after int64) {
	r.change(id, func(sh *shared) bool {
		before = sh.state
		sh.state = max(sh.state+1, party.Nanos(r.now()))
		after = sh.state
		return true
	})
	return before, after
}

// Mirrored reports whether the session was a member the last time a hook told of it.
func (r *Roster) Mirrored(id party.ID, sessionID string) (bool, error) {
	entries, _, err := r.mirror(id)
	return slices.ContainsFunc(entries, func(e mirrorPresence) bool { return e.sessionID == sessionID }), err
}

// change changes what all of the party's presences share, if f says so.
func (r *Roster) change(id party.ID, f func(*shared) bool) {
	defer r.mirrors.lock(string(id.UUID[:])).Unlock()
	if entries, _, err := r.mirror(id); err == nil {
		r.rewrite(id, entries, f)
	}
}

// rewrite is change for a caller that holds the mirror's lock and has read it. A presence of
// another node cannot be written from here; the newest revision counts.
func (r *Roster) rewrite(id party.ID, entries []mirrorPresence, f func(*shared) bool) {
	sh := newest(entries)
	if sh.rev == 0 || !f(&sh) {
		return
	}
	sh.rev = max(sh.rev+1, party.Nanos(r.now()))
	for _, e := range entries {
		e.shared = sh
		_ = r.streams.StreamUserUpdate(party.MirrorMode, id.UUID.String(), "", id.Node, e.presence.GetUserId(), e.sessionID, true, false, e.encode())
	}
}

func newest(entries []mirrorPresence) shared {
	var sh shared
	for _, e := range entries {
		if e.rev > sh.rev {
			sh = e.shared
		}
	}
	return sh
}

// put writes a session's presence on the party's mirror and on its user's list. The
// caller holds the mirror's lock.
func (r *Roster) put(id party.ID, s party.Session, e mirrorEntry) error {
	// First, so that nobody who ends right now is missed: an end is heard of later.
	r.Attendance.Add(id, party.Member{Session: s, JoinedAt: e.joinedAt})
	if err := r.set(party.MirrorMode, id.UUID.String(), id.Node, s, e.encode()); err != nil {
		if alive, unknown := r.Alive(s); unknown == nil && !alive {
			return party.Disconnected(err)
		}
		return fmt.Errorf("write mirror: %w", err)
	}
	r.list(s, id, e.joinedAt)
	return nil
}

// set writes a presence, whether there is one or not.
func (r *Roster) set(mode uint8, subject, label string, s party.Session, status string) error {
	isNew, err := r.streams.StreamUserJoin(mode, subject, "", label, s.UserID, s.SessionID, true, false, status)
	if err != nil || isNew {
		return err
	}
	return r.streams.StreamUserUpdate(mode, subject, "", label, s.UserID, s.SessionID, true, false, status)
}

// list writes the party into the list of the session's parties. A failure means that the
// session is going away, and its list with it.
func (r *Roster) list(s party.Session, id party.ID, since time.Time) {
	defer r.lists.lock(s.UserID).Unlock()
	if !r.Attendance.elsewhere(id, s) { // nearly always: nothing to read
		isNew, err := r.streams.StreamUserJoin(party.PartiesMode, s.UserID, "", "", s.UserID, s.SessionID, true, false, encodeList(listWith(nil, id, since)))
		if isNew || err != nil {
			return
		}
	}
	old, err := r.listOf(s)
	if err != nil {
		return
	}
	_ = r.set(party.PartiesMode, s.UserID, "", s, encodeList(listWith(old, id, since)))
}

// unlist writes the party out of it. Of a session that is known here the attendance says
// whether there is more on its list.
func (r *Roster) unlist(s party.Session, id party.ID, known bool) {
	defer r.lists.lock(s.UserID).Unlock()
	if !known || r.Attendance.elsewhere(id, s) {
		old, err := r.listOf(s)
		if err != nil {
			return
		}
		before := len(old)
		if list := listWithout(old, id); len(list) > 0 {
			if len(list) < before {
				_ = r.streams.StreamUserUpdate(party.PartiesMode, s.UserID, "", "", s.UserID, s.SessionID, true, false, encodeList(list))
			}
			return
		}
	}
	_ = r.streams.StreamUserLeave(party.PartiesMode, s.UserID, "", "", s.UserID, s.SessionID)
}

// listOf reads the list of one session; empty for none.
func (r *Roster) listOf(s party.Session) ([]presentParty, error) {
	presences, err := r.streams.StreamUserList(party.PartiesMode, s.UserID, "", "", true, true)
	if i := slices.IndexFunc(presences, func(p runtime.Presence) bool { return p.GetSessionId() == s.SessionID }); i >= 0 {
		return decodeList(presences[i].GetStatus()), err
	}
	return nil, err
}

// Two nodes may put a session each onto a party's stream for its last seat. The engine makes the
// first a member and leaves the other a ghost; which of them goes again is another matter. So one
// that goes leaves a mark on the party's mirror before, and a caller that finds that somebody has
// gone since its first look comes in again: the engine may not have taken it the time before.

// withdrawn begins the status of a mark; what follows is different each time. No entry of
// a member begins so.
const withdrawn = "withdrawn "

// Marks reads who has gone, as one text to compare.
func (r *Roster) Marks(id party.ID) (string, error) {
	_, marks, err := r.mirror(id)
	return marks, err
}

// Mark notes that the session is about to go. It stays until the session ends or enters.
func (r *Roster) Mark(id party.ID, s party.Session) error {
	defer r.mirrors.lock(string(id.UUID[:])).Unlock()
	return r.set(party.MirrorMode, id.UUID.String(), id.Node, s, withdrawn+strconv.FormatInt(party.Nanos(r.now()), 10))
}
