package party

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"
)

// roundPage is how many objects a round reads at once.
const roundPage = 100

// Round goes through all objects of one of the module's collections, for a bounded time a
// call; the next call goes on where the last one ended. One call at a time.
type Round struct {
	Storage    Storage
	Now        Clock
	Collection string

	cursor string
}

// Done reports whether the last call has come to the end.
func (r *Round) Done() bool { return r.cursor == "" }

// Go passes objects to look, once round or until the time is used up. Its error is the first
// of look's, with a count of the others: what spoils one object may spoil a thousand of them.
func (r *Round) Go(ctx context.Context, within time.Duration, look func(*api.StorageObject) error) error {
	var failed failures
	err := r.Pages(ctx, within, func(page []*api.StorageObject) error {
		for _, o := range page {
			failed.add(look(o))
		}
		return nil
	})
	return errors.Join(failed.err(), err)
}

// Pages is Go with as many objects at once as are read at once.
func (r *Round) Pages(ctx context.Context, within time.Duration, look func([]*api.StorageObject) error) error {
	var failed failures
	for began := r.Now(); ; {
		page, next, err := r.Storage.StorageList(ctx, "", SystemUser, r.Collection, roundPage, r.cursor)
		if err != nil {
			r.cursor = ""
			return errors.Join(failed.err(), fmt.Errorf("list %s: %w", r.Collection, err))
		}
		failed.add(look(page))
		if r.cursor = next; next == "" || r.Now().Sub(began) >= within {
			return failed.err()
		}
	}
}

// failures are the first one, and how many came after it.
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

// Remove deletes an object as it was passed to look. It is no failure where somebody has
// written or deleted the object since.
func (r *Round) Remove(ctx context.Context, o *api.StorageObject) error {
	err := r.Storage.StorageDelete(ctx, []*runtime.StorageDelete{{Collection: o.GetCollection(), Key: o.GetKey(), Version: o.GetVersion()}})
	if err == nil {
		return nil
	}
	// A rejected delete is an error like any other, so look what is there.
	now, readErr := r.Storage.StorageRead(ctx, []*runtime.StorageRead{{Collection: o.GetCollection(), Key: o.GetKey()}})
	if readErr == nil && (len(now) == 0 || now[0].GetVersion() != o.GetVersion()) {
		return nil
	}
	return fmt.Errorf("delete from %s: %w", r.Collection, err)
}
