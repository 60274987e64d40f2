package ledger

import (
	"fmt"
	"slices"
	"time"

	"partyline/party"
	"partyline/party/reserve"
)

// Began mirrors a native party that its creator has just made. The caller has begun its
// roster.
func (v *Visit) Began(leader party.Session, facts party.Facts) {
	v.known = true // what was reserved before this, its visit has read
	v.Facts, v.leader = facts, leader.UserID
	v.ledger.Recorder.Later(v.ID)
	v.Report(party.Change{Kind: party.PartyCreated, ID: v.ID})
}

// Entered mirrors that a session has become a member, by the engine's own join (native) or
// through the module.
func (v *Visit) Entered(s party.Session, native bool) {
	had := v.Last.Attributes
	after, err := v.ledger.Roster.Enter(v.Last, v.ID, s)
	v.Changed()
	v.Last = after
	if err != nil {
		v.ledger.Logger.Warn("party member not mirrored party=%s session=%s error=%v", v.ID, s.SessionID, err)
		return
	}
	v.ledger.Recorder.Later(v.ID)
	c := party.Change{Kind: party.MemberEntered, ID: v.ID, Session: s, At: v.At, Native: native, Attributes: had || after.Attributes}
	if w, waited := v.Book.Waiting[s.UserID]; waited {
		c.Waited = max(1, v.ledger.Now().Sub(w.Since))
	}
	v.Report(c)
}

// Put puts a session onto a party's stream, which makes it a native member where the party
// has a seat. It refuses with NoLiveSession one that is gone, or connected to another node.
func (l *Ledger) Put(id party.ID, s party.Session) error {
	_, err := l.Streams.StreamUserJoin(party.StreamMode, id.UUID.String(), "", id.Node, s.UserID, s.SessionID, false, false, "")
	if err == nil {
		return nil
	}
	if err.Error() == otherNode {
		return &party.Error{Reason: party.NoLiveSession, Message: "Your game is connected to another server; use the invite in the game.", Cause: err}
	}
	if alive, unknown := l.Roster.Alive(s); unknown == nil && !alive {
		return &party.Error{Reason: party.NoLiveSession, Message: "The game is not running any more.", Cause: err}
	}
	return fmt.Errorf("join party stream: %w", err)
}

// otherNode is the host's text for a session of another node, which no call reaches.
const otherNode = "node not found"

// Remove takes a session off the party's stream and off the mirror. moved says that its user
// stays a member with another session. It reports what Gone does.
func (v *Visit) Remove(s party.Session, moved bool) (last bool, err error) {
	v.At = v.ledger.Now()
	if err := v.ledger.Streams.StreamUserLeave(party.StreamMode, v.ID.UUID.String(), "", v.ID.Node, s.UserID, s.SessionID); err != nil {
		return false, err
	}
	return v.Gone(s, moved, ""), nil
}

// Gone mirrors that a session is not a member any more; by is the leader's user for one who is kicked.
// It reports whether it was the last one known, so that the party may have ended. Who was no member, as
// anybody may leave any party, was not the last: others may have lost the connection just now.
func (v *Visit) Gone(s party.Session, moved bool, by string) (last bool) {
	was, last := v.ledger.Roster.Leave(v.ID, s)
	if was {
		v.Report(party.Change{Kind: party.MemberLeft, ID: v.ID, Session: s, At: v.At, Moved: moved, By: by})
	}
	v.Changed()
	v.ledger.Recorder.Later(v.ID)
	return was && last
}

// Lead mirrors that a session leads the party from now on.
func (v *Visit) Lead(s party.Session) {
	v.ledger.Roster.SetLeader(v.ID, s)
	v.leader = s.UserID
	v.ledger.Recorder.Later(v.ID)
	v.Changed()
}

// Led comes after what the native engine lets only the leader do: the session led when it
// did it. It corrects the mirror where joins so close together that their hooks ran in the
// other order made it expect somebody else. The host also learns of a stream join a moment later
// than we do.
func (v *Visit) Led(s party.Session) {
	if v.Last.ID == v.ID && v.Last.Leader().SessionID == s.SessionID {
		return
	}
	now, err := v.ledger.Roster.LookOnce(v.ID)
	if err != nil || now.Leader().SessionID == s.SessionID {
		return // ended meanwhile, or right as it is
	}
	v.Lead(s)
}

// Update mirrors a PartyUpdate, which replaces all three values.
func (v *Visit) Update(open, hidden bool, label string) {
	v.ledger.Roster.Update(v.ID, open, hidden, label)
	v.ledger.Recorder.Later(v.ID)
	v.Facts.Open, v.Facts.Hidden, v.Facts.Label = open, hidden, label
	v.Changed()
	v.Report(party.Change{Kind: party.PartyUpdated, ID: v.ID})
}

// Close mirrors that the leader, a user, has closed the party.
func (v *Visit) Close(by string) {
	v.ledger.Roster.End(v.ID)
	v.Changed()
	v.Report(party.Change{Kind: party.PartyClosed, ID: v.ID, By: by})
	v.forget()
}

