package invite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/heroiclabs/nakama-common/api"
)

const (
	// Retention is how long the record of an invite stays after its expiry: for so long
	// the code answers InviteExpired or InviteRevoked and not InviteNotFound.
	Retention = 72 * time.Hour

	sweepBudget = 20 * time.Second // how long one call looks at the objects of one collection
)

// Sweep deletes the notifications of invites that have ended, invites that ended longer than
// [Retention] ago, and what the ledger keeps of parties that are gone. Its time is bounded, and
// the next call goes on from there: call it soon again where more says that there is work left.
func (s *Service) Sweep(ctx context.Context) (removed int, more bool, err error) {
	s.sweeping.Lock()
	defer s.sweeping.Unlock()
	err = errors.Join(s.Admission.Sweep(ctx), s.sweepNotices(ctx), s.sweepOrphans(ctx), s.records.Pages(ctx, sweepBudget, func(page []*api.StorageObject) error {
		n, err := s.sweepPage(ctx, page)
		removed += n
		return err
	}))
	if s.records.Done() {
		s.live.Store(int64(s.seen))
		s.seen = 0
	}
	return removed, removed > 0 && !s.records.Done(), err
}

// sweepPage deletes those whose time is over, all or none. No write of them meanwhile gives them more time.
func (s *Service) sweepPage(ctx context.Context, page []*api.StorageObject) (removed int, err error) {
	dead := map[string]*record{}
	for _, o := range page {
		r, unread := decode(o)
		if unread != nil {
			err = unread
			continue
		}
		if !r.ended(s.Now()) && !r.exhausted() {
			s.seen++
		}
		if r.forgotten(s.Now()) {
			dead[o.GetKey()] = r
		}
	}
	if len(dead) == 0 {
		return 0, err
	}
	if failed := s.Store.discard(ctx, dead); failed != nil {
		return 0, fmt.Errorf("invites not deleted: %w", failed)
	}
	return len(dead), err
}
