package invite

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/internal/alarm"
	"partyline/party"
	"partyline/party/reserve"
)

// When a party ends, the two objects that find its invites by ID and by party go. Their records
// stay, so that the links still say what has become of them, and so does the ID of an invite that
// follows its inviter.

const (
	unindexAfter   = reserve.PendingTTL + time.Second // a native join on its way may keep a party alive
	unindexRetry   = time.Minute
	unindexTimeout = 10 * time.Second
)

// index finds invites by their IDs and parties. Safe for concurrent use, but for sweep.
type index struct {
	routes
	store   *Store
	logger  party.Logger
	made    sync.Map // by party, at its beginning: this process has made invites for it, or found them
	ends    *alarm.Alarms[party.ID]
	orphans *party.Round // nil once it is done
}

func newIndex(to routes, store *Store, logger party.Logger) *index {
	x := &index{routes: to, store: store, logger: logger, orphans: store.round(idsCollection)}
	x.ends = alarm.New(to.now, logger, "invites of an ended party are still indexed party=", x.unindex)
	return x
}

// add has the invites of a party followed to its end.
func (x *index) add(origin party.ID) { x.made.Store(origin, nil) }

// end takes the invites of a party that has just ended out soon.
func (x *index) end(origin party.ID) {
	if _, made := x.made.Load(origin); made {
		x.ends.Set(origin, x.now().Add(unindexAfter))
	}
}

// unindex takes the invites of a party that has ended out of the indexes.
func (x *index) unindex(origin party.ID) {
	ctx, cancel := context.WithTimeout(context.Background(), unindexTimeout)
	defer cancel()
	gone, err := x.gone(ctx, origin)
	if err == nil && gone {
		err = x.store.unindex(ctx, origin)
	}
	if err == nil {
		if gone {
			x.made.Delete(origin)
		}
		return
	}
	x.logger.Warn("invites of an ended party are still indexed party=%s error=%v", origin, err)
	x.ends.Set(origin, x.now().Add(unindexRetry))
}

// unindex deletes what finds the invites of a party, a page at a time.
func (s *Store) unindex(ctx context.Context, origin party.ID) error {
	for {
		index, _, err := s.storage.StorageList(ctx, "", party.SystemUser, indexOf(origin), page, "")
		if err != nil || len(index) == 0 {
			return err
		}
		keys, err := keysOf(index)
		if err != nil {
			return err
		}
		records, err := s.records(ctx, keys)
		if err != nil {
			return err
		}
		follows := map[string]bool{}
		for _, r := range records {
			follows[r.ID] = r.Follow
		}
		var deletes []*runtime.StorageDelete
		for _, o := range index {
			deletes = append(deletes, &runtime.StorageDelete{Collection: indexOf(origin), Key: o.GetKey()})
			if !follows[o.GetKey()] {
				deletes = append(deletes, &runtime.StorageDelete{Collection: idsCollection, Key: o.GetKey()})
			}
		}
		if err := s.storage.StorageDelete(ctx, deletes); err != nil {
			return err
		}
	}
}

// keysOf are the keys of the records that index entries lead to.
func keysOf(index []*api.StorageObject) ([]string, error) {
	keys := make([]string, len(index))
	for i, o := range index {
		var p pointer
		if err := json.Unmarshal([]byte(o.GetValue()), &p); err != nil {
			return nil, fmt.Errorf("invite's ID not read: %w", err)
		}
		keys[i] = p.Key
	}
	return keys, nil
}

// sweep does the same for what processes before this one have left behind, once after
// the start.
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
	keys, err := keysOf(ids)
	if err != nil {
		return err
	}
	records, err := x.store.records(ctx, keys)
	if err != nil {
		return err
	}
	done := map[party.ID]bool{}
	for _, r := range records {
		origin, err := r.partyID()
		if err != nil || done[origin] || r.forgotten(x.now()) { // the sweep deletes all of it
			continue
		}
		done[origin] = true
		x.add(origin) // also of one that lives on: its end is followed from now on
		gone, err := x.gone(ctx, origin)
		if err == nil && gone {
			x.made.Delete(origin)
			err = x.store.unindex(ctx, origin)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