// NoteAttributes notes, for every node, that the party has attributes, and in the record at once: who
// comes back after a crash finds them.
func (l *Ledger) NoteAttributes(id party.ID) {
	l.Briefly(id, func(v *Visit) {
		l.Roster.NoteAttributes(id)
		v.Facts.Attributes = true
		v.Changed()
	})
	if l.Recorder.survivesRestart() {
		l.Recorder.write(id)
	}
}

// Dropped reports the end of a session, at a moment, to the parties it was in. It may come after the
// session has been forgotten everywhere else, or twice.
func (l *Ledger) Dropped(s party.Session, at time.Time) {
	for _, id := range l.Roster.Attendance.Of(s.UserID) {
		if l.Roster.Attendance.Remove(id, s.SessionID) {
			l.Briefly(id, func(v *Visit) {
				v.Changed()
				v.Report(party.Change{Kind: party.MemberDropped, ID: id, Session: s, At: at})
			})
		}
	}
}

// EndPending ends a native join that nobody told the end of. Where the session asked for
// itself, is gone and is not on the party's stream, the host may have it as a member all the
// same.
func (v *Visit) EndPending(p reserve.PendingJoin) {
	delete(v.Book.Pending, p.Session.SessionID)
	if p.By != p.Session.SessionID { // the host lets nobody in for a leader who is not there
		return
	}
	roster := v.ledger.Roster
	if alive, err := roster.Alive(p.Session); err == nil && alive { // the host refused it
		return
	}
	members, err := roster.Members(v.ID)
	// A party without members ends, whatever the host has in it.
	if err == nil && len(members) > 0 && !slices.ContainsFunc(members, func(m party.Member) bool { return m.SessionID == p.Session.SessionID }) {
		roster.Losses.Add(v.ID, p.Session)
		v.turn++
		v.ledger.Logger.Warn("party join lost with its socket party=%s user=%s session=%s", v.ID, p.Session.UserID, p.Session.SessionID)
	}
}

// endOverdue ends the native joins whose time is over.
func (v *Visit) endOverdue() {
	for _, p := range v.Book.Overdue(v.ledger.Now()) {
		v.EndPending(p)
	}
	v.Last.Lost = v.ledger.Roster.Losses.Of(v.ID)
}

// endIfEmpty forgets the party if it has ended, and reports that. Where everybody is away
// it has not, as long as a seat waits for somebody; nor while the host may have somebody in it
// who does not show yet.
func (v *Visit) endIfEmpty() bool {
	if v.Away && v.Book.KeepsAny() || len(v.Book.Pending) > len(v.Book.Overdue(v.ledger.Now())) {
		return false
	}
	members, err := v.ledger.Roster.Members(v.ID)
	if err != nil || len(members) > 0 {
		return false
	}
	v.forget()
	return true
}

// forget drops a party nobody is in any more, with all that was reserved in it.
func (v *Visit) forget() {
	users := make([]string, 0, len(v.saved.Members)+len(v.Book.Kept))
	for user := range v.saved.Members {
		users = append(users, user)
	}
	for user, k := range v.Book.Kept {
		if k.Told {
			users = append(users, user)
			v.Report(party.Change{Kind: party.SeatEnded, ID: v.ID, Seat: k.Seat})
		}
	}
	if v.recorded {
		if err := v.insist(users, reserve.Record.Clear); err != nil {
			v.ledger.Logger.Warn("party record not removed party=%s error=%v", v.ID, err)
		}
	}
	for _, s := range v.ledger.Roster.Attendance.End(v.ID) {
		v.Report(party.Change{Kind: party.MemberDropped, ID: v.ID, Session: s})
	}
	v.Report(party.Change{Kind: party.PartyEnded, ID: v.ID, Was: v.Origin})
	pending := v.Book.Pending // that may still land
	v.reset()
	v.Book.Pending = pending
	if v.ledger.moves.of(v.ID) == v.ID {
		v.ledger.moves.end(v.ID)
	}
	v.Changed()
}

// reset empties a place whose party has ended or goes on elsewhere.
func (v *Visit) reset() {
	v.Book = reserve.NewBook()
	v.writes.Add(1)
	v.known, v.recorded, v.Away, v.unstored, v.saved = false, false, false, false, reserve.Standing{}
	v.indexKept()
	v.IndexLine()
	v.watchHolds()
	v.ledger.holds.Stop(v.ID)
	v.ledger.Roster.Losses.End(v.ID)
	v.turn++
}

// JoinLost reports whether the session is lost, and forgets that it was: the leader has
// removed it, or the host has told the end of its join after all.
func (v *Visit) JoinLost(s party.Session) bool {
	lost := v.ledger.Roster.Losses.Remove(v.ID, s.SessionID)
	if lost {
		v.turn++
	}
	return lost
}
