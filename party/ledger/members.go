package ledger

import (
	"maps"
	"slices"
	"time"

	"partyline/party"
	"partyline/party/reserve"
)

// Began mirrors a native party that its creator has just made. The caller has begun its roster.
func (p *place) Began(leader party.Session, facts party.Facts) {
	p.loaded = true // the visit has read what was reserved before
	p.Facts, p.leader = facts, leader.UserID
	p.ledger.Recorder.ScheduleWrite(p.ID)
	p.Report(party.Change{Kind: party.PartyCreated, ID: p.ID})
}

// Entered mirrors that a session has become a member, through the host's own join (native) or through the module. moves
// says that the same user was a member with another session.
func (p *place) Entered(s party.Session, at time.Time, native, moves bool) {
	hadAttributes := p.Last.Attributes
	after, err := p.ledger.Roster.Enter(p.Last, p.ID, s)
	p.Changed()
	p.Last = after
	if err != nil {
		p.ledger.Logger.Warn("party member not mirrored party=%s session=%s error=%v", p.ID, s.SessionID, err)
		return
	}
	p.ledger.Recorder.ScheduleWrite(p.ID)
	c := party.Change{Kind: party.MemberEntered, ID: p.ID, Session: s, At: at, Native: native, Moved: moves, Attributes: hadAttributes || after.Attributes}
	if w, waited := p.Book.Waiting[s.UserID]; waited {
		c.Waited = max(1, p.ledger.Now().Sub(w.Since))
	}
	p.Report(c)
}

// MemberGone mirrors that a session is no member any more. by is the leader's user ID if the member was kicked. It
// reports whether that was the last known member, so that the party may have ended. A session that was no member (any
// session may leave any party) was not the last: other members may have lost their connections just now.
func (p *place) MemberGone(s party.Session, at time.Time, moved bool, by string) (last bool) {
	was, last := p.ledger.Roster.Leave(p.ID, s)
	if was {
		p.Report(party.Change{Kind: party.MemberLeft, ID: p.ID, Session: s, At: at, Moved: moved, By: by})
	}
	p.Changed()
	p.ledger.Recorder.ScheduleWrite(p.ID)
	return was && last
}

// Lead mirrors that a session leads the party from now on.
func (p *place) Lead(s party.Session) {
	p.ledger.Roster.SetLeader(p.ID, s)
	p.leader = s.UserID
	p.ledger.Recorder.ScheduleWrite(p.ID)
	p.Changed()
}

// ConfirmLeader is called after an action that the host allows only to the leader: so the session was the leader then.
// It corrects the mirror if the hooks of almost simultaneous joins ran in another order than the joins. The host also
// learns of a stream join a moment after the plugin.
func (p *place) ConfirmLeader(s party.Session) {
	if p.Last.ID == p.ID && p.Last.Leader().SessionID == s.SessionID {
		return
	}
	now, err := p.ledger.Roster.LookOnce(p.ID)
	if err != nil || now.Leader().SessionID == s.SessionID {
		return // the party has ended, or the mirror is right
	}
	p.Lead(s)
}

// Update mirrors a PartyUpdate, which replaces all three values.
func (p *place) Update(open, hidden bool, label string) {
	p.ledger.Roster.Update(p.ID, open, hidden, label)
	p.ledger.Recorder.ScheduleWrite(p.ID)
	p.Facts.Open, p.Facts.Hidden, p.Facts.Label = open, hidden, label
	p.Changed()
	p.Report(party.Change{Kind: party.PartyUpdated, ID: p.ID})
}

// Close mirrors that the user by, the leader, has closed the party.
func (v *Visit) Close(by string) {
	v.ledger.Roster.End(v.ID)
	v.Changed()
	v.Report(party.Change{Kind: party.PartyClosed, ID: v.ID, By: by})
	v.forget()
}

// NoteAttributes notes for every node that the party has attributes. It also writes that to the record at once, for
// members who come back after a crash.
func (l *Ledger) NoteAttributes(id party.ID) {
	l.Briefly(id, func(v *Visit) {
		l.Roster.NoteAttributes(id)
		v.Facts.Attributes = true
		v.Changed()
	})
	if l.Recorder.survivesRestart() {
		l.Recorder.writeMembers(id)
	}
}

// Dropped reports the end of a session to the parties it was in. at is when the host reported the end. The call may
// come after everything else has forgotten the session, or twice.
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

// endIfEmpty forgets the party if it has ended, reports its end, and returns true. A party that is away has not ended
// while a seat is kept, nor while the host may have a member who does not show yet.
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

// forget drops a party without members and all its reserved seats.
func (v *Visit) forget() {
	users := slices.Collect(maps.Keys(v.saved.Members))
	for user, k := range v.Book.Kept {
		if k.Told {
			users = append(users, user)
			v.Report(party.Change{Kind: party.SeatEnded, ID: v.ID, Seat: k.Seat})
		}
	}
	if v.recorded {
		if err := v.writeEventually(users, reserve.Record.Clear); err != nil {
			v.ledger.Logger.Warn("party record not removed party=%s error=%v", v.ID, err)
		}
	}
	for _, s := range v.ledger.Roster.Attendance.End(v.ID) {
		v.Report(party.Change{Kind: party.MemberDropped, ID: v.ID, Session: s})
	}
	v.Report(party.Change{Kind: party.PartyEnded, ID: v.ID, Was: v.Origin})
	pending := v.Book.Pending // these joins may still succeed
	v.reset()
	v.Book.Pending = pending
	if v.ledger.Current(v.ID) == v.ID {
		v.ledger.moves.end(v.ID)
	}
	v.Changed()
}
