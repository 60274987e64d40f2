package host

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"
	"google.golang.org/protobuf/types/known/timestamppb"
)

const codeInternal = 13

// HasRPC reports whether the module registered this RPC. IDs are not case-sensitive.
func (h *Host) HasRPC(id string) bool { return h.rpcs[strings.ToLower(id)] != nil }

// RPC calls a registered function. The code is a gRPC number, 0 if err is nil. An error without a number of its own
// gets 13, as on the real server.
func (h *Host) RPC(ctx context.Context, c Caller, id, payload string) (result string, code int, err error) {
	id = strings.ToLower(id)
	fn := h.rpcs[id]
	if fn == nil {
		return "", codeInternal, errors.New("RPC function not found")
	}
	defer h.recoverPanic("rpc "+id, &err, &code)
	result, err = fn(h.userContext(ctx, "rpc", c), h.logger("rpc", id).WithField("rpc_id", id), nil, h.nk, payload)
	return result, codeOf(err), err
}

// SessionRPC calls a registered function for a socket.
func (h *Host) SessionRPC(ctx context.Context, s Session, id, payload string) (string, int, error) {
	return h.RPC(ctx, callerOf(s), id, payload)
}

// BeforeRt runs the before-hook of a message, if there is one. If it returns a nil envelope without an error, the
// caller has to close the socket.
func (h *Host) BeforeRt(ctx context.Context, s Session, name string, in *rtapi.Envelope) (out *rtapi.Envelope, err error) {
	fn := h.beforeRt[strings.ToLower(name)]
	if fn == nil {
		return in, nil
	}
	defer h.recoverPanic("before "+name, &err, nil)
	return fn(h.userContext(ctx, "before", callerOf(s)), h.logger("before", name), nil, h.nk, in)
}

// AfterRt runs the after-hook of a message in the caller's goroutine. It only logs the hook's error.
func (h *Host) AfterRt(ctx context.Context, s Session, name string, out, in *rtapi.Envelope) {
	fn := h.afterRt[strings.ToLower(name)]
	if fn == nil {
		return
	}
	var err error
	func() {
		defer h.recoverPanic("after "+name, &err, nil)
		err = fn(h.userContext(ctx, "after", callerOf(s)), h.logger("after", name), nil, h.nk, out, in)
	}()
	if err != nil {
		h.opts.Logger.Warn("after hook %s: %v", name, err)
	}
}

// BeforeListParties runs the hook that may change or refuse a party listing. A nil result means that the function is
// switched off.
func (h *Host) BeforeListParties(ctx context.Context, c Caller, in *api.ListPartiesRequest) (out *api.ListPartiesRequest, code int, err error) {
	if h.beforeParties == nil {
		return in, 0, nil
	}
	defer h.recoverPanic("before ListParties", &err, &code)
	out, err = h.beforeParties(h.userContext(ctx, "before", c), h.logger("before", "listparties"), nil, h.nk, in)
	return out, codeOf(err), err
}

// BeforeListMatches runs the hook that may change or refuse a match listing. A nil result means that the function is
// switched off.
func (h *Host) BeforeListMatches(ctx context.Context, c Caller, in *api.ListMatchesRequest) (out *api.ListMatchesRequest, code int, err error) {
	if h.beforeMatches == nil {
		return in, 0, nil
	}
	defer h.recoverPanic("before ListMatches", &err, &code)
	out, err = h.beforeMatches(h.userContext(ctx, "before", c), h.logger("before", "listmatches"), nil, h.nk, in)
	return out, codeOf(err), err
}

// SessionStart tells the module about a new socket, in a new goroutine. The server's event queue does the same.
func (h *Host) SessionStart(s Session) { h.sessionEvent(s, "session_start", h.sessionStart, nil) }

// SessionEnd tells the module about a closed socket, after its presences are gone.
func (h *Host) SessionEnd(s Session, reason string) {
	h.sessionEvent(s, "session_end", h.sessionEnd, map[string]string{"reason": reason})
}

func (h *Host) sessionEvent(s Session, name string, fns []eventFunc, props map[string]string) {
	if len(fns) == 0 {
		return
	}
	evt := &api.Event{Name: name, Properties: props, Timestamp: timestamppb.Now()}
	ctx := h.userContext(context.WithoutCancel(s.Context()), "event", callerOf(s))
	h.tasks.Go(func() {
		for _, fn := range fns {
			func() {
				var err error
				defer h.recoverPanic(name, &err, nil)
				fn(ctx, h.logger("event", name), evt)
			}()
		}
	})
}

// Matches returns the match constructors that the module registered, by name.
func (h *Host) Matches() map[string]matchFunc { return h.matches }

// Context builds the context of a call that no user made, for example from a running match.
func (h *Host) Context(ctx context.Context, mode string) context.Context { return h.context(ctx, mode) }

// HasMatchmakerMatched and HasMatchmakerProcessor report which matchmaker functions the module registered.
func (h *Host) HasMatchmakerMatched() bool   { return h.matched != nil }
func (h *Host) HasMatchmakerProcessor() bool { return h.processor != nil }

// MatchmakerMatched asks the module for the match of these entries. "" means that the server makes a relayed match.
func (h *Host) MatchmakerMatched(ctx context.Context, entries []runtime.MatchmakerEntry) (id string, err error) {
	defer h.recoverPanic("matchmaker matched", &err, nil)
	return h.matched(h.context(ctx, "matchmaker"), h.logger("matchmaker", "matched"), nil, h.nk, entries)
}

// MatchmakerProcessor lets the module form all matches of an interval.
func (h *Host) MatchmakerProcessor(ctx context.Context, entries []runtime.MatchmakerEntry) (matches [][]runtime.MatchmakerEntry) {
	var err error
	defer h.recoverPanic("matchmaker processor", &err, nil)
	return h.processor(h.context(ctx, "matchmaker"), h.logger("matchmaker", "processor"), nil, h.nk, entries)
}

// recoverPanic turns a panic of the module into an error. It must be called by defer. The real server recovers
// nothing, so it would crash or keep a dead socket. The engine logs the panic and goes on.
func (h *Host) recoverPanic(where string, err *error, code *int) {
	p := recover()
	if p == nil {
		return
	}
	h.opts.Logger.Error("the module panicked in %s; a real server would not have survived this: %v\n%s", where, p, debug.Stack())
	*err = fmt.Errorf("the module panicked in %s", where)
	if code != nil {
		*code = codeInternal
	}
}

// codeOf returns the gRPC number of a module's error: its own if it is valid, else 13.
func codeOf(err error) int {
	if err == nil {
		return 0
	}
	var e *runtime.Error
	if errors.As(err, &e) && e.Code > 0 && e.Code < 17 {
		return e.Code
	}
	return codeInternal
}
