package hooks

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/internal/bounded"
	"partyline/internal/sampled"
	"partyline/party"
)

// Metrics of hook calls, with the tags hook, stage and outcome. The outcome is "ok" or the reason of the refusal.
// Every refusal is recorded. Of the calls that pass, the first timedFirst are recorded one by one. After them one
// in timedEvery is recorded and counts for timedEvery calls, because recording costs more than most hooks do.
const (
	MetricCalls    = "partyline_hook"
	MetricDuration = "partyline_hook_duration"

	timedFirst, timedEvery = 16, 64
)

// Chain combines rows into the functions that the host calls. A panic in a handler cannot end the host's process or
// leave a socket without an answer.
type Chain struct {
	metrics party.Metrics
	now     func() time.Time
	isOwn   func(ctx context.Context, s party.Session, ended bool) bool
}

// maxConcurrentStarts and maxConcurrentEnds are how many session starts and ends are handled at once. Each of them
// waits for storage. The host has only a few workers for events, so a crowd that loses its connections or comes back
// would wait for these. A start may wait for storage some thirty times within afterTimeout and needs a database
// connection each time.
const (
	maxConcurrentStarts = 64
	maxConcurrentEnds   = 512
)

// NewChain makes a chain that reports to metrics and times with now. own reports whether a session is the module's
// own; no handler sees messages of those. nil means that there are none.
func NewChain(metrics party.Metrics, now func() time.Time, own func(ctx context.Context, s party.Session, ended bool) bool) *Chain {
	if own == nil {
		own = func(context.Context, party.Session, bool) bool { return false }
	}
	return &Chain{metrics: metrics, now: now, isOwn: own}
}

type step struct {
	name string
	run  func(context.Context, *Call) error
}

// afterTimeout limits the work after a message that the host has handled.
const afterTimeout = 10 * time.Second

// before runs the steps of a slot until one refuses or the socket has ended. The host still handles messages it has
// read from an ended socket, and nothing undoes what it does for a session that is gone. Without an error the
// envelope is never nil: the host would close the socket.
func (c *Chain) before(message string, steps []step) func(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule, *rtapi.Envelope) (*rtapi.Envelope, error) {
	meter := c.meter(message, "before")
	return func(ctx context.Context, logger runtime.Logger, _ *sql.DB, _ runtime.NakamaModule, in *rtapi.Envelope) (_ *rtapi.Envelope, err error) {
		defer recoverRefusal(logger, message, func(refusal *party.Error) { err = refusal })
		began := c.now()
		call := &Call{Caller: party.CallerOf(ctx), In: in}
		if c.isOwn(ctx, call.Session(), false) {
			return in, nil
		}
		for _, step := range steps {
			refusal := party.SocketClosed(ctx)
			if refusal == nil {
				refusal = runStep(ctx, step, call)
			}
			if refusal != nil {
				report(logger, message, step.name, call.UserID, refusal)
				meter.record(began, refusal)
				return nil, refusal
			}
		}
		meter.record(began, nil)
		return in, nil
	}
}

// after runs all steps of a slot and returns the first refusal. Each step mirrors a part of what has already
// happened, so it runs even if an earlier step failed or the socket has ended. The host ignores the error. places
// limits how many calls run their steps at once; nil means no limit.
func (c *Chain) after(message, stage string, steps []step, places chan struct{}) func(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule, *rtapi.Envelope, *rtapi.Envelope) error {
	meter := c.meter(message, stage)
	return func(ctx context.Context, logger runtime.Logger, _ *sql.DB, _ runtime.NakamaModule, out, in *rtapi.Envelope) (err error) {
		defer recoverRefusal(logger, message, func(refusal *party.Error) { err = refusal })
		call := &Call{Caller: party.CallerOf(ctx), In: in, Out: out}
		if c.isOwn(ctx, call.Session(), message == SessionEnd) { // before the wait: a session's end may wait less than its start
			return nil
		}
		if places != nil {
			places <- struct{}{}
			defer func() { <-places }()
		}
		began := c.now()
		ctx, cancel := bounded.Context(context.WithoutCancel(ctx), afterTimeout)
		defer cancel()
		var first *party.Error
		for _, step := range steps {
			if refusal := runStep(ctx, step, call); refusal != nil {
				report(logger, message, step.name, call.UserID, refusal)
				first = cmp.Or(first, refusal)
			}
		}
		meter.record(began, first)
		if first != nil {
			return first
		}
		return nil
	}
}

