package party

import (
	"context"
	"slices"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"
)

// What follows is called by hooks after the native engine has done its part. None of
// it reads or writes the database.

// lock has the changes of one party's mirror wait for each other; the answer unlocks.
func (r *Roster) lock(id ID) (unlock func()) {
	mu := r.parties.of(id.UUID.String())
	mu.Lock()
	return mu.Unlock
}

// Entered follows a session becoming a member. [Admission] calls it for every way in.
func (r *Roster) Entered(_ context.Context, id ID, s Session) error {
	if err := r.enter(id, s); err != nil {
		return err
	}
	r.listener(Change{MemberEntered, id, s})
	return nil
}

func (r *Roster) enter(id ID, s Session) error {
	defer r.lock(id)()
	entries, err := r.mirror(id)
	if err != nil {
		return err
	}
	joinedAt := r.now()
	for _, e := range entries { // strictly rising, however coarse the clock is
		if !joinedAt.After(e.joinedAt) {
			joinedAt = e.joinedAt.Add(1)
		}
	}
	sh := newest(entries)
	if err := r.put(id, s, mirrorEntry{sh, joinedAt}); err != nil {
		return err
	}
	if sh.leader == s.SessionID { // it was gone in between, so another leads now
		r.rewrite(id, func(sh *shared) bool { sh.leader = ""; return true })
	}
	return nil
}

// Left follows a session leaving or being removed. Where it led the party the native
// engine has rotated to the longest-standing member, even if the session comes back.
func (r *Roster) Left(_ context.Context, id ID, s Session) {
	if r.leave(id, s) {
		r.listener(Change{MemberLeft, id, s})
	}
}

// leave reports whether the session was a member as far as hooks told: the native engine
// lets anybody leave any party. A session of another node is known by its mirror alone.
func (r *Roster) leave(id ID, s Session) (was bool) {
	defer r.lock(id)()
	was = r.attendance.remove(id, s.SessionID)
	if !was {
		was, _ = r.onMirror(id, s.SessionID)
	}
	// Best effort: what stays behind belongs to a session that is not a member, which
	// every reader ignores, and ends with that session.
	_ = r.streams.StreamUserLeave(mirrorMode, id.UUID.String(), "", id.Node, s.UserID, s.SessionID)
	r.listParty(s, id, time.Time{})
	r.rewrite(id, func(sh *shared) bool {
		if sh.leader != s.SessionID {
			return false
		}
		sh.leader = ""
		return true
	})
	return was
}

// SessionEnded follows the end of a session: listeners hear of each party it dropped out
// of. It may come after the session has been forgotten everywhere else, or twice.
func (r *Roster) SessionEnded(s Session) {
	for _, id := range r.attendance.of(s.UserID) {
		if r.attendance.remove(id, s.SessionID) {
			r.listener(Change{MemberDropped, id, s})
		}
	}
}

// Promoted follows a PartyPromote of s. Where s has left since, the native engine has
// rotated: it must not lead again when it comes back.
func (r *Roster) Promoted(_ context.Context, id ID, s Session) {
	defer r.lock(id)()
	leader := s.SessionID
	if members, err := r.members(id); err == nil && !slices.ContainsFunc(members, func(m Member) bool { return m.SessionID == leader }) {
		leader = ""
	}
	r.rewrite(id, func(sh *shared) bool {
		changed := sh.leader != leader
		sh.leader = leader
		return changed
	})
}

// LeaderSeen follows anything the native engine lets only the leader do: s led when it
// did it. It corrects the mirror where joins so close together that their hooks ran in
// the other order made it expect somebody else.
func (r *Roster) LeaderSeen(ctx context.Context, id ID, s Session) {
	if v, err := r.look(id); err != nil || v.Leader().SessionID == s.SessionID {
		return
	}
	r.Promoted(ctx, id, s)
}

// Updated follows a PartyUpdate, which replaces all three values.
func (r *Roster) Updated(_ context.Context, id ID, open, hidden bool, label string) {
	r.update(id, open, hidden, label)
	r.listener(Change{Kind: PartyUpdated, ID: id})
}

