package ledger

import (
	"maps"
	"slices"
	"time"

	"partyline/party"
	"partyline/party/reserve"
)

// Began mirrors a native party that its creator has just made. The caller has begun its
// roster.
func (p *place) Began(leader party.Session, facts party.Facts) {
	p.known = true // what was reserved before this, its visit has read
	p.Facts, p.leader = facts, leader.UserID
	p.ledger.Recorder.Later(p.ID)
	p.Report(party.Change{Kind: party.PartyCreated, ID: p.ID})
}

// Entered mirrors that a session has become a member, by the engine's own join (native) or
// through the module. moves says that its user was one with another session.
func (p *place) Entered(s party.Session, at time.Time, native, moves bool) {
	had := p.Last.Attributes
	after, err := p.ledger.Roster.Enter(p.Last, p.ID, s)
	p.Changed()
	p.Last = after
	if err != nil {
		p.ledger.Logger.Warn("party member not mirrored party=%s session=%s error=%v", p.ID, s.SessionID, err)
		return
	}
	p.ledger.Recorder.Later(p.ID)
	c := party.Change{Kind: party.MemberEntered, ID: p.ID, Session: s, At: at, Native: native, Moved: moves, Attributes: had || after.Attributes}
	if w, waited := p.Book.Waiting[s.UserID]; waited {
		c.Waited = max(1, p.ledger.Now().Sub(w.Since))
	}
	p.Report(c)
}

// Gone mirrors that a session is not a member any more; by is the leader's user for one who is kicked.
// It reports whether it was the last one known, so that the party may have ended. Who was no member, as
// anybody may leave any party, was not the last: others may have lost the connection just now.
func (p *place) Gone(s party.Session, at time.Time, moved bool, by string) (last bool) {
	was, last := p.ledger.Roster.Leave(p.ID, s)
	if was {
		p.Report(party.Change{Kind: party.MemberLeft, ID: p.ID, Session: s, At: at, Moved: moved, By: by})
	}
	p.Changed()
	p.ledger.Recorder.Later(p.ID)
	return was && last
}

// Lead mirrors that a session leads the party from now on.
func (p *place) Lead(s party.Session) {
	p.ledger.Roster.SetLeader(p.ID, s)
	p.leader = s.UserID
	p.ledger.Recorder.Later(p.ID)
	p.Changed()
}

// Led comes after what the native engine lets only the leader do: the session led when it
// did it. It corrects the mirror where joins so close together that their hooks ran in the
// other order made it expect somebody else. The host also learns of a stream join a moment later
// than we do.
func (p *place) Led(s party.Session) {
	if p.Last.ID == p.ID && p.Last.Leader().SessionID == s.SessionID {
		return
	}
	now, err := p.ledger.Roster.LookOnce(p.ID)
	if err != nil || now.Leader().SessionID == s.SessionID {
		return // ended meanwhile, or right as it is
	}
	p.Lead(s)
}

// Update mirrors a PartyUpdate, which replaces all three values.
func (p *place) Update(open, hidden bool, label string) {
	p.ledger.Roster.Update(p.ID, open, hidden, label)
	p.ledger.Recorder.Later(p.ID)
	p.Facts.Open, p.Facts.Hidden, p.Facts.Label = open, hidden, label
	p.Changed()
	p.Report(party.Change{Kind: party.PartyUpdated, ID: p.ID})
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
	users := slices.Collect(maps.Keys(v.saved.Members))
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
	if v.ledger.Current(v.ID) == v.ID {
		v.ledger.moves.end(v.ID)
	}
	v.Changed()
}
