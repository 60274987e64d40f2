package admission

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/party"
	"partyline/party/reserve"
	"partyline/party/roster"
)

// observe compares the members just read with those known before. Whoever is missing
// with its socket alive has left in a way no hook told of. Whoever is missing with its
// socket gone was dropped, and from here on its seat is kept: the host lets a session go
// from all streams at once, but is late to tell, and meanwhile anybody could join.
func (v *visit) observe() error {
	if _, err := v.miss(v.roster.Attendance.Compare(v.id, v.last.Members)); err != nil {
		return err
	}
	for user := range v.book.Kept {
		if _, in := v.last.Member(user); in { // with another session, or let in by another module
			if err := v.seated(user, false); err != nil {
				v.logger.Warn("kept seat not ended party=%s user=%s error=%v", v.id, user, err)
			}
		}
	}
	return nil
}

// keep keeps the seat of a member that was dropped, if the rules keep any.
func (v *visit) keep(m party.Member) error {
	conf := v.policy().Parties
	if conf.ReconnectGrace <= 0 {
		return nil
	}
	if one(conf.OnePerUser) {
		in, err := v.roster.PartiesOf(v.ctx, m.UserID)
		if err != nil || len(in) > 0 { // has moved on already
			return err
		}
	}
	if v.book.KeepSeat(v.origin, m, v.leading, v.now(), conf.ReconnectGrace) {
		v.index.setAway(m.UserID, v.id, true)
		v.changed()
	}
	return nil
}

// reportAway stores and reports the seats nobody has been told of.
func (v *visit) reportAway() error {
	fresh, overdue := v.book.Untold()
	var errs []error
	for _, k := range overdue { // nobody heard of it in all its time
		errs = append(errs, v.endKept(k, party.SeatLost))
	}
	if len(fresh) == 0 && !v.fresh {
		return errors.Join(errs...)
	}
	users := make([]string, len(fresh))
	for i, k := range fresh {
		users[i] = k.Member.UserID
	}
	earlier := map[string]party.Seat{} // another node has missed the member sooner, and reports
	err := v.write(users, func(r reserve.Record) {
		clear(earlier)
		for _, k := range fresh {
			if s, ok := r.Seats[k.Member.UserID]; ok && s.Member.SessionID == k.Member.SessionID {
				earlier[k.Member.UserID] = s
				continue
			}
			r.Seats[k.Member.UserID] = k.Seat
		}
		if v.away {
			v.saved = reserve.Standing{Facts: v.facts, Native: v.id, Away: true, Ages: v.ages(v.id)}
			*r.Standing = v.saved
		}
	})
	v.fresh = v.away && err != nil
	for _, k := range fresh {
		k.Told, k.Stored = true, err == nil
		if s, ok := earlier[k.Member.UserID]; ok && err == nil {
			k.Seat = s
			continue
		}
		v.out.Add(party.Change{Kind: party.SeatAway, ID: v.id, Seat: k.Seat})
	}
	v.announce()
	return errors.Join(append(errs, err)...)
}

// seated comes after a user has become a member: a seat kept for them has done its duty, as
// has their wait in line and, where they were let in all the same, a kick.
func (v *visit) seated(userID string, liftKick bool) error {
	_, kicked := v.book.Kicks[userID]
	edit := func(r reserve.Record) {}
	if liftKick && kicked {
		delete(v.book.Kicks, userID)
		edit = func(r reserve.Record) { delete(r.Kicks, userID) }
	}
	_, waited := v.book.Waiting[userID]
	if waited {
		delete(v.book.Waiting, userID)
		v.lined()
		lift := edit
		edit = func(r reserve.Record) { lift(r); delete(r.Waiting, userID) }
	}
	k := v.book.Kept[userID]
	switch changes := liftKick && kicked || waited; {
	case k == nil && !changes:
		return nil
	case k == nil:
		err := v.write(nil, edit)
		v.announce()
		return err
	case k.Overdue: // came in another way, at the very end
		return v.endKeptWith(k, party.SeatLost, edit)
	}
	return v.endKeptWith(k, party.SeatBack, edit)
}

// endKept takes a kept seat away and reports why.
func (v *visit) endKept(k *reserve.KeptSeat, why party.ChangeKind) error {
	return v.endKeptWith(k, why, nil)
}

// endKeptWith does so together with what else changes in the party's record.
func (v *visit) endKeptWith(k *reserve.KeptSeat, why party.ChangeKind, edit func(reserve.Record)) error {
	user := k.Member.UserID
	delete(v.book.Kept, user)
	v.index.setAway(user, v.id, false)
	v.changed()
	if !k.Told && edit == nil {
		return nil
	}
	var err error
	if k.Stored || edit != nil {
		removed := false
		err = v.write([]string{user}, func(r reserve.Record) {
			s, ok := r.Seats[user]
			if removed = ok && s.Member.SessionID == k.Member.SessionID; removed {
				delete(r.Seats, user)
			}
			if edit != nil {
				edit(r)
			}
		})
		if err == nil && k.Stored && !removed {
			why = party.SeatEnded // another node was faster
		}
		v.announce()
	}
	if !k.Told {
		return err
	}
	v.out.Add(party.Change{Kind: why, ID: v.id, Seat: k.Seat})
	if why == party.SeatLost {
		v.out.Add(party.Change{Kind: party.SeatsChanged, ID: v.id})
	}
	return err
}

