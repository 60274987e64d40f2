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

	"partyline/internal/sampled"
	"partyline/party"
)

// Metrics of hook calls, with the tags hook, stage and outcome: "ok" or the reason of the refusal. Recording costs more
// than most hooks do. So of the calls that pass, after timedFirst, one in timedEvery is recorded, for all of them.
const (
	MetricCalls    = "partyline_hook"
	MetricDuration = "partyline_hook_duration"

	timedFirst, timedEvery = 16, 64
)

// Chain combines rows into the functions that the host calls. A panic in a handler cannot end the host's process.
type Chain struct {
	Metrics party.Metrics
	Now     party.Clock
	// IsOwn reports whether a session is the module's own; no handler sees its messages. nil means that there are none.
	IsOwn func(ctx context.Context, s party.Session, ended bool) bool
}

// How many session starts and ends are handled at once, outside the host's few workers for events. Each waits for
// storage, and those that wait together are written together. A start may wait some thirty times.
const (
	maxConcurrentStarts = 64
	maxConcurrentEnds   = 512
)

type step struct {
	name string
	run  func(context.Context, *Call) error
}

// afterTimeout limits the work after a message that the host has handled.
const afterTimeout = 10 * time.Second

// before runs the steps of a slot until one refuses or the socket has ended: the host still handles what it has read
// from an ended socket. Without an error the envelope is never nil, because the host would close the socket.
func (c Chain) before(message string, steps []step) func(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule, *rtapi.Envelope) (*rtapi.Envelope, error) {
	meter := c.meter(message, "before")
	return func(ctx context.Context, logger runtime.Logger, _ *sql.DB, _ runtime.NakamaModule, in *rtapi.Envelope) (_ *rtapi.Envelope, err error) {
		defer recoverRefusal(logger, message, func(refusal *party.Error) { err = refusal })
		began := c.Now()
		call := &Call{Caller: party.CallerOf(ctx), In: in}
		if c.IsOwn != nil && c.IsOwn(ctx, call.Session(), false) {
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

// after runs all steps of a slot and returns the first refusal, which the host ignores. Each step mirrors what has
// happened, so it runs even if an earlier one failed or the socket has ended. places limits the calls at once.
func (c Chain) after(message, stage string, steps []step, places chan struct{}) func(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule, *rtapi.Envelope, *rtapi.Envelope) error {
	meter := c.meter(message, stage)
	return func(ctx context.Context, logger runtime.Logger, _ *sql.DB, _ runtime.NakamaModule, out, in *rtapi.Envelope) (err error) {
		defer recoverRefusal(logger, message, func(refusal *party.Error) { err = refusal })
		call := &Call{Caller: party.CallerOf(ctx), In: in, Out: out}
		if c.IsOwn != nil && c.IsOwn(ctx, call.Session(), message == SessionEnd) { // before the wait: a session's end may wait less than its start
			return nil
		}
		if places != nil {
			places <- struct{}{}
			defer func() { <-places }()
		}
		began := c.Now()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), afterTimeout)
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

// event makes the function for session starts or ends. It handles atOnce of them, outside the host's workers.
func (c Chain) event(name string, steps []step, atOnce int) func(context.Context, runtime.Logger, *api.Event) {
	handle := c.after(name, "event", steps, make(chan struct{}, atOnce))
	return func(ctx context.Context, logger runtime.Logger, _ *api.Event) {
		go func() { _ = handle(ctx, logger, nil, nil, nil, nil) }()
	}
}

// request makes the function of a request hook. The client gets the refusal's text and number.
func request[T any](c Chain, name string, check func(T) error) func(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule, T) (T, error) {
	meter := c.meter(name, "before")
	return func(ctx context.Context, logger runtime.Logger, _ *sql.DB, _ runtime.NakamaModule, in T) (_ T, err error) {
		defer recoverRefusal(logger, name, func(refusal *party.Error) { err = runtime.NewError(refusal.Error(), refusal.Reason.Code()) })
		began := c.Now()
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
	Chain
	hook, stage string
	ok          map[string]string // tags of a call that passed; made once, as nearly every call has them
	sampler     sampled.Calls
}

func (c Chain) meter(hook, stage string) *meter {
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
	m.Metrics.MetricsCounterAdd(MetricCalls, tags, calls)
	m.Metrics.MetricsTimerRecord(MetricDuration, tags, m.Now().Sub(began))
}

func report(logger runtime.Logger, message, name, user string, refusal *party.Error) {
	refusal.Log(logger, "hook failed", "hook refused", map[string]any{"message": message, "hook": name, "user": user})
}
