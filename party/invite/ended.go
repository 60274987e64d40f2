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

// When a party ends, the two objects that find its invites by ID and by party go. Their records
// stay, so that the links still say what has become of them, and so does the ID of an invite that
// follows its inviter.

const (
	unindexAfter   = reserve.PendingTTL + time.Second // a native join on its way may keep a party alive
	unindexRetry   = time.Minute
	unindexTimeout = 10 * time.Second
)

// changed follows what becomes of the party.
func (s *Service) changed(c party.Change) {
	switch c.Kind {
	case party.HoldsOver:
		s.background(func() {
			for _, inviteID := range c.Invites {
				s.unhold(c.ID, inviteID)
			}
		})
	case party.PartyEnded:
		if _, made := s.made.Load(c.Was); made {
			s.ends.Set(c.Was, s.Now().Add(unindexAfter))
		}
	}
}

// unhold has storage know that an invite holds no seat any more.
func (s *Service) unhold(id party.ID, inviteID string) {
	ctx, cancel := context.WithTimeout(context.Background(), refundTimeout)
	defer cancel()
	key, _, err := s.find(ctx, party.Caller{}, inviteID, "")
	if err == nil {
		_, err = s.change(ctx, key, func(r *record) error {
			if !r.Hold {
				return errUnchanged
			}
			r.Hold = false
			return nil
		})
	}
	if err != nil && party.ReasonOf(err) != party.InviteNotFound {
		s.Logger.Warn("invite holds a seat that nobody needs party=%s invite=%s error=%v", id, inviteID, err)
		return
	}
	s.Admission.Release(id, inviteID) // somebody may have read it again meanwhile
	s.Admission.HoldsChanged(id, false)
}

// unindex takes the invites of a party that has ended out of the indexes.
func (s *Service) unindex(origin party.ID) {
	ctx, cancel := context.WithTimeout(context.Background(), unindexTimeout)
	defer cancel()
	gone, err := s.gone(ctx, origin)
	if err == nil && gone {
		err = s.Store.unindex(ctx, origin)
	}
	if err == nil {
		if gone {
			s.made.Delete(origin)
		}
		return
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

// sweepOrphans does the same for what processes before this one have left behind, once after
// the start.
func (s *Service) sweepOrphans(ctx context.Context) error {
	if s.orphans == nil {
		return nil
	}
	err := s.orphans.Pages(ctx, sweepBudget, func(ids []*api.StorageObject) error {
		if err := s.unindexOrphans(ctx, ids); err != nil {
			return fmt.Errorf("invites not taken out of the indexes: %w", err)
		}
		return nil
	})
	if err == nil && s.orphans.Done() {
		s.orphans = nil
	}
	return err
}

func (s *Service) unindexOrphans(ctx context.Context, ids []*api.StorageObject) error {
	keys, err := keysOf(ids)
	if err != nil {
		return err
	}
	records, err := s.Store.records(ctx, keys)
	if err != nil {
		return err
	}
	done := map[party.ID]bool{}
	for _, r := range records {
		origin, err := r.partyID()
		if err != nil || done[origin] || r.forgotten(s.Now()) { // the sweep deletes all of it
			continue
		}
		done[origin] = true
		s.made.Store(origin, nil) // also of one that lives on: its end is followed from now on
		gone, err := s.gone(ctx, origin)
		if err == nil && gone {
			s.made.Delete(origin)
			err = s.Store.unindex(ctx, origin)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// gone reports whether a party has ended.
func (s *Service) gone(ctx context.Context, id party.ID) (bool, error) {
	switch _, err := s.Admission.Look(ctx, id); party.ReasonOf(err) {
	case party.PartyNotFound:
		return true, nil
	case party.PartyAway:
		return false, nil
	default:
		return false, err
	}
}
