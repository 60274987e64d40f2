package ledger

import (
	"errors"
	"maps"
	"slices"
	"time"

	"partyline/party"
	"partyline/party/reserve"
)

// compareMembers compares the members just read with those known before. If a member is missing and the socket is
// alive, the member has left without a hook. If the socket is gone, the connection was lost, and the seat is kept from
// now on: the host reports it late, and until then anybody could join.
func (v *Visit) compareMembers() error {
	if _, err := v.keepMissing(v.ledger.Roster.Attendance.Compare(v.ID, v.Last.Members)); err != nil {
		return err
	}
	if over := v.Book.EndOrphanedHolds(v.Last.View); len(over) > 0 {
		v.changeCount++
		v.Report(party.Change{Kind: party.HoldsOver, ID: v.ID, Invites: over})
	}
	for user, kick := range v.Book.Kicks { // storage may not have the kick yet
		v.forfeitHolds(user, kick.At)
	}
	for user := range v.Book.Kept {
		if m, in := v.Last.Member(user); in { // with another session, or let in by another module
			if err := v.Seated(m.Session, party.Grant{}); err != nil {
				v.ledger.Logger.Warn("kept seat not ended party=%s user=%s error=%v", v.ID, user, err)
			}
		}
	}
	return nil
}

// keepMissing keeps the seats of missing members whose sockets are gone. It reports whether there was such a member and
// a seat is kept for anybody.
func (v *Visit) keepMissing(gone []party.Member) (kept bool, err error) {
	for _, m := range gone {
		alive, err := v.ledger.Roster.Alive(m.Session)
		if err != nil {
			return kept, err
		}
		if !alive && !v.ledger.Roster.Attendance.Left(v.ID, m.SessionID, v.ledger.Now()) {
			if err := v.Keep(m); err != nil {
				return kept, err
			}
			kept = kept || v.Book.KeepsAny() // for them, or only for other members
		}
		v.ledger.Roster.Attendance.Miss(v.ID, m.SessionID)
		v.changeCount++
		v.ledger.Recorder.ScheduleWrite(v.ID)
	}
	return kept, nil
}

// Keep keeps the seat of a member who lost the connection, if the rules keep seats.
func (v *Visit) Keep(m party.Member) error {
	conf := v.ledger.Policy().Parties
	if conf.ReconnectGrace <= 0 {
		return nil
	}
	if conf.OnePerUser.Enabled() {
		in, err := v.ledger.Roster.PartiesOf(v.Ctx, m.UserID)
		if err != nil || len(in) > 0 { // the user is in another party already
			return err
		}
	}
	if v.Book.KeepSeat(v.Origin, m, v.leader, v.ledger.Now(), conf.ReconnectGrace) {
		v.Reindex()
		v.changeCount++
	}
	return nil
}

// ReportKept stores the kept seats that storage does not have, and reports those that were not reported yet.
func (v *Visit) ReportKept() error {
	fresh, overdue := v.Book.Unstored()
	var errs []error
	for _, k := range overdue { // never reported in its time, or storage failed when it ended
		errs = append(errs, v.endKeptSeat(k, party.SeatLost, nil))
	}
	if len(fresh) == 0 && !v.awayUnstored {
		return errors.Join(errs...)
	}
	users := make([]string, len(fresh))
	for i, k := range fresh {
		users[i] = k.Member.UserID
	}
	if v.Away { // storage may still list members who left before that
		users = slices.AppendSeq(users, maps.Keys(v.saved.Members))
	}
	earlier := map[string]party.Seat{} // another node missed the member sooner, and reports the seat
	err := v.Write(users, func(r reserve.Record) {
		clear(earlier)
		for _, k := range fresh {
			if s, ok := r.Seats[k.Member.UserID]; ok && s.Member.SessionID == k.Member.SessionID && !(r.MaybeWritten && s.Since.Equal(k.Since)) {
				earlier[k.Member.UserID] = s
				continue
			}
			r.Seats[k.Member.UserID] = k.Seat
		}
		if v.Away {
			r.Members, r.Ages = nil, v.saved.Ages
		}
	})
	v.awayUnstored = v.Away && err != nil
	if v.Away && err == nil {
		v.saved.Members = nil
	}
	for _, k := range fresh {
		told := k.Told
		k.Told, k.Stored = true, err == nil
		if s, ok := earlier[k.Member.UserID]; ok && err == nil {
			k.Seat = s
		} else if !told {
			v.Report(party.Change{Kind: party.SeatAway, ID: v.ID, Seat: k.Seat})
		}
	}
	v.Announce()
	return errors.Join(append(errs, err)...)
}

