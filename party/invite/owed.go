package invite

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/internal/bounded"
	"partyline/internal/caught"
	"partyline/party"
)

// What storage is owed, it has to do although the caller is told that it failed. A write that has failed may
// still be done later, for all its transaction tells; no read sees it, and no delete. Only another write of
// the same object waits for it, or is done in its place. So each of these writes first, and is tried again
// until it is done.
const (
	owedFirst   = 100 * time.Millisecond
	owedLongest = 30 * time.Second
)

// insist does what is owed, now or in the background, also if the caller has gone away or panics.
// There it drops first what is kept of the record: it may be from before a write that was done late.
func (to *routes) insist(ctx context.Context, key, what string, do func(ctx context.Context) error) {
	if try(context.WithoutCancel(ctx), do) == nil {
		return
	}
	to.tasks.begin(func() {
		for wait := owedFirst; bounded.Pause(to.tasks.ctx, wait) == nil; wait = min(2*wait, owedLongest) {
			err := try(to.tasks.ctx, func(ctx context.Context) error {
				end, err := to.Store.take(ctx, key)
				if err != nil {
					return err
				}
				defer end()
				to.Store.kept.Drop(key)
				return do(ctx)
			})
			if err == nil {
				return
			}
			to.Logger.Warn("invite not taken back yet what=%s error=%v", what, err)
		}
	})
}

const tryFor = 5 * time.Second

// try makes an error of a panic, for nobody else recovers in the background.
func try(ctx context.Context, do func(ctx context.Context) error) (err error) {
	defer caught.As(&err, "invite")
	ctx, cancel := context.WithTimeout(ctx, tryFor)
	defer cancel()
	return do(ctx)
}

// refund gives a claim back; it leaves alone one that is not there, or not this one. The caller has the turn.
func (to *routes) refund(ctx context.Context, key, user string, seq int64) {
	to.insist(ctx, key, "use by "+user, func(ctx context.Context) error {
		_, err := to.Store.changeNow(ctx, key, func(r *record) error {
			if !r.refund(user, seq) {
				r.Seq++ // to write all the same
			}
			return nil
		})
		if party.ReasonOf(err) == party.InviteNotFound {
			return nil
		}
		return err
	})
}

// takeBack deletes an invite that nobody has the code of, and calls gone.
func (to *routes) takeBack(ctx context.Context, key string, r *record, gone func()) {
	over := r.clone()
	over.RevokedAt, over.Hold = to.Now().Unix(), false
	to.insist(ctx, key, "invite "+r.ID, func(ctx context.Context) error {
		err := to.Store.create(ctx, key, over)
		if err == nil || errors.Is(err, runtime.ErrStorageRejectedVersion) {
			err = to.Store.discard(ctx, map[string]*record{key: r})
		}
		if err == nil {
			gone()
		}
		return err
	})
}

// tasks run beside the calls that begin them.
type tasks struct {
	ctx    context.Context // ends with close; nothing may begin any more then
	cancel context.CancelFunc

	mu      sync.Mutex // of beginning
	running sync.WaitGroup
}

func newTasks() *tasks {
	ctx, cancel := context.WithCancel(context.Background())
	return &tasks{ctx: ctx, cancel: cancel}
}

// begin runs do beside the caller, unless the tasks are closed.
func (t *tasks) begin(do func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ctx.Err() == nil {
		t.running.Go(do)
	}
}

// close ends the context of those that run and waits for them.
func (t *tasks) close() {
	t.mu.Lock()
	t.cancel()
	t.mu.Unlock()
	t.running.Wait()
}
