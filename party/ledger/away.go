package ledger

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"partyline/internal/alarm"
	"partyline/party"
	"partyline/party/reserve"
)

// The host closes a native party when its last member loses the connection, but the plugin's party goes on. Its facts
// and its kept seats stay in its record. The record names the native party that the first returning member founds.
// Storage keys never change: they use the party's first ID, its origin. [moves] maps earlier native IDs to the present
// one.

// errMoved ends a visit to a native party that another native party has replaced.
var errMoved error = party.RefuseGone()

// lookEmpty is Look for a party without members. It returns PartyAway if seats are kept for them, else the error gone.
func (v *Visit) lookEmpty(gone error) error {
	conf := v.ledger.Policy().Parties
	survives := v.ledger.Recorder.returnTime() > 0 || conf.Survive.EveryoneAway && (conf.ReconnectGrace > 0 || v.Book.KeepsAny())
	if !v.Away && !survives { // the rules do not matter for a party that is away already
		return gone
	}
	v.Changed()
	var err error
	switch {
	case v.loaded && !v.Away && !conf.Survive.EveryoneAway:
		return gone
	case v.loaded && !v.Away:
		v.Away, err = v.keepMissing(v.ledger.Roster.Attendance.Compare(v.ID, nil))
		v.awayUnstored = v.Away
		if v.Away {
			v.saved = reserve.Standing{Facts: v.Facts, Native: v.ID, Away: true, Members: v.saved.Members, Ages: v.ledger.Ages(v.ID)}
		}
	case !v.awayUnstored:
		err = v.loadAway()
	}
	if err != nil {
		return err
	}
	v.Book.Purge(v.ledger.Now())
	if !v.Away || !v.Book.KeepsAny() {
		return gone
	}
	return party.RefuseAway()
}

// loadAway reads the record of a party without members. The record may be from an earlier process, or another node may
// have restored the party.
func (v *Visit) loadAway() error {
	record, err := v.ledger.records.load(v.Ctx, v.Origin)
	if err != nil {
		return err
	}
	if record.Native.IsZero() && !v.loaded && v.ledger.mayInherit() {
		if err := v.ledger.moves.learnAll(v.Ctx); err != nil {
			return err
		}
	}
	returning := v.ledger.moves.isEntering(v.ID) // read before Current: once the flag is cleared, the party has moved
	switch {
	case v.ledger.Current(v.ID) != v.ID: // it has moved since, or the caller used the last of its IDs
		return errMoved
	case returning: // the record may name the restored party already, or be gone
		return party.RefuseAway()
	}
	if native := record.Native; !native.IsZero() && native != v.ID {
		entering := v.ledger.moves.isEntering(native) // read before Members: once the flag is cleared, its member is in
		members, err := v.ledger.Roster.Members(native)
		switch {
		case err != nil:
			return err
		case len(members) > 0:
			v.ledger.moves.set(v.ID, native)
			v.reset()
			return errMoved
		case entering:
			return party.RefuseAway()
		}
		if !v.loaded {
			v.ledger.moves.set(native, v.ID)
		}
	}
	crashed := v.ledger.Recorder.mayComeBack(record) && !v.loaded
	if v.Away = record.Away || crashed; !v.Away || record.MaxSize == 0 {
		return nil
	}
	if !v.loaded {
		holds, err := v.ledger.Holds(v.Ctx, v.Origin)
		if err != nil {
			return fmt.Errorf("read holds: %w", err)
		}
		v.Book.SetHolds(holds)
		v.watchHolds()
	}
	v.recorded, v.Facts, v.saved = true, record.Facts, *record.Standing
	if crashed {
		within := v.ledger.Recorder.returnTime()
		users := slices.AppendSeq(slices.Collect(maps.Keys(record.Members)), maps.Keys(record.Seats))
		err = v.Write(users, func(r reserve.Record) {
			r.Lost(v.Origin, v.ledger.started, within)
			record = r
		})
		if err != nil { // loaded stays false, so that the next look tries again
			return err
		}
	}
	v.loaded = true
	v.merge(record)
	return nil
}

// Recorder stores in the records who is in each party, for players who come back after a crash. It does so only if the
// rules have parties survive a restart.
type Recorder struct {
	ledger         *Ledger
	restartAtStart time.Duration           // survive.restart when the process began
	writes         *alarm.Alarms[party.ID] // parties whose members still have to be written to storage
}

func newRecorder(l *Ledger) *Recorder {
	r := &Recorder{ledger: l, restartAtStart: l.Policy().Parties.Survive.Restart}
	turns := make(chan struct{}, memberWritesAtOnce)
	r.writes = alarm.New(l.Now, l.Logger, "party members not written party=", func(id party.ID) {
		turns <- struct{}{}
		defer func() { <-turns }()
		r.writeMembers(id)
	})
	return r
}

// memberWriteInterval is the shortest time between two writes of one party's members. A crash loses later changes.
const memberWriteInterval = 500 * time.Millisecond