// Seated is called after a session has become a member. It ends the user's kept seat and their place on the wait list.
// It ends their ban if the grant lifts it.
func (v *Visit) Seated(s party.Session, by party.Grant) error {
	userID := s.UserID
	kick, kicked := v.Book.Kicks[userID]
	_, waited := v.Book.Waiting[userID]
	lift, k := kicked && by.Lifts(kick.At), v.Book.Kept[userID]
	if k == nil && !lift && !waited {
		return nil
	}
	if lift {
		delete(v.Book.Kicks, userID)
	}
	if waited {
		delete(v.Book.Waiting, userID)
		v.Reindex()
	}
	why := party.SeatBack
	if k != nil && k.Overdue { // the user came in another way at the last moment
		why = party.SeatLost
	}
	saved := v.saved.Members
	err := v.endKeptSeat(k, why, func(r reserve.Record) {
		if lift {
			delete(r.Kicks, userID)
		}
		delete(r.Waiting, userID)
		if k != nil && v.ledger.Policy().Parties.Survive.Restart > 0 { // in one write, so that a crash leaves either the seat or the member
			if r.Members == nil {
				r.Members = map[string]party.Member{}
			}
			r.Members[userID] = party.Member{Session: s, JoinedAt: v.ledger.Now()}
			saved = maps.Clone(r.Members)
		}
	})
	if err == nil {
		v.saved.Members = saved
	}
	return err
}

// endKeptSeat removes a kept seat and reports why. k is nil if there is none. edit, which may be nil, changes the
// party's record in the same write.
func (v *Visit) endKeptSeat(k *reserve.KeptSeat, why party.ChangeKind, edit func(reserve.Record)) error {
	var users []string
	if k != nil {
		users = []string{k.Member.UserID}
		delete(v.Book.Kept, k.Member.UserID)
		v.Reindex()
		v.changeCount++
		v.ledger.Recorder.ScheduleWrite(v.ID) // the record may still list the user as a member
	}
	told := k != nil && k.Told
	if !told && edit == nil {
		return nil
	}
	removed := false
	err := v.writeEventually(users, func(r reserve.Record) {
		if k != nil {
			s, ok := r.Seats[k.Member.UserID]
			found := ok && s.Member.SessionID == k.Member.SessionID
			if found {
				delete(r.Seats, k.Member.UserID)
			}
			removed = found || removed && r.MaybeWritten
		}
		if edit != nil {
			edit(r)
		}
	})
	v.Announce()
	if !told {
		return err
	}
	if err == nil && k.Stored && !removed {
		why = party.SeatEnded // another node was faster
	}
	v.Report(party.Change{Kind: why, ID: v.ID, Seat: k.Seat})
	if why == party.SeatLost {
		v.Report(party.Change{Kind: party.SeatsChanged, ID: v.ID})
	}
	return err
}

// GiveUp ends the kept seat of a user who left on purpose or moved on. It ends the party with its last member or its
// last kept seat. If the host shows no members although some are known, the next sweep ends the party.
func (v *Visit) GiveUp(userID string, last bool) error {
	if !v.loaded || !last && v.Book.Kept[userID] != nil { // only storage knows the kept seats, or others lost their connections unseen
		if lives, err := v.LookOrForget(); !lives {
			return err
		}
	}
	kept := v.Book.Kept[userID]
	err := v.endKeptSeat(kept, party.SeatLost, nil)
	if kept != nil {
		v.Report(party.Change{Kind: party.SeatGivenUp, ID: v.ID, Seat: kept.Seat})
	}
	if last || kept != nil && v.Away {
		v.endIfEmpty()
	}
	return err
}

// Ban keeps a user out for the time kick_ban of the rules, and ends their kept seat, if any, in the same write. The ban
// holds on this node even if the error says that storage did not take it.
func (v *Visit) Ban(userID string, kept *reserve.KeptSeat) error {
	conf := v.ledger.Policy().Parties
	if conf.KickBan <= 0 {
		v.forfeitHolds(userID, v.ledger.Now())
		return v.endKeptSeat(kept, party.SeatLost, nil)
	}
	if now, err := v.ledger.Roster.LookOnce(v.ID); err == nil { // so that a later read does not undo it
		v.Last = now
		if err := v.refresh(); err != nil {
			v.Book.Ban(userID, v.ledger.Now(), conf.KickBan, conf.KickBanJoins)
			return err
		}
	}
	k := v.Book.Ban(userID, v.ledger.Now(), conf.KickBan, conf.KickBanJoins)
	v.forfeitHolds(userID, k.At)
	return v.endKeptSeat(kept, party.SeatLost, func(r reserve.Record) {
		r.Kicks[userID] = k
		delete(r.Members, userID)
	})
}

// forfeitHolds removes the user from holds of invites that were made before the kick.
func (v *Visit) forfeitHolds(userID string, kick time.Time) {
	if over := v.Book.Forfeit(userID, kick); len(over) > 0 {
		v.changeCount++
		v.watchHolds()
		v.Report(party.Change{Kind: party.HoldsOver, ID: v.ID, Invites: over, Session: party.Session{UserID: userID}})
	}
}

// endOverdueSeat ends the user's kept seat, if its time is over and the party lives here.
func (v *Visit) endOverdueSeat(userID string) error {
	if lives, err := v.LookOrForget(); !lives {
		return err
	}
	if k := v.Book.Kept[userID]; k != nil && k.Overdue {
		return v.endKeptSeat(k, party.SeatLost, nil)
	}
	return nil
}
