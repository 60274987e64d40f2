package admission

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
	"partyline/party/reserve"
)

const (
	sweepPage  = 100
	sweepTime  = 10 * time.Second // of one sweep for one collection; it goes on there the next time
	lateReport = time.Minute      // after which a node that has not reported a lost seat is taken for dead
)

// Sweep catches up with what nobody told of: parties that have ended, in memory and in
// storage, members that were dropped, and kept seats whose time another node did not
// live to see the end of.
func (a *Admission) Sweep(ctx context.Context) error {
	a.index.expire(a.now())
	var errs []error
	seen := map[party.ID]bool{}
	for _, id := range append(a.places.Keys(), a.roster.Attendance.IDs()...) {
		if !seen[id] {
			seen[id] = true
			errs = append(errs, a.settle(ctx, id, party.Session{}))
		}
	}
	for _, s := range a.roster.Attendance.Missing() {
		if alive, err := a.roster.Alive(s); err == nil && !alive {
			a.dropped(s)
		}
	}
	a.sweeping.Lock()
	defer a.sweeping.Unlock()
	for _, collection := range []string{recordsCollection, oldKicksCollection, oldSeatsCollection} {
		errs = append(errs, a.sweepPages(ctx, collection, a.sweepRecord))
	}
	return errors.Join(append(errs, a.sweepPages(ctx, awayCollection, a.sweepAway))...)
}

// sweepPages looks at the objects of a collection, once round or until the time is used up.
// The caller holds sweeping.
func (a *Admission) sweepPages(ctx context.Context, collection string, look func(context.Context, *api.StorageObject) (remove bool, err error)) error {
	var errs []error
	for began := a.now(); a.now().Sub(began) < sweepTime; {
		errs = append(errs, a.sweepPage(ctx, collection, look))
		if a.cursors[collection] == "" {
			break
		}
	}
	return errors.Join(errs...)
}

func (a *Admission) sweepPage(ctx context.Context, collection string, look func(context.Context, *api.StorageObject) (remove bool, err error)) error {
	objects, next, err := a.store.storage.StorageList(ctx, "", party.SystemUser, collection, sweepPage, a.cursors[collection])
	if err != nil {
		delete(a.cursors, collection)
		return fmt.Errorf("list %s: %w", collection, err)
	}
	a.cursors[collection] = next
	var errs []error
	for _, o := range objects {
		remove, err := look(ctx, o)
		errs = append(errs, err)
		if remove { // another version means that it is needed again
			errs = append(errs, a.store.storage.StorageDelete(ctx, []*runtime.StorageDelete{{Collection: collection, Key: o.Key, Version: o.Version}}))
		}
	}
	return errors.Join(errs...)
}

// sweepRecord removes the records of parties that have ended, and reports seats as lost
// whose own node did not.
func (a *Admission) sweepRecord(ctx context.Context, o *api.StorageObject) (remove bool, err error) {
	id, err := reserve.PartyOf(o.Value)
	if err != nil {
		return false, nil //nolint:nilerr // an object nobody here has written
	}
	record := reserve.NewRecord()
	if err := record.Add(id, o.Value); err != nil {
		return false, nil
	}
	native := id
	if !record.Native.IsZero() {
		native = record.Native
	}
	members, err := a.roster.Members(native)
	if err != nil {
		return false, err
	}
	waits := record.Away && slices.ContainsFunc(slices.Collect(maps.Values(record.Seats)), func(s party.Seat) bool { return a.now().Before(s.Until) })
	if len(members) == 0 && !waits && !a.outlives(record) || record.Empty() {
		if users := slices.Collect(maps.Keys(record.Members)); len(users) > 0 {
			return false, a.store.change(ctx, id, users, reserve.Record.Clear)
		}
		return true, nil
	}
	var errs []error
	for user, seat := range record.Seats {
		if seat.Until.Add(lateReport).Before(a.now()) {
			errs = append(errs, a.current(ctx, id, func(v *visit) error {
				if lives, err := v.lives(); !lives {
					return err
				}
				if k := v.book.Kept[user]; k != nil && k.Overdue {
					return v.endKept(k, party.SeatLost)
				}
				return nil
			}))
		}
	}
	return false, errors.Join(errs...)
}

// sweepAway removes what users no longer need.
func (a *Admission) sweepAway(_ context.Context, o *api.StorageObject) (remove bool, err error) {
	var r awayRecord
	if err := json.Unmarshal([]byte(o.Value), &r); err != nil {
		return true, nil
	}
	for _, until := range r.Parties {
		if until > party.Nanos(a.now()) {
			return false, nil
		}
	}
	return true, nil
}
