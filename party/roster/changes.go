package roster

import (
	"fmt"
	"slices"
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
		known.shared, known.lastJoin = newest(entries)
		known.Facts = known.shared.Facts
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
		r.rewrite(id, entries, func(sh *shared) { sh.leader = "" })
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
	i := slices.IndexFunc(entries, func(e mirrorPresence) bool { return e.SessionID == s.SessionID })
	if i >= 0 { // a session of another node is known by its mirror alone
		entries = slices.Delete(entries, i, i+1)
	}
	// Best effort: what stays behind belongs to a session that is not a member, which
	// every reader ignores, and ends with that session.
	_ = r.streams.StreamUserLeave(party.MirrorMode, id.UUID.String(), "", id.Node, s.UserID, s.SessionID)
	r.unlist(s, id, known)
	if err == nil {
		r.rewrite(id, entries, func(sh *shared) {
			if sh.leader == s.SessionID {
				sh.leader = ""
			}
		})
	}
	return known || i >= 0, err != nil || len(entries) == 0
}

// SetLeader mirrors a promotion of s. Where s has left since, the native engine has
// rotated: it must not lead again when it comes back.
func (r *Roster) SetLeader(id party.ID, s party.Session) {
	r.change(id, func(sh *shared) {
		sh.leader = s.SessionID
		if members, err := r.Members(id); err == nil && !slices.ContainsFunc(members, func(m party.Member) bool { return m.SessionID == s.SessionID }) {
			sh.leader = ""
		}
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
		r.unlist(e.Session, id, r.Attendance.Remove(id, e.SessionID))
	}
}

// Noted reports whether the session was a member the last time this process looked or a hook told of it.
func (r *Roster) Noted(id party.ID, sessionID string) (bool, error) {
	if r.Attendance.Has(id, sessionID) {
		return true, nil
	}
	entries, _, err := r.mirror(id)
	return slices.ContainsFunc(entries, func(e mirrorPresence) bool { return e.SessionID == sessionID }), err
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
func (r *Roster) listOf(s party.Session) ([]party.Membership, error) {
	presences, err := r.streams.StreamUserList(party.PartiesMode, s.UserID, "", "", true, true)
	if i := slices.IndexFunc(presences, func(p runtime.Presence) bool { return p.GetSessionId() == s.SessionID }); i >= 0 {
		return decodeList(presences[i].GetStatus()), err
	}
	return nil, err
}
