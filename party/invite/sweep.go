package invite

import (
	"context"
	"encoding/json"
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
// [Retention] ago, and what the ledger keeps of parties that are gone. It looks for a bounded
// time and goes on from there the next time; call it every minute or so.
func (s *Service) Sweep(ctx context.Context) (removed int, err error) {
	s.sweeping.Lock()
	defer s.sweeping.Unlock()
	err = errors.Join(s.Admission.Sweep(ctx), s.sweepNotices(ctx), s.sweepOrphans(ctx), s.records.Go(ctx, sweepBudget, func(o *api.StorageObject) error {
		var r record
		if err := json.Unmarshal([]byte(o.GetValue()), &r); err != nil {
			return fmt.Errorf("invite not read: %w", err)
		}
		if !r.ended(s.Now()) && !r.exhausted() {
			s.seen++
		}
		if s.Now().Before(r.expiresAt().Add(Retention)) {
			return nil
		}
		err := s.Store.remove(ctx, o, &r)
		if err == nil { // else somebody has just written it, or storage fails: the next round gets it
			removed++
		}
		return err
	}))
	if s.records.Done() {
		s.live.Store(int64(s.seen))
		s.seen = 0
	}
	return removed, err
}
