package ledger

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/heroiclabs/nakama-common/api"

	"partyline/party"
	"partyline/party/reserve"
)

const (
	sweepTime  = 10 * time.Second // of one sweep of one collection
	lateReport = time.Minute      // a node that reports a lost seat later than this counts as dead
)

// Sweep catches up with events that nobody reported. It ends parties that are over, in memory and in storage, and finds
// members who lost their connection. It also ends overdue kept seats of nodes that died before they could. A broken
// record is no error, because the log has it.
func (l *Ledger) Sweep(ctx context.Context) error {
	var errs []error
	seen := map[party.ID]bool{}
	for _, id := range append(l.places.Keys(), l.Roster.Attendance.IDs()...) {
		if !seen[id] {
			seen[id] = true
			errs = append(errs, party.UnlessBroken(l.Review(ctx, id, party.Session{})))
		}
	}
	for _, s := range l.Roster.Attendance.Missing() {
		if alive, err := l.Roster.Alive(s); err == nil && !alive {
			l.Dropped(s, l.Now())
		}
	}
	for _, id := range l.records.unwrittenParties() {
		errs = append(errs, party.UnlessBroken(l.records.change(ctx, id, nil, func(reserve.Record) {})))
	}
	return errors.Join(append(errs, l.sweeper.sweep(ctx))...)
}

// sweeper removes outdated objects from storage.
type sweeper struct {
	ledger *Ledger
	mu     sync.Mutex     // taken before a party's lock
	rounds []*party.Round // one for each collection; guarded by mu
}

func (s *sweeper) sweep(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, round := range s.rounds {
		errs = append(errs, round.Go(ctx, sweepTime, func(o *api.StorageObject) error {
			look := s.sweepRecord
			if round.Collection == awayCollection {
				look = s.sweepAway
			}
			remove, err := look(ctx, o)
			if remove {
				err = errors.Join(err, round.Remove(ctx, o))
			}
			return err
		}))
	}
	return errors.Join(errs...)
}

// sweepRecord removes the record of a party that has ended, and reports lost seats that their own node did not report.
func (s *sweeper) sweepRecord(ctx context.Context, o *api.StorageObject) (remove bool, err error) {
	id, err := reserve.PartyOf(o.Value)
	if err != nil {
		return false, s.ledger.records.broken.Add(o, err)
	}
	record := reserve.NewRecord()
	if err := s.ledger.records.add(record, id, o); err != nil {
		return false, err
	}
	native := id
	if !record.Native.IsZero() {
		native = record.Native
	}
	members, err := s.ledger.Roster.Members(native)
	if err != nil {
		return false, err
	}
	waits := record.Away && slices.ContainsFunc(slices.Collect(maps.Values(record.Seats)), func(seat party.Seat) bool { return s.ledger.Now().Before(seat.Until) })
	known := s.ledger.places.Has(s.ledger.Current(id)) // left to Review: its members may not show yet, or not any more
	if len(members) == 0 && !waits && !known && !s.ledger.Recorder.mayComeBack(record) || record.Empty() {
		s.ledger.moves.end(id)
		if users := slices.Collect(maps.Keys(record.Members)); len(users) > 0 {
			return false, s.ledger.records.change(ctx, id, users, reserve.Record.Clear)
		}
		return true, nil
	}
	var errs []error
	for user, seat := range record.Seats {
		if seat.Until.Add(lateReport).Before(s.ledger.Now()) {
			errs = append(errs, s.ledger.Visit(ctx, id, func(v *Visit) error { return v.endOverdueSeat(user) }))
		}
	}
	return false, errors.Join(errs...)
}

// sweepAway removes a user's object if none of its parties needs it.
func (s *sweeper) sweepAway(ctx context.Context, o *api.StorageObject) (remove bool, err error) {
	parties, err := s.ledger.records.decodeAway(o)
	if err != nil {
		return true, nil //nolint:nilerr // nobody can read it
	}
	for text, until := range parties {
		needed := until > party.Nanos(s.ledger.Now())
		if until == memberWithoutEnd {
			needed, err = s.isRecordedMember(ctx, text, o.Key)
		}
		if needed || err != nil {
			return false, err
		}
	}
	return true, nil
}

// isRecordedMember reports whether the record of the party with this ID lists the user as a member.
func (s *sweeper) isRecordedMember(ctx context.Context, idText, userID string) (member bool, err error) {
	id, err := party.ParseID(idText)
	if err != nil {
		return false, nil //nolint:nilerr // no party's ID
	}
	if s.ledger.places.Has(s.ledger.Current(id)) {
		return true, nil // that place removes the entry itself
	}
	record, err := s.ledger.records.load(ctx, id)
	_, member = record.Members[userID]
	return member, err
}
