package invite

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"partyline/party"
)

// attempts bounds how often a record is written again after another node was faster.
const attempts = 12

// turn is one writer's time with an invite. The writers on this node take turns, so that only
// other nodes can make a compare-and-set fail, and what one has written is handed on to the
// next, so that a crowd reads the record once.
type turn struct {
	store *Store
	key   string
	found // the record as last known
}

// found is a record as storage had it; the zero value is not known.
type found struct {
	rec     *record
	version string
}

// take waits for the invite's turn. known is the record as the caller has read it
// before, if it has. The caller ends the turn.
func (s *Service) take(ctx context.Context, key string, known found) (t *turn, end func(), err error) {
	t, end, err = s.turns.Lock(ctx, key)
	if err != nil {
		return nil, nil, fmt.Errorf("wait for the invite: %w", err)
	}
	if t.rec == nil { // else a writer just before us knows better
		t.found = known
	}
	return t, end, nil
}

// change takes a turn with the record of key.
func (s *Service) change(ctx context.Context, key string, known found, change func(*record) error) (*record, error) {
	t, end, err := s.take(ctx, key, known)
	if err != nil {
		return nil, err
	}
	defer end()
	return t.change(ctx, change)
}

// errUnchanged, from a change, means that there is nothing to write.
var errUnchanged = errors.New("nothing to change")

// unsure wraps the error of a write that may have been done all the same.
type unsure struct{ error }

func (u unsure) Unwrap() error { return u.error }

// change applies a change to the record by compare-and-set, on a fresh copy each time
// another node was faster. A refusal of the change counts only on a record that was
// read now. The answer is the record as written, or as it was for errUnchanged. Errors:
// the change's own, Conflict, or unsure around what storage said.
func (t *turn) change(ctx context.Context, change func(*record) error) (*record, error) {
	for attempt := range attempts {
		fresh := t.rec == nil
		if fresh {
			var err error
			if t.found, err = t.store.read(ctx, t.key); err != nil {
				return nil, err
			}
		}
		next := t.rec.clone()
		if err := change(next); errors.Is(err, errUnchanged) {
			return t.rec, nil
		} else if err != nil {
			if fresh {
				return nil, err
			}
			t.found = found{}
			continue
		}
		before := t.version
		t.found = found{} // which it is again only once the write is known to be done
		written, err := t.store.write(ctx, t.key, next, before)
		if err == nil {
			t.found = written
			return next, nil
		}
		if !errors.Is(err, errLost) {
			return nil, unsure{err}
		}
		if err := pause(ctx, time.Duration(rand.Int64N(int64(attempt+1)*int64(time.Millisecond)+1))); err != nil {
			return nil, err
		}
	}
	return nil, errCrowded()
}

// errCrowded refuses after too many lost races.
func errCrowded() error {
	return party.Refuse(party.Conflict, "Too many changes at once, please try again.")
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
