package invite

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/internal/bounded"
	"partyline/internal/caught"
)

// Owed work must be done even though the caller was told that it failed. A write that has failed may still be done
// later by the database. No read sees it, and no delete stops it. Only another write of the same object waits for it
// or replaces it. So each owed task writes first, and is tried again until it succeeds.
const (
	retryMin = 100 * time.Millisecond
	retryMax = 30 * time.Second
)

// retryUntilDone runs do now and, if that fails, again in the background until it succeeds. It does so even if the
// caller has gone away or panics. Each retry first drops the cached record, which may be older than a write that was
// done late.
func (rs *resolver) retryUntilDone(ctx context.Context, key, what string, do func(ctx context.Context) error) {
	if runWithTimeout(context.WithoutCancel(ctx), do) != nil {
		rs.retryLater(key, what, do)
	}
}

// retryLater is the part of retryUntilDone that runs in the background.
func (rs *resolver) retryLater(key, what string, do func(ctx context.Context) error) {
	rs.tasks.begin(func() {
		for wait := retryMin; bounded.Sleep(rs.tasks.ctx, wait) == nil; wait = min(2*wait, retryMax) {
			err := runWithTimeout(rs.tasks.ctx, func(ctx context.Context) error {
				end, err := rs.Store.takeTurn(ctx, key)
				if err != nil {
					return err
				}
				defer end()
				rs.Store.cache.Invalidate(key)
				return do(ctx)
			})
			if err == nil {
				return
			}
			rs.Logger.Warn("invite change not finished yet what=%s error=%v", what, err)
		}
	})
}

const taskTimeout = 5 * time.Second

// runWithTimeout runs do with a time limit and turns a panic into an error, because nothing else recovers in the
// background.
func runWithTimeout(ctx context.Context, do func(ctx context.Context) error) (err error) {
	defer caught.Recover(&err, "invite")
	ctx, cancel := context.WithTimeout(ctx, taskTimeout)
	defer cancel()
	return do(ctx)
}

// refund gives back the use of one claim. It does nothing if the claim is gone or was replaced. The caller has the
// turn.
func (rs *resolver) refund(ctx context.Context, key, user string, seq int64) {
	rs.retryUntilDone(ctx, key, "use by "+user, func(ctx context.Context) error {
		_, err := rs.Store.changeInTurn(ctx, key, func(r *record) error {
			if !r.refund(user, seq) {
				r.Seq++ // so that something is written in any case
			}
			return nil
		})
		return unlessMissing(err)
	})
}

// undoCreate deletes an invite whose code nobody has, and then calls gone.
func (rs *resolver) undoCreate(ctx context.Context, key string, r *record, gone func()) {
	over := r.clone()
	over.RevokedAt, over.Hold = rs.Now().Unix(), false
	rs.retryUntilDone(ctx, key, "invite "+r.ID, func(ctx context.Context) error {
		err := rs.Store.create(ctx, key, over)
		if err == nil || errors.Is(err, runtime.ErrStorageRejectedVersion) {
			err = rs.Store.discard(ctx, map[string]*record{key: r})
		}
		if err == nil {
			gone()
		}
		return err
	})
}

// tasks runs functions in the background.
type tasks struct {
	ctx    context.Context // ends with close; afterwards nothing may begin
	cancel context.CancelFunc

	mu      sync.Mutex // guards the start of a task
	running sync.WaitGroup
}

func newTasks() *tasks {
	ctx, cancel := context.WithCancel(context.Background())
	return &tasks{ctx: ctx, cancel: cancel}
}

// begin runs do in the background, unless the tasks are closed.
func (t *tasks) begin(do func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ctx.Err() == nil {
		t.running.Go(do)
	}
}

// close cancels the context of the running tasks and waits for them.
func (t *tasks) close() {
	t.mu.Lock()
	t.cancel()
	t.mu.Unlock()
	t.running.Wait()
}
