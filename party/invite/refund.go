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

// refunds give uses back.
type refunds struct {
	store  *Store
	tasks  *tasks
	logger party.Logger
}

// give gives a claim back, now or in the background. It does so even if the caller
// has gone away meanwhile, or panics. The caller has the turn.
func (r *refunds) give(ctx context.Context, key, user string, seq int64) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), refundTimeout)
	defer cancel()
	if err := r.tryNow(ctx, key, user, seq); err != nil {
		r.tasks.begin(func() { r.later(key, user, seq) })
	}
}

func (r *refunds) later(key, user string, seq int64) {
	for wait := refundFirst; pause(r.tasks.ctx, wait) == nil; wait = min(2*wait, refundLongest) {
		err := r.try(key, user, seq)
		if err == nil {
			return
		}
		r.logger.Warn("invite use not given back yet user=%s error=%v", user, err)
	}
}

// try is one try of the background's.
func (r *refunds) try(key, user string, seq int64) error {
	ctx, cancel := context.WithTimeout(r.tasks.ctx, refundTimeout)
	defer cancel()
	end, err := r.store.take(ctx, key)
	if err != nil {
		return err
	}
	defer end()
	r.store.kept.Drop(key) // may be from before a claim that was written late
	return r.tryNow(ctx, key, user, seq)
}

// tryNow may be repeated: it leaves alone a claim that is not there, or not this one. A panic
// is an error here, for nobody else recovers in the background.
func (r *refunds) tryNow(ctx context.Context, key, user string, seq int64) (err error) {
	defer caught.As(&err, "refund")
	_, err = r.store.changeNow(ctx, key, func(i *record) error {
		if !i.refund(user, seq) {
			return errUnchanged
		}
		return nil
	})
	if party.ReasonOf(err) == party.InviteNotFound {
		return nil
	}
	return err
}