// event makes the function for session starts or ends. It handles atOnce of them at once, outside the host's
// workers.
func (c *Chain) event(name string, steps []step, atOnce int) func(context.Context, runtime.Logger, *api.Event) {
	handle := c.after(name, "event", steps, make(chan struct{}, atOnce))
	return func(ctx context.Context, logger runtime.Logger, _ *api.Event) {
		go func() { _ = handle(ctx, logger, nil, nil, nil, nil) }()
	}
}

// request makes the function of a request hook. The client gets the refusal's text and number.
func request[T any](c *Chain, name string, check func(T) error) func(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule, T) (T, error) {
	meter := c.meter(name, "before")
	return func(ctx context.Context, logger runtime.Logger, _ *sql.DB, _ runtime.NakamaModule, in T) (_ T, err error) {
		defer recoverRefusal(logger, name, func(refusal *party.Error) { err = runtime.NewError(refusal.Error(), refusal.Reason.Code()) })
		began := c.now()
		refusal := party.Outcome(ctx, check(in))
		meter.record(began, refusal)
		if refusal != nil {
			report(logger, name, "query", party.CallerOf(ctx).UserID, refusal)
			return *new(T), runtime.NewError(refusal.Error(), refusal.Reason.Code())
		}
		return in, nil
	}
}

// runStep runs one step and turns a panic into an internal error.
func runStep(ctx context.Context, step step, call *Call) (refusal *party.Error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			refusal = panicError(panicked)
		}
	}()
	return party.Outcome(ctx, step.run(ctx, call))
}

// recoverRefusal turns a panic outside of the steps into a refusal. Call it with defer.
func recoverRefusal(logger runtime.Logger, message string, refuse func(*party.Error)) {
	if panicked := recover(); panicked != nil {
		refusal := panicError(panicked)
		report(logger, message, "chain", "", refusal)
		refuse(refusal)
	}
}

func panicError(panicked any) *party.Error {
	return party.AsError(fmt.Errorf("panic: %v\n%s", panicked, debug.Stack()))
}

// meter counts the calls of one slot and times some of them.
type meter struct {
	*Chain
	hook, stage string
	ok          map[string]string // tags of a call that passed; made once, as nearly every call has them
	sampler     sampled.Calls
}

func (c *Chain) meter(hook, stage string) *meter {
	m := &meter{Chain: c, hook: hook, stage: stage, sampler: sampled.Calls{First: timedFirst, Each: timedEvery}}
	m.ok = m.tags("ok")
	return m
}

func (m *meter) tags(outcome string) map[string]string {
	return map[string]string{"hook": m.hook, "stage": m.stage, "outcome": outcome}
}

func (m *meter) record(began time.Time, refusal *party.Error) {
	tags, calls := m.ok, int64(1)
	if refusal != nil {
		tags = m.tags(string(refusal.Reason))
	} else if calls = m.sampler.Next(); calls == 0 {
		return
	}
	m.metrics.MetricsCounterAdd(MetricCalls, tags, calls)
	m.metrics.MetricsTimerRecord(MetricDuration, tags, m.now().Sub(began))
}

func report(logger runtime.Logger, message, name, user string, refusal *party.Error) {
	refusal.Log(logger, "hook failed", "hook refused", map[string]any{"message": message, "hook": name, "user": user})
}
