package roster

import (
	"fmt"
	"slices"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
)

// Begin mirrors a native party with s as its leader and only member. If origin is not zero, the party continues the one
// that origin names.
func (r *Roster) Begin(id party.ID, s party.Session, facts party.Facts, origin party.ID) error {
	defer r.mirrors.lock(string(id.UUID[:])).Unlock()
	now := r.now()
	sh := shared{Facts: facts, rev: max(1, party.Nanos(now)), leader: s.SessionID}
	if !origin.IsZero() {
		sh.origin = origin.String()
	}
	return r.putMember(id, s, mirrorEntry{sh, now})
}

// Enter mirrors a session that has become a member. known is the party as it was before; if it is the zero Snapshot,
// Enter reads the party. It returns the snapshot after the change.
func (r *Roster) Enter(known Snapshot, id party.ID, s party.Session) (after Snapshot, err error) {
	defer r.mirrors.lock(string(id.UUID[:])).Unlock()
	if known.shared.rev == 0 {
		entries, _, err := r.readMirror(id)
		if err != nil {
			return known, err
		}
		known.shared, known.lastJoin = newest(entries)
		known.Facts = known.shared.Facts
	}
	if now := r.now(); now.After(known.lastJoin) {
		known.lastJoin = now
	} else { // always later than the join before, even with a coarse clock
		known.lastJoin = known.lastJoin.Add(1)
	}
	if err := r.putMember(id, s, mirrorEntry{known.shared, known.lastJoin}); err != nil || known.shared.leader != s.SessionID {
		return known, err
	}
	// The leader had left and came back, so another member leads now.
	entries, _, err := r.readMirror(id)
	if err == nil {
		r.rewrite(id, entries, func(sh *shared) { sh.leader = "" })
	}
	return Snapshot{}, err
}

// Leave takes a session that left, or was removed, off the mirror. was says whether it was known as a member: the host
// lets anybody leave any party. last says that nobody else is on the mirror. If the session led, the longest-standing
// member leads now, also if the session comes back.
func (r *Roster) Leave(id party.ID, s party.Session) (was, last bool) {
	defer r.mirrors.lock(string(id.UUID[:])).Unlock()
	known := r.Attendance.Remove(id, s.SessionID)
	entries, _, err := r.readMirror(id)
	i := slices.IndexFunc(entries, func(e mirrorPresence) bool { return e.SessionID == s.SessionID })
	if i >= 0 { // a session of another node is known only by its mirror
		entries = slices.Delete(entries, i, i+1)
	}
	// Best effort: a presence that stays belongs to a session that is no member. Readers ignore it, and it ends with
	// that session.
	_ = r.streams.StreamUserLeave(party.MirrorMode, id.UUID.String(), "", id.Node, s.UserID, s.SessionID)
	r.removeFromList(s, id, known)
	if err == nil {
		r.rewrite(id, entries, func(sh *shared) {
			if sh.leader == s.SessionID {
				sh.leader = ""
			}
		})
	}
	return known || i >= 0, err != nil || len(entries) == 0
}

// SetLeader mirrors a promotion of s. If s has left since, the host has passed the leadership on: s must not lead again
// when it comes back.
func (r *Roster) SetLeader(id party.ID, s party.Session) {
	r.change(id, func(sh *shared) {
		sh.leader = s.SessionID
		if members, err := r.Members(id); err == nil && !party.HasSession(members, s.SessionID) {
			sh.leader = ""
		}
	})
}

// End forgets a party that has been closed.
func (r *Roster) End(id party.ID) {
	defer r.mirrors.lock(string(id.UUID[:])).Unlock()
	r.LostJoins.End(id)
	entries, _, err := r.readMirror(id)
	if err != nil {
		return
	}
	_ = r.streams.StreamClose(party.MirrorMode, id.UUID.String(), "", id.Node) // best effort, as in Leave
	for _, e := range entries {
		r.removeFromList(e.Session, id, r.Attendance.Remove(id, e.SessionID))
	}
}

// WasMember reports whether the session was a member when this process last looked or a hook last reported it.
func (r *Roster) WasMember(id party.ID, sessionID string) (bool, error) {
	if r.Attendance.Has(id, sessionID) {
		return true, nil
	}
	entries, _, err := r.readMirror(id)
	return slices.ContainsFunc(entries, func(e mirrorPresence) bool { return e.SessionID == sessionID }), err
}

// putMember writes a session's presence on the party's mirror and on its user's list. The caller holds the mirror's
// lock.
func (r *Roster) putMember(id party.ID, s party.Session, e mirrorEntry) error {
	// Note it first: the end of a session that ends right now is reported later.
	r.Attendance.Add(id, party.Member{Session: s, JoinedAt: e.joinedAt})
	if err := r.setPresence(party.MirrorMode, id.UUID.String(), id.Node, s, e.encode()); err != nil {
		if alive, unknown := r.Alive(s); unknown == nil && !alive {
			return party.Disconnected(err)
		}
		return fmt.Errorf("write mirror: %w", err)
	}
	r.addToList(s, id, e.joinedAt)
	return nil
}

// addToList adds the party to the list of the session's parties. It fails only if the session is ending, and its list
// with it.
func (r *Roster) addToList(s party.Session, id party.ID, since time.Time) {
	defer r.lists.lock(s.UserID).Unlock()
	if !r.Attendance.inAnotherParty(id, s) { // nearly always: no list to read
		isNew, err := r.streams.StreamUserJoin(party.PartiesMode, s.UserID, "", "", s.UserID, s.SessionID, true, false, encodeList(listWith(nil, id, since)))
		if isNew || err != nil {
			return
		}
	}
	old, err := r.readList(s)
	if err != nil {
		return
	}
	_ = r.setPresence(party.PartiesMode, s.UserID, "", s, encodeList(listWith(old, id, since)))
}

// removeFromList removes the party from that list. If the session is known here, the attendance says whether the list
// has other parties.
func (r *Roster) removeFromList(s party.Session, id party.ID, known bool) {
	defer r.lists.lock(s.UserID).Unlock()
	if !known || r.Attendance.inAnotherParty(id, s) {
		old, err := r.readList(s)
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

// readList reads the list of one session; empty if there is none.
func (r *Roster) readList(s party.Session) ([]party.Membership, error) {
	presences, err := r.streams.StreamUserList(party.PartiesMode, s.UserID, "", "", true, true)
	if i := slices.IndexFunc(presences, func(p runtime.Presence) bool { return p.GetSessionId() == s.SessionID }); i >= 0 {
		return decodeList(presences[i].GetStatus()), err
	}
	return nil, err
}
