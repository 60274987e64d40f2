package invite

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

const (
	// Retention is how long the record of an invite stays after its expiry: for so long
	// the code answers InviteExpired or InviteRevoked and not InviteNotFound.
	Retention = 72 * time.Hour

	sweepBudget = 20 * time.Second // how long one call looks at invites
)

// Sweep deletes the notifications of invites that have ended, invites that ended longer than [Retention] ago, and what admission
// keeps of parties that are gone. It looks for a bounded time and goes on from there the
// next time; call it every minute or so.
func (s *Service) Sweep(ctx context.Context) (removed int, err error) {
	s.sweeping.Lock()
	defer s.sweeping.Unlock()
	var failed failures
	failed.add(s.Admission.Sweep(ctx))
	failed.add(s.sweepNotices(ctx))
	for began := s.Now(); s.Now().Sub(began) < sweepBudget; {
		objects, next, err := s.Store.list(ctx, s.cursor)
		if err != nil {
			s.cursor, s.seen = "", 0
			failed.add(err)
			break
		}
		for _, o := range objects {
			var r record
			if err := json.Unmarshal([]byte(o.GetValue()), &r); err != nil {
				failed.add(fmt.Errorf("invite not read: %w", err))
				continue
			}
			if !r.ended(s.Now()) && !r.exhausted() {
				s.seen++
			}
			if s.Now().Before(r.expiresAt().Add(Retention)) {
				continue
			}
			if err := s.Store.remove(ctx, o, &r); err != nil {
				failed.add(err) // somebody has just written it, or storage fails: the next round gets it
				continue
			}
			removed++
		}
		s.cursor = next
		if next == "" {
			s.live.Store(int64(s.seen))
			s.seen = 0
			break
		}
	}
	return removed, failed.err()
}

// failures keeps the first error and counts the others: whatever spoils one record may
// spoil a thousand of them.
type failures struct {
	first error
	more  int
}

func (f *failures) add(err error) {
	switch {
	case err == nil:
	case f.first == nil:
		f.first = err
	default:
		f.more++
	}
}

func (f *failures) err() error {
	if f.more == 0 {
		return f.first
	}
	return fmt.Errorf("%w (and %d failures more)", f.first, f.more)
}