func (r *Roster) update(id ID, open, hidden bool, label string) {
	defer r.lock(id)()
	r.rewrite(id, func(sh *shared) bool {
		sh.Open, sh.Hidden, sh.Label = open, hidden, label
		return true
	})
}

// Closed follows a PartyClose.
func (r *Roster) Closed(_ context.Context, id ID) {
	r.end(id)
	r.listener(Change{Kind: PartyClosed, ID: id})
}

func (r *Roster) end(id ID) {
	defer r.lock(id)()
	r.losses.end(id)
	entries, err := r.mirror(id)
	if err != nil {
		return
	}
	for _, e := range entries {
		_ = r.streams.StreamUserLeave(mirrorMode, id.UUID.String(), "", id.Node, e.session.UserID, e.session.SessionID)
		r.attendance.remove(id, e.session.SessionID)
		r.listParty(e.session, id, time.Time{})
	}
}

// stateChanged tells the other nodes that holds or kicks of the party changed. It
// answers the revision before and after; both 0 where no presence carries one.
func (r *Roster) stateChanged(id ID) (before, after int64) {
	defer r.lock(id)()
	r.rewrite(id, func(sh *shared) bool {
		before = sh.state
		sh.state = max(sh.state+1, nanos(r.now()))
		after = sh.state
		return true
	})
	return before, after
}

// onMirror reports whether the session was a member the last time a hook told of it.
func (r *Roster) onMirror(id ID, sessionID string) (bool, error) {
	entries, err := r.mirror(id)
	return slices.ContainsFunc(entries, func(e mirrorPresence) bool { return e.session.SessionID == sessionID }), err
}

// rewrite changes what all of the party's presences share, if change says so. A
// presence of another node cannot be written from here; the newest revision counts.
// The caller holds the party's lock.
func (r *Roster) rewrite(id ID, change func(*shared) bool) {
	entries, err := r.mirror(id)
	if err != nil {
		return
	}
	sh := newest(entries)
	if sh.rev == 0 || !change(&sh) {
		return
	}
	sh.rev = max(sh.rev+1, nanos(r.now()))
	for _, e := range entries {
		e.shared = sh
		_ = r.streams.StreamUserUpdate(mirrorMode, id.UUID.String(), "", id.Node, e.session.UserID, e.session.SessionID, true, false, e.encode())
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
// caller holds the party's lock.
func (r *Roster) put(id ID, s Session, e mirrorEntry) error {
	// First, so that nobody who ends right now is missed: an end is heard of later.
	r.attendance.add(id, Member{Session: s, JoinedAt: e.joinedAt})
	status := e.encode()
	subject := id.UUID.String()
	isNew, err := r.streams.StreamUserJoin(mirrorMode, subject, "", id.Node, s.UserID, s.SessionID, true, false, status)
	if err != nil {
		return err
	}
	if !isNew {
		if err := r.streams.StreamUserUpdate(mirrorMode, subject, "", id.Node, s.UserID, s.SessionID, true, false, status); err != nil {
			return err
		}
	}
	r.listParty(s, id, e.joinedAt)
	return nil
}

// listParty writes the party into the list of the session's parties, or out of it for
// a zero time. A failure means the session is going away, and its list with it.
func (r *Roster) listParty(s Session, id ID, since time.Time) {
	mu := r.users.of(s.UserID)
	mu.Lock()
	defer mu.Unlock()
	presences, err := r.streams.StreamUserList(partiesMode, s.UserID, "", "", true, true)
	if err != nil {
		return
	}
	i := slices.IndexFunc(presences, func(p runtime.Presence) bool { return p.GetSessionId() == s.SessionID })
	known, list := i >= 0, ""
	if known {
		list = presences[i].GetStatus()
	}
	list = listWithout(list, id)
	if !since.IsZero() {
		list = listWith(list, id, since)
	}
	switch {
	case known && list == "":
		_ = r.streams.StreamUserLeave(partiesMode, s.UserID, "", "", s.UserID, s.SessionID)
	case known:
		_ = r.streams.StreamUserUpdate(partiesMode, s.UserID, "", "", s.UserID, s.SessionID, true, false, list)
	case list != "":
		_, _ = r.streams.StreamUserJoin(partiesMode, s.UserID, "", "", s.UserID, s.SessionID, true, false, list)
	}
}
