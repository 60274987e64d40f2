package invite

import (
	"context"
	"sync"
	"time"

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
// concurrent use.
type index struct {
	*resolver
	withInvites sync.Map // origins of parties for which this process has made or found invites
	ends        *alarm.Alarms[party.ID]
}

func newIndex(to *resolver) *index {
	x := &index{resolver: to}
	x.ends = alarm.New(to.Now, to.Logger, "invites of an ended party not removed from the indexes yet party=", x.unindexOrRetry)
	return x
}

// add remembers that a party has invites, so that the index is cleaned up when the party ends.
func (x *index) add(origin party.ID) { x.withInvites.Store(origin, nil) }

// adopt is add for a party whose invites an earlier process has made. The party may have ended with that process.
func (x *index) adopt(origin party.ID) {
	if _, known := x.withInvites.LoadOrStore(origin, nil); !known {
		x.unindexOrRetry(origin)
	}
}

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
		var keys []string
		for _, o := range index {
			if p, err := s.decodePointer(o); err == nil {
				keys = append(keys, p.Key)
			}
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