// memberWritesAtOnce is how many parties' members are written at the same time. All parties may have changed at once,
// and a kick waits for earlier writes and for its party.
const memberWritesAtOnce = 16

// ScheduleWrite schedules a write of a party's members and of its tickets' ages, if parties survive a restart. The
// caller does not wait for it.
func (r *Recorder) ScheduleWrite(id party.ID) {
	if r.survivesRestart() {
		r.writes.Sooner(id, r.ledger.Now().Add(memberWriteInterval))
	}
}

// RulesLoaded schedules a write for all parties, which stores or removes their members as survive.restart now says.
func (r *Recorder) RulesLoaded() {
	for _, id := range r.ledger.Known() {
		r.writes.Sooner(id, r.ledger.Now().Add(memberWriteInterval))
	}
}

func (r *Recorder) survivesRestart() bool {
	conf := r.ledger.Policy().Parties
	return conf.Survive.Restart > 0 && conf.ReconnectGrace > 0
}

// returnTime returns how long after the start of the process members may come back. It is the larger of the setting at
// the start and the present setting.
func (r *Recorder) returnTime() time.Duration {
	return max(r.restartAtStart, r.ledger.Policy().Parties.Survive.Restart)
}

// mayComeBack reports whether the record of an empty party may be from before a server restart, and there is still time
// to come back. That time is for its members, or for players whose seats were kept before the restart.
func (r *Recorder) mayComeBack(record reserve.Record) bool {
	now, started, within := r.ledger.Now(), r.ledger.started, r.returnTime()
	if now.Before(started.Add(within)) {
		return len(record.Members) > 0 || record.Away && len(record.Seats) > 0
	}
	for _, s := range record.Seats {
		if within > 0 && s.Since.Before(started) && now.Before(s.Until) {
			return true
		}
	}
	return false
}

// writeMembers stores the members and the facts of a party if they changed. It does not hold the party's lock
// meanwhile, because messages need no storage. If something else is written under the lock meanwhile (a kick, the end
// of the party), that wins, and the rest is written later.
func (r *Recorder) writeMembers(id party.ID) {
	ctx, cancel := context.WithTimeout(context.Background(), storageWait)
	defer cancel()
	var p *place // nil if there is nothing to write
	var origin party.ID
	var turn uint64
	var users []string
	now := reserve.Standing{Native: id, Members: map[string]party.Member{}}
	err := r.ledger.VisitNative(ctx, id, func(v *Visit) error {
		if err := v.Look(); err != nil {
			return nil //nolint:nilerr // ended or away: the record has that already
		}
		now.Facts = v.Facts
		if r.survivesRestart() {
			for _, m := range v.Last.Members {
				now.Members[m.UserID] = m
			}
			now.Ages = r.ledger.Ages(v.ID)
			for user, m := range v.saved.Members { // their connection ended, and storage does not have their kept seat yet
				if k := v.Book.Kept[user]; k != nil && !k.Stored && k.Member == m.Session {
					m.Leader = false // somebody else leads by now
					now.Members[user] = m
				}
			}
		}
		old := v.saved
		if len(old.Members)+len(now.Members) == 0 || old.Facts == now.Facts && maps.Equal(old.Members, now.Members) && maps.Equal(old.Ages, now.Ages) {
			return nil
		}
		union := maps.Clone(now.Members)
		maps.Copy(union, old.Members)
		users = slices.Collect(maps.Keys(union))
		p, origin, turn = v.place, v.Origin, v.writes.Add(1)
		v.recorded, v.saved = true, reserve.Standing{Members: union} // until the write is done
		return nil
	})
	if err == nil && p != nil {
		err = r.ledger.records.change(ctx, origin, users, func(record reserve.Record) {
			if p.writes.Load() == turn {
				*record.Standing = now
			}
		})
	}
	done := p == nil
	if err == nil && !done {
		r.ledger.Briefly(id, func(v *Visit) {
			if done = v.place == p && p.writes.Load() == turn; done {
				v.saved = now
			}
		})
	}
	if err != nil {
		if !party.IsBroken(err) { // otherwise the log has it
			r.ledger.Logger.Warn("party members not written party=%s error=%v", id, err)
		}
		r.writes.Sooner(id, r.ledger.Now().Add(storageWait))
	} else if !done {
		r.writes.Sooner(id, r.ledger.Now().Add(memberWriteInterval))
	}
}

// AwayParty is a party in which everybody is away, in the state that the first returning member finds.
type AwayParty struct {
	ID, Origin party.ID
	Was        party.ID // the native party that its members were in
	Facts      party.Facts
	Seat       party.Seat               // of the member who comes back
	Waited     map[string]time.Duration // how long the party had waited in each queue when the last member left

	ledger *Ledger
	outbox *party.Outbox
}

