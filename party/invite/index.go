package invite

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/internal/alarm"
	"partyline/party"
	"partyline/party/reserve"
)

// When a party ends, its invites are removed from the two indexes, by ID and by party. The records of the invites
// stay, so that the links still show what happened to them. The entry by ID also stays if an invite follows its
// inviter.

const (
	unindexAfter   = reserve.PendingTTL + time.Second // a pending join may keep the party alive
	unindexRetry   = time.Minute
	unindexTimeout = 10 * time.Second
)

// index follows the parties that have invites, and removes their invites from the indexes when they end. Safe for
// concurrent use, except sweep.
type index struct {
	*resolver
	withInvites sync.Map // origins of parties for which this process has made or found invites
	ends        *alarm.Alarms[party.ID]
	orphans     *party.Round // nil once it is done
}

func newIndex(to *resolver) *index {
	x := &index{resolver: to, orphans: to.Store.round(idsCollection)}
	x.ends = alarm.New(to.Now, to.Logger, "invites of an ended party not removed from the indexes yet party=", x.unindexOrRetry)
	return x
}

// add remembers that a party has invites, so that the index is cleaned up when the party ends.
func (x *index) add(origin party.ID) { x.withInvites.Store(origin, nil) }

// end schedules the removal of the invites of a party that has just ended.
func (x *index) end(origin party.ID) {
	if _, made := x.withInvites.Load(origin); made {
		x.ends.Set(origin, x.Now().Add(unindexAfter))
	}
}

// unindexOrRetry removes the invites of an ended party from the indexes, and tries again later if that fails.
func (x *index) unindexOrRetry(origin party.ID) {
	ctx, cancel := context.WithTimeout(context.Background(), unindexTimeout)
	defer cancel()
	if err := x.unindex(ctx, origin); err != nil {
		x.Logger.Warn("invites of an ended party not removed from the indexes yet party=%s error=%v", origin, err)
		x.ends.Set(origin, x.Now().Add(unindexRetry))
	}
}

// unindex removes the invites of a party from the indexes if the party has ended.
func (x *index) unindex(ctx context.Context, origin party.ID) error {
	_, err := x.Admission.Look(ctx, origin)
	if gone, err := partyEnded(err); err != nil || !gone {
		return err
	}
	err = x.Store.unindex(ctx, origin)
	if err == nil {
		x.withInvites.Delete(origin)
	}
	return err
}

// unindex deletes the index entries of a party's invites, one page at a time.
func (s *Store) unindex(ctx context.Context, origin party.ID) error {
	for {
		index, _, err := s.storage.StorageList(ctx, "", party.SystemUser, indexCollection(origin), page, "")
		if err != nil || len(index) == 0 {
			return err
		}
		records, err := s.recordsOf(ctx, index)
		if err != nil {
			return err
		}
		follows := map[string]bool{}
		for _, r := range records {
			follows[r.ID] = r.Follow
		}
		var deletes []*runtime.StorageDelete
		for _, o := range index {
			deletes = append(deletes, &runtime.StorageDelete{Collection: indexCollection(origin), Key: o.GetKey()})
			if !follows[o.GetKey()] {
				deletes = append(deletes, &runtime.StorageDelete{Collection: idsCollection, Key: o.GetKey()})
			}
		}
		if err := s.storage.StorageDelete(ctx, deletes); err != nil {
			return err
		}
	}
}

// sweep removes from the indexes what earlier processes left there. It runs once after the start.
func (x *index) sweep(ctx context.Context) error {
	if x.orphans == nil {
		return nil
	}
	err := x.orphans.Pages(ctx, sweepBudget, func(ids []*api.StorageObject) error {
		if err := x.unindexOrphans(ctx, ids); err != nil {
			return fmt.Errorf("invites not taken out of the indexes: %w", err)
		}
		return nil
	})
	if err == nil && x.orphans.Done() {
		x.orphans = nil
	}
	return err
}

func (x *index) unindexOrphans(ctx context.Context, ids []*api.StorageObject) error {
	records, err := x.Store.recordsOf(ctx, ids)
	if err != nil {
		return err
	}
	done := map[party.ID]bool{}
	for _, r := range records {
		origin := r.partyID()
		if done[origin] || r.deletable(x.Now()) { // the sweep of the records deletes all of it
			continue
		}
		done[origin] = true
		x.add(origin) // also if the party is alive: its end is then noticed
		if err := x.unindex(ctx, origin); err != nil {
			return err
		}
	}
	return nil
}
