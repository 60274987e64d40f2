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

// take waits for the caller's turn with an invite, which it ends. Writers on this node take turns,
// so that only other nodes can make a compare-and-set fail, and a crowd reads the record once: each
// finds in the store what the one before has written.
func (s *Store) take(ctx context.Context, key string) (end func(), err error) {
	if end, err = s.turns.Lock(ctx, key); err != nil {
		return nil, fmt.Errorf("wait for the invite: %w", err)
	}
	return end, nil
}

// change takes a turn with the record of key.
func (s *Store) change(ctx context.Context, key string, change func(*record) error) (*record, error) {
	end, err := s.take(ctx, key)
	if err != nil {
		return nil, err
	}
	defer end()
	return s.changeNow(ctx, key, change)
}

// errUnchanged, from a change, means that there is nothing to write.
var errUnchanged = errors.New("nothing to change")

// unsure wraps the error of a write that may have been done all the same.
type unsure struct{ error }

func (u unsure) Unwrap() error { return u.error }

// changeNow applies a change to the record by compare-and-set, on a fresh copy each time
// another node was faster. A refusal of the change counts only on a record that was
// read now. The answer is the record as written, or as it was for errUnchanged. Errors:
// the change's own, Conflict, or unsure around what storage said. The caller has the turn.
func (s *Store) changeNow(ctx context.Context, key string, change func(*record) error) (*record, error) {
	read := s.lately
	refused := false
	for attempt := range attempts {
		f, err := read(ctx, key)
		if err != nil {
			return nil, err
		}
		next := f.rec.clone()
		if err := change(next); errors.Is(err, errUnchanged) {
			return f.rec, nil
		} else if err != nil {
			if refused {
				return nil, err
			}
			read, refused = s.read, true
			continue
		}
		err = s.write(ctx, key, next, f.version)
		if err == nil {
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
