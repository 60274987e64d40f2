package invite

import (
	"context"
	"time"

	"partyline/internal/caught"
	"partyline/party"
)

// Refunds that storage does not take are tried again, ever more seldom, until it does.
const (
	refundTimeout = 5 * time.Second
	refundFirst   = 100 * time.Millisecond
	refundLongest = 30 * time.Second
)

// refund gives a claim back, now or in the background. It does so even if the caller
// has gone away meanwhile, or panics. The caller has the turn.
func (s *Service) refund(ctx context.Context, key, user string, seq int64) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), refundTimeout)
	defer cancel()
	if err := s.giveBack(ctx, key, user, seq); err != nil {
		s.background(func() { s.refundLater(key, user, seq) })
	}
}

func (s *Service) refundLater(key, user string, seq int64) {
	for wait := refundFirst; pause(s.ctx, wait) == nil; wait = min(2*wait, refundLongest) {
		err := s.tryRefund(key, user, seq)
		if err == nil {
			return
		}
		s.Logger.Warn("invite use not given back yet user=%s error=%v", user, err)
	}
}

// tryRefund is one try of the background's.
func (s *Service) tryRefund(key, user string, seq int64) error {
	ctx, cancel := context.WithTimeout(s.ctx, refundTimeout)
	defer cancel()
	end, err := s.take(ctx, key)
	if err != nil {
		return err
	}
	defer end()
	s.Store.kept.Drop(key) // may be from before a claim that was written late
	return s.giveBack(ctx, key, user, seq)
}

// giveBack may be repeated: it leaves alone a claim that is not there, or not this one. A panic
// is an error here, for nobody else recovers in the background.
func (s *Service) giveBack(ctx context.Context, key, user string, seq int64) (err error) {
	defer caught.As(&err, "refund")
	_, err = s.Store.change(ctx, key, func(r *record) error {
		if !r.refund(user, seq) {
			return errUnchanged
		}
		return nil
	})
	if party.ReasonOf(err) == party.InviteNotFound {
		return nil
	}
	return err
}
