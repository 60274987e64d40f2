package invite

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/heroiclabs/nakama-common/api"

	"partyline/party"
)

const (
	// Retention is how long the record of an invite stays after the expiry. During that time the code is refused with
	// InviteExpired or InviteRevoked, and not with InviteNotFound.
	Retention = 72 * time.Hour

	sweepBudget = 20 * time.Second // time limit for one call and one collection
)

// sweeper deletes what is left of ended invites. Safe for concurrent use.
type sweeper struct {
	*resolver
	notices *notices
	index   *index

	mu      sync.Mutex          // one sweep at a time
	records *party.Round        // guarded by mu
	seen    int                 // live invites found so far in this round; guarded by mu
	live    atomic.Pointer[int] // live invites of the last full round; nil before
}

// Sweep deletes the notifications of ended invites, invites that ended longer than [Retention] ago, and what the
// ledger stores about parties that have ended. Its time is bounded, and the next call continues where it stopped. If
// more is true, call it again soon.
func (s *sweeper) Sweep(ctx context.Context) (removed int, more bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	others := errors.Join(s.Admission.Sweep(ctx), s.notices.sweep(ctx, s.over))
	err = s.records.Pages(ctx, sweepBudget, func(page []*api.StorageObject) error {
		n, err := s.sweepPage(ctx, page)
		removed += n
		return err
	})
	if s.records.Done() {
		if seen := s.seen; err == nil {
			s.live.Store(&seen)
		}
		s.seen = 0
	}
	return removed, removed > 0 && !s.records.Done(), errors.Join(others, err)
}

// sweepPage deletes the records of a page that need not be kept any longer, all or none. It leaves broken ones. A
// concurrent write cannot make a record needed again.
func (s *sweeper) sweepPage(ctx context.Context, page []*api.StorageObject) (removed int, err error) {
	dead := map[string]*record{}
	for _, o := range page {
		r, unread := s.Store.decode(o)
		if unread != nil {
			continue
		}
		if !r.ended(s.Now()) && !r.exhausted() {
			s.seen++
		}
		firstRound := s.live.Load() == nil
		switch {
		case !s.Now().Before(r.expiresAt().Add(Retention)):
			dead[o.GetKey()] = r
		case firstRound: // also of an invite that is over: its party may have ended with an earlier process
			s.index.adopt(r.partyID())
		}
	}
	if len(dead) == 0 {
		return 0, nil
	}
	if failed := s.Store.discard(ctx, dead); failed != nil {
		return 0, fmt.Errorf("invites not deleted: %w", failed)
	}
	return len(dead), nil
}

// over reports whether no further user can use an invite.
func (s *sweeper) over(ctx context.Context, key string) (bool, error) {
	r, err := s.Store.readCached(ctx, key)
	switch {
	case party.ReasonOf(err) == party.InviteNotFound:
		return true, nil
	case err != nil:
		return false, err
	case r.ended(s.Now()) || r.spent():
		return true, nil
	}
	return s.leadsNowhere(ctx, r)
}

// LiveCount returns how many invites had not ended in the last full round of the sweep. known is false before that.
func (s *sweeper) LiveCount() (n int, known bool) {
	live := s.live.Load()
	if live == nil {
		return 0, false
	}
	return *live, true
}
