package ledger

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"partyline/internal/alarm"
	"partyline/internal/bounded"
	"partyline/party"
	"partyline/party/reserve"
)

// A party outlives its native one, which the host closes when the last member loses the
// connection. What it was, and the seats kept in it, stay in its record, which names the native
// party that the first member back founds. Storage knows a party by its ID at the beginning, its
// origin: keys never change. The natives before lead to the present one through [moves].

// errMoved ends a visit to a native party that another has followed.
var errMoved error = party.Gone()

// lookAway is Look for a party without members: PartyAway where seats wait for them, else
// gone.
func (v *Visit) lookAway(gone error) error {
	conf := v.ledger.Policy().Parties
	survives := v.ledger.Recorder.within() > 0 || conf.Survive.EveryoneAway && (conf.ReconnectGrace > 0 || v.Book.KeepsAny())
	if !v.Away && !survives { // a party that is kept already does not ask the rules again
		return gone
	}
	v.Changed()
	var err error
	switch {
	case v.known && !v.Away && !conf.Survive.EveryoneAway:
		return gone
	case v.known && !v.Away:
		v.Away, err = v.miss(v.ledger.Roster.Attendance.Compare(v.ID, nil))
		v.unstored = v.Away
		if v.Away {
			v.saved = reserve.Standing{Facts: v.Facts, Native: v.ID, Away: true, Members: v.saved.Members, Ages: v.ledger.Ages(v.ID)}
		}
	case !v.unstored:
		err = v.recall()
	}
	if err != nil {
		return err
	}
	v.Book.Purge(v.ledger.Now())
	if !v.Away || !v.Book.KeepsAny() {
		return gone
	}
	return party.Away()
}

// recall reads the record of a party without members. It may be from before the process
// began, or another node may have restored the party.
func (v *Visit) recall() error {
	record, err := v.ledger.records.load(v.Ctx, v.Origin)
	if err != nil {
		return err
	}
	if record.Native.IsZero() && !v.known && v.ledger.inherits() {
		if err := v.ledger.moves.learnAll(v.Ctx); err != nil {
			return err
		}
	}
	returning := v.ledger.moves.isEntered(v.ID) // asked first: afterwards it has moved
	switch {
	case v.ledger.Current(v.ID) != v.ID: // it has moved since, or was called by the last of its IDs
		return errMoved
	case returning: // the record may be that of the party that lives again, or gone
		return party.Away()
	}
	if native := record.Native; !native.IsZero() && native != v.ID {
		entering := v.ledger.moves.isEntered(native) // asked first: afterwards its member is in
		members, err := v.ledger.Roster.Members(native)
		switch {
		case err != nil:
			return err
		case len(members) > 0:
			v.ledger.moves.set(v.ID, native)
			v.reset()
			return errMoved
		case entering:
			return party.Away()
		}
		if !v.known {
			v.ledger.moves.set(native, v.ID)
		}
	}
	crashed := v.ledger.Recorder.outlives(record) && !v.known
	if v.Away = record.Away || crashed; !v.Away || record.MaxSize == 0 {
		return nil
	}
	if !v.known {
		holds, err := v.ledger.Holds(v.Ctx, v.Origin)
		if err != nil {
			return fmt.Errorf("read holds: %w", err)
		}
		v.Book.SetHolds(holds)
		v.watchHolds()
	}
	v.recorded, v.Facts, v.saved = true, record.Facts, *record.Standing
	if crashed {
		within := v.ledger.Recorder.within()
		users := slices.AppendSeq(slices.Collect(maps.Keys(record.Members)), maps.Keys(record.Seats))
		err = v.Write(users, func(r reserve.Record) {
			r.Lost(v.Origin, v.ledger.started, within)
			record = r
		})
		if err != nil { // not known: the next look tries again
			return err
		}
	}
	v.known = true
	v.merge(record)
	return nil
}

// Recorder keeps in the records who is in each party, for those who come back after a crash, where parties
// survive that.
type Recorder struct {
	ledger *Ledger
	began  time.Duration           // survive.restart when the process began
	later  *alarm.Alarms[party.ID] // of which the members are to be written
}

func newRecorder(l *Ledger) *Recorder {
	r := &Recorder{ledger: l, began: l.Policy().Parties.Survive.Restart}
	turns := make(chan struct{}, rostersAtOnce)
	r.later = alarm.New(l.Now, l.Logger, "party members not written party=", func(id party.ID) {
		turns <- struct{}{}
		defer func() { <-turns }()
		r.write(id)
	})
	return r
}

