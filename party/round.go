package party

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"
)

// roundPage is how many objects a round reads at once.
const roundPage = 100

// Round goes through all objects of one of the module's collections, for a bounded time per call. The next call
// continues where the last one ended. Only one call may run at a time.
type Round struct {
	Storage    Storage
	Now        Clock
	Collection string

	cursor string
}

// Done reports whether the last call reached the end.
func (r *Round) Done() bool { return r.cursor == "" }

// Go calls look with each object until the end of the collection, or until the time is used up. Its error is the first
// error of look. A broken record is no error: look has logged it, and only an operator can help.
func (r *Round) Go(ctx context.Context, within time.Duration, look func(*api.StorageObject) error) error {
	return r.Pages(ctx, within, func(page []*api.StorageObject) (failed error) {
		for _, o := range page {
			failed = cmp.Or(failed, UnlessBroken(look(o)))
		}
		return failed
	})
}

// Pages is Go by page: look gets all objects of one read.
func (r *Round) Pages(ctx context.Context, within time.Duration, look func([]*api.StorageObject) error) (failed error) {
	for began := r.Now(); ; {
		page, next, err := r.Storage.StorageList(ctx, "", SystemUser, r.Collection, roundPage, r.cursor)
		if err != nil {
			r.cursor = ""
			return errors.Join(failed, fmt.Errorf("list %s: %w", r.Collection, err))
		}
		failed = cmp.Or(failed, look(page))
		if r.cursor = next; next == "" || r.Now().Sub(began) >= within {
			return failed
		}
	}
}

// Remove deletes an object if it still has the version that look got; otherwise it does nothing.
func (r *Round) Remove(ctx context.Context, o *api.StorageObject) error {
	err := r.Storage.StorageDelete(ctx, []*runtime.StorageDelete{{Collection: o.GetCollection(), Key: o.GetKey(), Version: o.GetVersion()}})
	if err == nil {
		return nil
	}
	// A rejected delete has no typed error, so read the object again.
	now, readErr := r.Storage.StorageRead(ctx, []*runtime.StorageRead{{Collection: o.GetCollection(), Key: o.GetKey()}})
	if readErr == nil && (len(now) == 0 || now[0].GetVersion() != o.GetVersion()) {
		return nil
	}
	return fmt.Errorf("delete from %s: %w", r.Collection, err)
}
