package hooks

import (
	"context"
	"database/sql"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
)

// Names of the metrics every slot adds to; both carry the tags hook, stage and
// outcome, the outcome being "ok" or the refusal's reason.
const (
	MetricCalls    = "partyline_hook"
	MetricDuration = "partyline_hook_duration"
)

// Metrics is where hook calls are counted and timed.
type Metrics interface {
	MetricsCounterAdd(name string, tags map[string]string, delta int64)
	MetricsTimerRecord(name string, tags map[string]string, value time.Duration)
}

var _ Metrics = runtime.NakamaModule(nil)

// Chain folds rows into the functions the host calls. Nothing behind it can end the
// host's process, or leave a socket without an answer, by panicking.
type Chain struct {
	metrics Metrics
	now     func() time.Time
}

// NewChain makes a chain that reports to metrics and times by now.
func NewChain(metrics Metrics, now func() time.Time) *Chain {
	return &Chain{metrics: metrics, now: now}
}

// step is one named handler of what the slot carries.
type step[T any] struct {
	name string
	run  func(context.Context, T) error
}

func appendStep[T any](steps []step[T], name string, run func(context.Context, T) error) []step[T] {
	if run == nil {
		return steps
	}
	return append(steps, step[T]{name: name, run: run})
}

// slot is the steps of one message at one stage, slots all of them in the order in
// which their messages first appear.
type (
	slot struct {
		message string
		steps   []step[*Call]
	}
	slots []*slot
)

func (s *slots) add(message, name string, run func(context.Context, *Call) error) {
	if run == nil {
		return
	}
	for _, known := range *s {
		if known.message == message {
			known.steps = appendStep(known.steps, name, run)
			return
		}
	}
	*s = append(*s, &slot{message: message, steps: appendStep(nil, name, run)})
}

// before runs a slot's steps until one refuses. The envelope is never nil without an
// error: the host would close the socket.
func (c *Chain) before(s *slot) func(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule, *rtapi.Envelope) (*rtapi.Envelope, error) {
	return func(ctx context.Context, logger runtime.Logger, _ *sql.DB, _ runtime.NakamaModule, in *rtapi.Envelope) (*rtapi.Envelope, error) {
		call := callOf(ctx, in, nil)
		finish := c.measure(s.message, "before")
		for _, step := range s.steps {
			if refusal := attempt(ctx, step, call); refusal != nil {
				report(logger, s.message, step.name, call.Session, refusal)
				finish(refusal)
				return nil, refusal
			}
		}
		finish(nil)
		return in, nil
	}
}

// after runs all of a slot's steps, whatever the ones before them said: each mirrors
// a part of what has already happened. The host ignores the error.
func (c *Chain) after(s *slot) func(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule, *rtapi.Envelope, *rtapi.Envelope) error {
	return func(ctx context.Context, logger runtime.Logger, _ *sql.DB, _ runtime.NakamaModule, out, in *rtapi.Envelope) error {
		call := callOf(ctx, in, out)
		finish := c.measure(s.message, "after")
		first := all(ctx, logger, s.message, s.steps, call, call.Session)
		finish(first)
		if first != nil {
			return first
		}
		return nil
	}
}

// event runs all steps of a session's start or end.
func (c *Chain) event(name string, steps []step[party.Session]) func(context.Context, runtime.Logger, *api.Event) {
	return func(ctx context.Context, logger runtime.Logger, _ *api.Event) {
		session := sessionOf(ctx)
		finish := c.measure(name, "event")
		finish(all(ctx, logger, name, steps, session, session))
	}
}

// listing runs the party list's steps until one refuses. It is a request hook, so the
// refusal's number reaches the client as well as its text.
func (c *Chain) listing(steps []step[*api.ListPartiesRequest]) func(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule, *api.ListPartiesRequest) (*api.ListPartiesRequest, error) {
	return func(ctx context.Context, logger runtime.Logger, _ *sql.DB, _ runtime.NakamaModule, in *api.ListPartiesRequest) (*api.ListPartiesRequest, error) {
		finish := c.measure("ListParties", "before")
		for _, step := range steps {
			if refusal := attempt(ctx, step, in); refusal != nil {
				report(logger, "ListParties", step.name, sessionOf(ctx), refusal)
				finish(refusal)
				return nil, runtime.NewError(refusal.Error(), refusal.Reason.Code())
			}
		}
		finish(nil)
		return in, nil
	}
}

// all runs every step, logs every refusal and returns the first.
func all[T any](ctx context.Context, logger runtime.Logger, message string, steps []step[T], value T, session party.Session) *party.Error {
	var first *party.Error
	for _, step := range steps {
		if refusal := attempt(ctx, step, value); refusal != nil {
			report(logger, message, step.name, session, refusal)
			if first == nil {
				first = refusal
			}
		}
	}
	return first
}

// attempt runs one step; a panic is an internal error like any other.
func attempt[T any](ctx context.Context, step step[T], value T) (refusal *party.Error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			refusal = party.AsError(fmt.Errorf("panic: %v\n%s", panicked, debug.Stack()))
		}
	}()
	return party.AsError(step.run(ctx, value))
}

// measure starts the clock of one call; the function it returns stops it.
func (c *Chain) measure(hook, stage string) func(*party.Error) {
	began := c.now()
	return func(refusal *party.Error) {
		outcome := "ok"
		if refusal != nil {
			outcome = string(refusal.Reason)
		}
		tags := map[string]string{"hook": hook, "stage": stage, "outcome": outcome}
		c.metrics.MetricsCounterAdd(MetricCalls, tags, 1)
		c.metrics.MetricsTimerRecord(MetricDuration, tags, c.now().Sub(began))
	}
}

// report writes a refusal to the log: an internal error with its cause, everything
// else as a detail. Messages' contents are never written.
func report(logger runtime.Logger, message, name string, session party.Session, refusal *party.Error) {
	logger = logger.WithFields(map[string]any{
		"message": message, "hook": name, "user": session.UserID, "reason": string(refusal.Reason),
	})
	if refusal.Reason.Code() == party.Internal.Code() {
		logger.Error("hook failed: %v", refusal.Cause)
		return
	}
	logger.Debug("hook refused")
}

func callOf(ctx context.Context, in, out *rtapi.Envelope) *Call {
	return &Call{Session: sessionOf(ctx), ClientIP: text(ctx, runtime.RUNTIME_CTX_CLIENT_IP), In: in, Out: out}
}

func sessionOf(ctx context.Context) party.Session {
	return party.Session{
		UserID:    text(ctx, runtime.RUNTIME_CTX_USER_ID),
		SessionID: text(ctx, runtime.RUNTIME_CTX_SESSION_ID),
		Username:  text(ctx, runtime.RUNTIME_CTX_USERNAME),
	}
}

// text reads a value of the host's context; absent ones are empty.
func text(ctx context.Context, key string) string {
	value, _ := ctx.Value(key).(string)
	return value
}
