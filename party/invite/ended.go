package invite

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
	"partyline/party/reserve"
)

// An invite is three objects in storage: its record, and two that find it by its ID and by
// its party. Those two go when the party ends. The record stays, so that the link still says
// what has become of it, and so does the ID of an invite that follows its inviter.

const (
	unindexAfter   = reserve.PendingTTL + time.Second // a native join on its way may keep a party alive
	unindexRetry   = time.Minute
	unindexTimeout = 10 * time.Second
	orphansAtOnce  = 100
)

// remember notes what this process has made for a party.
func (s *Service) remember(origin party.ID, r *record) {
	s.madeMu.Lock()
	defer s.madeMu.Unlock()
	s.made[origin] = append(s.made[origin], made{r.ID, r.Follow})
}

// made is an invite in the indexes.
type made struct {
	id      string
	follows bool
}

// changed handles the end of a party.
func (s *Service) changed(c party.Change) {
	if c.Kind != party.PartyEnded {
		return
	}
	s.madeMu.Lock()
	_, made := s.made[c.Was]
	s.madeMu.Unlock()
	if made {
		s.ends.Set(c.Was, s.Now().Add(unindexAfter))
	}
}

// unindex takes the invites of a party that has ended out of the indexes.
func (s *Service) unindex(origin party.ID) {
	ctx, cancel := context.WithTimeout(context.Background(), unindexTimeout)
	defer cancel()
	_, err := s.Admission.Look(ctx, origin)
	switch party.ReasonOf(err) {
	case "", party.PartyAway: // it lives
		return
	case party.PartyNotFound:
		s.madeMu.Lock()
		gone := s.made[origin]
		delete(s.made, origin)
		s.madeMu.Unlock()
		if err = s.Store.unindex(ctx, origin, gone...); err == nil {
			return
		}
		s.madeMu.Lock()
		s.made[origin] = append(s.made[origin], gone...)
		s.madeMu.Unlock()
	}
	s.Logger.Warn("invites of an ended party are still indexed party=%s error=%v", origin, err)
	s.ends.Set(origin, s.Now().Add(unindexRetry))
}

// unindex deletes what finds these invites, all of it or nothing.
func (s *Store) unindex(ctx context.Context, origin party.ID, gone ...made) error {
	var deletes []*runtime.StorageDelete
	for _, m := range gone {
		deletes = append(deletes, &runtime.StorageDelete{Collection: indexOf(origin), Key: m.id})
		if !m.follows {
			deletes = append(deletes, &runtime.StorageDelete{Collection: idsCollection, Key: m.id})
		}
	}
	if len(deletes) == 0 {
		return nil
	}
	return s.storage.StorageDelete(ctx, deletes)
}

// sweepOrphans does the same for what processes before this one have left behind, once after
// the start.
func (s *Service) sweepOrphans(ctx context.Context) error {
	if s.orphans == nil {
		return nil
	}
	var keys []string
	err := s.orphans.Go(ctx, sweepBudget, func(o *api.StorageObject) error {
		var p pointer
		if err := json.Unmarshal([]byte(o.GetValue()), &p); err != nil {
			return fmt.Errorf("invite's ID not read: %w", err)
		}
		if keys = append(keys, p.Key); len(keys) < orphansAtOnce {
			return nil
		}
		some := keys
		keys = nil
		return s.unindexOrphans(ctx, some)
	})
	if err == nil {
		err = s.unindexOrphans(ctx, keys)
	}
	if err == nil && s.orphans.Done() {
		s.orphans = nil
	}
	return err
}

func (s *Service) unindexOrphans(ctx context.Context, keys []string) error {
	reads := make([]*runtime.StorageRead, len(keys))
	for i, key := range keys {
		reads[i] = &runtime.StorageRead{Collection: invitesCollection, Key: key}
	}
	objects, err := s.Store.storage.StorageRead(ctx, reads)
	if err != nil {
		return fmt.Errorf("read invites: %w", err)
	}
	for _, o := range objects {
		r := &record{}
		if err := json.Unmarshal([]byte(o.GetValue()), r); err != nil {
			return fmt.Errorf("invite not read: %w", err)
		}
		gone, err := s.leadsNowhere(ctx, r)
		if err != nil {
			return err
		}
		if origin, err := r.partyID(); gone && err == nil {
			if err := s.Store.unindex(ctx, origin, made{id: r.ID}); err != nil {
				return fmt.Errorf("invite not taken out of the indexes: %w", err)
			}
		}
	}
	return nil
}