// rosterEvery is how often a party's members are written at most. What has changed since is lost
// in a crash.
const rosterEvery = 500 * time.Millisecond

// rostersAtOnce is how many parties' members are to be written at one time: all of them may have
// changed, and a kick waits for those before it, and for its party.
const rostersAtOnce = 16

// Later has a party's members and the ages of its tickets written soon, off the way of the
// message, where parties survive a restart.
func (r *Recorder) Later(id party.ID) {
	if r.survivesRestart() {
		r.later.Sooner(id, r.ledger.Now().Add(rosterEvery))
	}
}

// RulesLoaded has the members of all parties written, or not stored any more, as survive.restart says now.
func (r *Recorder) RulesLoaded() {
	for _, id := range r.ledger.Known() {
		r.later.Sooner(id, r.ledger.Now().Add(rosterEvery))
	}
}

func (r *Recorder) survivesRestart() bool {
	conf := r.ledger.Policy().Parties
	return conf.Survive.Restart > 0 && conf.ReconnectGrace > 0
}

// within is for how long after the start of the process members may come back: as long as the rules said then,
// whatever they say now, or longer.
func (r *Recorder) within() time.Duration {
	return max(r.began, r.ledger.Policy().Parties.Survive.Restart)
}

// outlives reports whether the record, of a party that nobody is in, may be of one whose server has ended,
// and there is still time to come back: for its members, or for somebody whose seat was kept before.
func (r *Recorder) outlives(record reserve.Record) bool {
	now, started, within := r.ledger.Now(), r.ledger.started, r.within()
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

// write writes who is in a party and what it is, where that has changed. The party's lock is
// free meanwhile, for messages need no storage. What is written under the lock meanwhile, a kick or the
// end of the party, counts more, and the rest is written later.
func (r *Recorder) write(id party.ID) {
	ctx, cancel := bounded.Context(context.Background(), storageWait)
	defer cancel()
	var p *place // nil for nothing to write
	var origin party.ID
	var turn uint64
	var users []string
	now := reserve.Standing{Native: id, Members: map[string]party.Member{}}
	err := r.ledger.VisitNative(ctx, id, func(v *Visit) error {
		if err := v.Look(); err != nil {
			return nil //nolint:nilerr // ended, or away: the record says so already
		}
		now.Facts = v.Facts
		if r.survivesRestart() {
			for _, m := range v.Last.Members {
				now.Members[m.UserID] = m
			}
			now.Ages = r.ledger.Ages(v.ID)
			for user, m := range v.saved.Members { // whose connection ended, and whose seat storage does not have yet
				if k := v.Book.Kept[user]; k != nil && !k.Stored && k.Member == m.Session {
					m.Leader = false // another leads by now
					now.Members[user] = m
				}
			}
		}
		old := v.saved
		if len(old.Members)+len(now.Members) == 0 || old.Facts == now.Facts && maps.Equal(old.Members, now.Members) && maps.Equal(old.Ages, now.Ages) {
			return nil
		}
		either := maps.Clone(now.Members)
		maps.Copy(either, old.Members)
		users = slices.Collect(maps.Keys(either))
		p, origin, turn = v.place, v.Origin, v.writes.Add(1)
		v.recorded, v.saved = true, reserve.Standing{Members: either} // until it is written
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
		r.ledger.Logger.Warn("party members not written party=%s error=%v", id, err)
		r.later.Sooner(id, r.ledger.Now().Add(storageWait))
	} else if !done {
		r.later.Sooner(id, r.ledger.Now().Add(rosterEvery))
	}
}

// Behind is a party in which everybody is away, as the first who comes back finds it.
type Behind struct {
	ID, Origin party.ID
	Was        party.ID // the native party that its members were in
	Facts      party.Facts
	Seat       party.Seat               // of the member who comes back
	Waited     map[string]time.Duration // by queue, when the party was left

	ledger *Ledger
	out    *party.Outbox
}

// LeftBehind stores what was not stored yet of a party in which everybody is away; nil for
// one that lives. It refuses with PartyAway a user for whom no seat is kept there.
func (l *Ledger) LeftBehind(ctx context.Context, id party.ID, userID string) (old *Behind, err error) {
	err = l.Visit(ctx, id, func(v *Visit) error {
		if err := v.Look(); party.ReasonOf(err) != party.PartyAway {
			return err
		}
		if !v.Book.Keeps(userID) {
			return party.Away()
		}
		old = &Behind{v.ID, v.Origin, v.saved.Native, v.Facts, v.Book.Kept[userID].Seat, map[string]time.Duration{}, l, v.out}
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

// Succeed makes a native party that s leads the one that another goes on in. enter has s
// become its only member, or only cleans up where it may not. Others wait for it, which takes
// the founder's time at most: until then a seat of the native party is not free for them. It
// refuses with PartyNotFound where another node was faster, or the seat's time is over, and with
// NoLiveSession where s has ended meanwhile: then all seats are kept.
func (b *Behind) Succeed(ctx context.Context, native party.ID, s party.Session, enter func(may bool) error) error {
	l, user, taken := b.ledger, s.UserID, false
	var ages map[string]party.Age
	members := map[string]party.Member{}
	if l.Policy().Parties.Survive.Restart > 0 {
		members[user] = party.Member{Session: s, JoinedAt: l.Now(), Leader: true}
	}
	done := func() {}
	err := l.VisitNative(ctx, b.ID, func(*Visit) error { // who reads the record of before has done so by then
		done = l.moves.enter(b.ID, native)
		return nil
	})
	defer func() { done() }()
	if err != nil {
		_ = enter(false)
		return err
	}
	err = l.records.change(ctx, b.Origin, []string{user}, func(r reserve.Record) {
		if r.Native == native { // the attempt before was done, and its answer is lost
			return
		}
		seat, kept := r.Seats[user]
		if taken = !kept || !r.Away || seat.Member != b.Seat.Member; !taken {
			ages = r.Ages
			delete(r.Seats, user)
			r.Native, r.Away, r.Members, r.Ages = native, false, members, nil
		}
	})
	if err == nil && taken {
		_ = enter(false)
		return party.Refuse(party.PartyNotFound, "No seat is kept for you any more.")
	}
	tried, entered := false, false
	if err != nil {
		err = fmt.Errorf("store the party's new ID: %w", err) // which may have been done all the same
	} else if err = l.Roster.Begin(native, s, b.Facts, b.Origin); err == nil {
		err = l.VisitAnyway(ctx, native, func(v *Visit) error {
			v.Origin, v.Facts, v.leader, v.saved.Members, v.out = b.Origin, b.Facts, user, members, b.out
			err := v.load() // all is known before s is in: its connection may end at once
			if tried = err == nil; tried {
				err = enter(true)
			}
			if err != nil {
				v.reset()
				v.Origin = v.ID // which is no party's
				return err
			}
			entered = true
			l.moves.set(b.ID, native)
			v.Report(
				party.Change{Kind: party.PartyRestored, ID: native, Was: b.ID, Known: b.Was, Session: s, Queued: b.Waited},
				party.Change{Kind: party.SeatBack, ID: native, Seat: b.Seat},
				party.Change{Kind: party.MemberEntered, ID: native, Session: s, Attributes: b.Facts.Attributes},
			)
			l.Recorder.Later(v.ID)
			if err = v.Look(); party.ReasonOf(err) == party.PartyAway {
				err = errors.Join(party.Disconnected(err), v.ReportKept())
			}
			return err
		})
	}
	if !entered { // its connection has ended meanwhile
		if !tried {
			_ = enter(false) // not in the visit: it may need the party's lock
		}
		l.Roster.End(native)
		return errors.Join(fmt.Errorf("enter new native party: %w", err), b.undo(ctx, native, ages))
	}
	l.Briefly(b.ID, func(v *Visit) {
		v.reset()
		v.out = &party.Outbox{} // the other has gone with the party, and this place is not to wait for it
	})
	return err
}

// undo has everybody away again after a return into a native party that has broken off. Where
// storage fails, memory goes on to know better, and all of it is written with the next look.
func (b *Behind) undo(ctx context.Context, native party.ID, ages map[string]party.Age) error {
	return b.ledger.VisitAnyway(ctx, b.ID, func(v *Visit) error {
		user := b.Seat.Member.UserID
		err := b.ledger.records.change(v.Ctx, b.Origin, []string{user}, func(r reserve.Record) {
			if r.Native == native {
				r.Seats[user] = b.Seat
				r.Native, r.Away, r.Members, r.Ages = b.Was, true, nil, ages
			}
		})
		if err != nil && v.Away {
			v.unstored = true
			for _, k := range v.Book.Kept {
				k.Stored = false
			}
		}
		return err
	})
}