// placesOf lists the parties the user is in or was dropped from, as this process knows.
func (a *Admission) placesOf(userID string) []party.ID {
	ids := a.roster.Attendance.Of(userID)
	for _, id := range a.index.awayFrom(userID) {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// settle looks at a party and reports the seats that are kept and not reported yet. ended is
// the session by whose end it is called, if any: where its seat has been reported with those of
// others, there is nothing to do.
func (a *Admission) settle(ctx context.Context, id party.ID, ended party.Session) error {
	return a.visit(ctx, id, func(v *visit) error {
		if k := v.book.Kept[ended.UserID]; k != nil && k.Told && k.Member.SessionID == ended.SessionID {
			return nil
		}
		if lives, err := v.lives(); !lives {
			return err
		}
		return v.reportAway()
	})
}

// moveOn gives up the seats kept for a user who has entered another party, where the
// rules know one party per user.
func (a *Admission) moveOn(ctx context.Context, userID string, into party.ID) {
	if !one(a.policy().Parties.OnePerUser) {
		return
	}
	for _, id := range a.index.awayFrom(userID) {
		if id == into {
			continue
		}
		err := a.visit(context.WithoutCancel(ctx), id, func(v *visit) (err error) {
			if k := v.book.Kept[userID]; k != nil {
				err = v.endKept(k, party.SeatLost)
			}
			v.endIfEmpty()
			return err
		})
		if err != nil {
			a.logger.Warn("kept seat not given up party=%s user=%s error=%v", id, userID, err)
		}
	}
}

// Expire ends a kept seat whose time is over.
func (a *Admission) Expire(ctx context.Context, seat party.Seat) error {
	return a.current(ctx, seat.ID, func(v *visit) error {
		k := v.book.Kept[seat.Member.UserID]
		if k == nil || k.Member != seat.Member {
			v.out.Add(party.Change{Kind: party.SeatEnded, ID: v.id, Seat: seat})
			return nil
		}
		v.book.Purge(v.now())
		if v.endIfEmpty() {
			return nil
		}
		return v.endKept(k, party.SeatLost)
	})
}

// KeptSeats lists the seats kept for a user, that of the party entered last first. What
// this process does not know of it asks storage for.
func (a *Admission) KeptSeats(ctx context.Context, userID string) ([]party.Seat, error) {
	seats, err := a.seatsIn(ctx, userID, a.placesOf(userID))
	if err != nil || len(seats) > 0 {
		return seats, err
	}
	ids, err := a.store.away(ctx, userID)
	if err != nil {
		return nil, err
	}
	return a.seatsIn(ctx, userID, ids)
}

func (a *Admission) seatsIn(ctx context.Context, userID string, ids []party.ID) ([]party.Seat, error) {
	var seats []party.Seat
	for _, id := range ids {
		err := a.current(ctx, id, func(v *visit) error {
			if lives, err := v.lives(); !lives {
				return err
			}
			if v.book.Keeps(userID) {
				seats = append(seats, v.book.Kept[userID].Seat)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(seats, func(x, y party.Seat) int {
		return cmp.Or(y.Joined.Compare(x.Joined), cmp.Compare(x.ID.String(), y.ID.String()))
	})
	return seats, nil
}

// beginRemove comes before a PartyRemove: the host answers it before the after-hook runs,
// and a member who is out already must not come back in between. Only a leader's kick of a
// member counts; the host refuses others. Somebody who is away the host does not know any
// more and refuses, so their kept seat ends here, ban and all, and the leader gets the
// answer from here; SDKs do not listen to the refusal that follows.
func (v *visit) beginRemove(m Message, l *Look) error {
	err := v.lookAfter(l)
	if party.ReasonOf(err) == party.PartyNotFound {
		return nil
	}
	if err != nil || v.last.Leader().SessionID != m.Sender.SessionID {
		return err
	}
	if v.book.Keeps(m.Target.UserID) {
		kept := v.book.Kept[m.Target.UserID]
		err := v.ban(m.Target.UserID, kept)
		v.out.Add(party.Change{Kind: party.MemberLeft, ID: v.id, Session: kept.Member}, v.turned(party.MemberRemoved, kept.Member, m))
		return errors.Join(err, v.send(m.Sender, &rtapi.Envelope{Cid: m.CID}))
	}
	_, member := v.last.Session(m.Target.SessionID)
	if member && m.Target.SessionID != m.Sender.SessionID && v.policy().Parties.KickBan > 0 { // nobody can kick themself
		v.book.BeginKick(m.Target.UserID, v.now())
	}
	return nil
}

// removed comes after a PartyRemove, whether its target was a member or only asked to be
// one. A member is banned for the rules' kick_ban, by user, so a reconnect does not help,
// and keeps no seat. The ban holds on this node even if the error says that storage did
// not take it.
func (v *visit) removed(m Message) error {
	target := m.Target
	if v.roster.Losses.Remove(v.id, target.SessionID) { // nobody who could be banned
		v.changed()
		v.out.Add(party.Change{Kind: party.SeatsChanged, ID: v.id})
		return nil
	}
	defer delete(v.book.Kicking, target.UserID)
	_, member := v.book.Kicking[target.UserID] // even if its connection has ended since
	kept := v.book.Kept[target.UserID]
	if kept != nil && kept.Member.SessionID != target.SessionID {
		kept = nil
	}
	if member = member || kept != nil || v.roster.Attendance.Has(v.id, target.SessionID); !member {
		mirrored, err := v.roster.Mirrored(v.id, target.SessionID)
		if err != nil {
			return err
		}
		member = mirrored
	}
	if !member {
		delete(v.book.Requests, target.SessionID) // only asked, and was declined
		v.out.Add(v.turned(party.RequestRejected, target, m))
		return nil
	}
	v.gone(target, false)
	v.out.Add(v.turned(party.MemberRemoved, target, m))
	return v.ban(target.UserID, kept)
}

// turned is the news that the sender of a message has turned somebody out or away.
func (v *visit) turned(kind party.ChangeKind, s party.Session, m Message) party.Change {
	return party.Change{Kind: kind, ID: v.id, Session: s, By: m.Sender.UserID}
}

// ban keeps a user out for the rules' kick_ban and, in the same write, ends the seat kept
// for them, if any.
func (v *visit) ban(userID string, kept *reserve.KeptSeat) error {
	ban := v.policy().Parties.KickBan
	if ban <= 0 {
		if kept != nil {
			return v.endKept(kept, party.SeatLost)
		}
		return nil
	}
	if now, err := v.roster.LookOnce(v.id); err == nil { // so that a later read does not undo it
		v.last = now
		if err := v.open(); err != nil {
			v.book.Ban(userID, v.now(), ban)
			return err
		}
	}
	k := v.book.Ban(userID, v.now(), ban)
	edit := func(r reserve.Record) {
		r.Kicks[userID] = k
		delete(r.Members, userID)
	}
	if kept != nil {
		return v.endKeptWith(kept, party.SeatLost, edit)
	}
	err := v.write(nil, edit)
	v.announce()
	return err
}

// Pardon ends the ban of a user who was kicked. It refuses with PartyNotFound, and with
// InvalidRequest where nothing keeps the user out.
func (a *Admission) Pardon(ctx context.Context, id party.ID, userID string) error {
	return a.current(ctx, id, func(v *visit) error {
		if err := v.look(); err != nil {
			return fmt.Errorf("look at party: %w", err)
		}
		if _, kicked := v.book.Kicks[userID]; !kicked {
			return party.Refuse(party.InvalidRequest, "This player is not kept out of the party.")
		}
		if err := v.write(nil, func(r reserve.Record) { delete(r.Kicks, userID) }); err != nil {
			return fmt.Errorf("end ban: %w", err)
		}
		delete(v.book.Kicks, userID)
		v.announce()
		return nil
	})
}

// endIfEmpty forgets the party if it has ended, and reports that. Where everybody is away
// it has not, as long as a seat waits for somebody.
func (v *visit) endIfEmpty() bool {
	if v.away && v.book.KeepsAny() {
		return false
	}
	members, err := v.roster.Members(v.id)
	if err != nil || len(members) > 0 {
		return false
	}
	v.forget()
	return true
}

// forget drops a party nobody is in any more, with all that was reserved in it.
func (v *visit) forget() {
	users := slices.Collect(maps.Keys(v.saved.Members))
	for user, k := range v.book.Kept {
		v.index.setAway(user, v.id, false)
		if k.Stored {
			users = append(users, user)
		}
		if k.Told {
			v.out.Add(party.Change{Kind: party.SeatEnded, ID: v.id, Seat: k.Seat})
		}
	}
	if v.recorded {
		err := v.write(users, func(r reserve.Record) {
			r.Clear()
		})
		if err != nil {
			v.logger.Warn("party record not removed party=%s error=%v", v.id, err)
		}
	}
	for _, s := range v.roster.Attendance.End(v.id) {
		v.out.Add(party.Change{Kind: party.MemberDropped, ID: v.id, Session: s})
	}
	v.roster.Losses.End(v.id)
	v.out.Add(party.Change{Kind: party.PartyEnded, ID: v.id, Was: v.origin})
	pending := v.book.Pending // that may still land
	v.book = reserve.NewBook()
	v.book.Pending = pending
	v.known, v.recorded, v.away, v.fresh, v.saved = false, false, false, false, reserve.Standing{}
	if v.moves.of(v.id) == v.id {
		v.moves.end(v.id)
	}
	v.lined()
	v.last = roster.Snapshot{}
	v.changed()
}

// write changes the party's record, and where seats are kept for these users.
func (v *visit) write(users []string, edit func(reserve.Record)) error {
	v.recorded = true
	return v.store.change(v.ctx, v.origin, users, func(r reserve.Record) {
		r.Facts, r.Native, r.Away = v.facts, v.id, v.away
		edit(r)
	})
}
