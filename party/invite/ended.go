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

// remember notes that this process has made invites for a party.
func (s *Service) remember(origin party.ID) {
	s.madeMu.Lock()
	defer s.madeMu.Unlock()
	s.made[origin] = struct{}{}
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
		if err = s.Store.unindex(ctx, origin); err == nil {
			s.madeMu.Lock()
			delete(s.made, origin)
			s.madeMu.Unlock()
			return
		}
	}
	s.Logger.Warn("invites of an ended party are still indexed party=%s error=%v", origin, err)
	s.ends.Set(origin, s.Now().Add(unindexRetry))
}

// unindex deletes what finds the invites of a party, a page at a time.
func (s *Store) unindex(ctx context.Context, origin party.ID) error {
	for {
		index, _, err := s.storage.StorageList(ctx, "", party.SystemUser, indexOf(origin), page, "")
		if err != nil || len(index) == 0 {
			return err
		}
		keys := make([]string, len(index))
		for i, o := range index {
			var p pointer
			if err := json.Unmarshal([]byte(o.GetValue()), &p); err != nil {
				return fmt.Errorf("invite's ID not read: %w", err)
			}
			keys[i] = p.Key
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
	records, err := s.Store.records(ctx, keys)
	if err != nil {
		return err
	}
	for _, r := range records {
		gone, err := s.leadsNowhere(ctx, r)
		if err != nil {
			return err
		}
		if origin, err := r.partyID(); gone && err == nil {
			if err := s.Store.unindex(ctx, origin); err != nil {
				return fmt.Errorf("invite not taken out of the indexes: %w", err)
			}
		}
	}
	return nil
}
