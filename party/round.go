package party

import (
	"context"
	"fmt"
	"time"

	"github.com/heroiclabs/nakama-common/api"
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
func (r *Round) Go(ctx context.Context, within time.Duration, look func(*api.StorageObject) error) (first error) {
	more := 0
	for began := r.Now(); ; {
		objects, next, err := r.Storage.StorageList(ctx, "", SystemUser, r.Collection, roundPage, r.cursor)
		if err != nil {
			r.cursor = ""
			return fmt.Errorf("list %s: %w", r.Collection, err)
		}
		for _, o := range objects {
			switch err := look(o); {
			case err == nil:
			case first == nil:
				first = err
			default:
				more++
			}
		}
		if r.cursor = next; next == "" || r.Now().Sub(began) >= within {
			break
		}
	}
	if more > 0 {
		return fmt.Errorf("%w (and %d failures more)", first, more)
	}
	return first
}