// FindAwayParty stores what was not yet stored of a party in which everybody is away. It returns nil for a party with
// members. It refuses with PartyAway if no seat is kept there for the user.
func (l *Ledger) FindAwayParty(ctx context.Context, id party.ID, userID string) (old *AwayParty, err error) {
	err = l.Visit(ctx, id, func(v *Visit) error {
		if err := v.Look(); party.ReasonOf(err) != party.PartyAway {
			return err
		}
		if !v.Book.Keeps(userID) {
			return party.RefuseAway()
		}
		old = &AwayParty{v.ID, v.Origin, v.saved.Native, v.Facts, v.Book.Kept[userID].Seat, map[string]time.Duration{}, l, v.outbox}
		for queue, age := range v.saved.Ages {
			old.Waited[queue] = age.At(old.Seat.Since)
		}
		return v.ReportKept()
	})
	if err != nil {
		return nil, err
	}
	return old, nil
}

// ContinueIn makes the given native party, which s leads, the continuation of the old one. enter(true) makes s its only
// member, and enter(false) only cleans up. Other visits wait while enter runs, at most for the founder's time, so
// nobody else takes the founder's seat. ContinueIn refuses with PartyNotFound if another node was faster or the seat's
// time is over. It refuses with NoLiveSession if s has ended meanwhile: then all seats stay kept.
func (b *AwayParty) ContinueIn(ctx context.Context, native party.ID, s party.Session, enter func(may bool) error) error {
	l, user, seatGone := b.ledger, s.UserID, false
	var ages map[string]party.Age
	members := map[string]party.Member{}
	if l.Policy().Parties.Survive.Restart > 0 {
		members[user] = party.Member{Session: s, JoinedAt: l.Now(), Leader: true}
	}
	done := func() {}
	err := l.VisitNative(ctx, b.ID, func(*Visit) error { // under its lock: visits that read the old record have ended
		done = l.moves.beginEntering(b.ID, native)
		return nil
	})
	defer func() { done() }()
	if err != nil {
		_ = enter(false)
		return err
	}
	err = l.records.change(ctx, b.Origin, []string{user}, func(r reserve.Record) {
		if r.Native == native { // the attempt before succeeded, but its answer was lost
			return
		}
		seat, kept := r.Seats[user]
		if seatGone = !kept || !r.Away || seat.Member != b.Seat.Member; !seatGone {
			ages = r.Ages
			delete(r.Seats, user)
			r.Native, r.Away, r.Members, r.Ages = native, false, members, nil
		}
	})
	if err == nil && seatGone {
		_ = enter(false)
		return party.Refuse(party.PartyNotFound, "No seat is kept for you any more.")
	}
	enterCalled, entered := false, false
	if err != nil {
		err = fmt.Errorf("store the party's new ID: %w", err) // the write may have succeeded
	} else if err = l.Roster.Begin(native, s, b.Facts, b.Origin); err == nil {
		err = l.VisitAnyway(ctx, native, func(v *Visit) error {
			v.Origin, v.Facts, v.leader, v.saved.Members, v.outbox = b.Origin, b.Facts, user, members, b.outbox
			err := v.load() // load before s enters: its connection may end at once
			if enterCalled = err == nil; enterCalled {
				err = enter(true)
			}
			if err != nil {
				v.reset()
				v.Origin = v.ID // the native ID is not a party's origin
				return err
			}
			entered = true
			l.moves.set(b.ID, native)
			v.Report(
				party.Change{Kind: party.PartyRestored, ID: native, Was: b.ID, Known: b.Was, Session: s, Queued: b.Waited},
				party.Change{Kind: party.SeatBack, ID: native, Seat: b.Seat},
				party.Change{Kind: party.MemberEntered, ID: native, Session: s, Attributes: b.Facts.Attributes},
			)
			l.Recorder.ScheduleWrite(v.ID)
			if err = v.Look(); party.ReasonOf(err) == party.PartyAway {
				err = errors.Join(party.Disconnected(err), v.ReportKept())
			}
			return err
		})
	}
	if !entered { // its connection has ended meanwhile
		if !enterCalled {
			_ = enter(false) // outside the visit, because it may need the party's lock
		}
		l.Roster.End(native)
		return errors.Join(fmt.Errorf("enter new native party: %w", err), b.undo(ctx, native, ages))
	}
	l.Briefly(b.ID, func(v *Visit) {
		v.reset()
		v.outbox = &party.Outbox{} // the old outbox belongs to the new place, and this place must not wait for it
	})
	return err
}

// undo makes everybody away again after a return into a new native party failed. If storage fails, memory has the newer
// state, and the next look writes all of it.
func (b *AwayParty) undo(ctx context.Context, native party.ID, ages map[string]party.Age) error {
	return b.ledger.VisitAnyway(ctx, b.ID, func(v *Visit) error {
		user := b.Seat.Member.UserID
		err := b.ledger.records.change(v.Ctx, b.Origin, []string{user}, func(r reserve.Record) {
			if r.Native == native {
				r.Seats[user] = b.Seat
				r.Native, r.Away, r.Members, r.Ages = b.Was, true, nil, ages
			}
		})
		if err != nil && v.Away {
			v.awayUnstored = true
			for _, k := range v.Book.Kept {
				k.Stored = false
			}
		}
		return err
	})
}
