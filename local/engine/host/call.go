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

// HasRPC reports whether the module registered this RPC; IDs are not case-sensitive.
func (h *Host) HasRPC(id string) bool { return h.rpcs[strings.ToLower(id)] != nil }

// RPC calls a registered function. The code is a gRPC number, 0 where err is nil; an
// error without a number of its own is 13, as the server has it.
func (h *Host) RPC(ctx context.Context, c Caller, id, payload string) (result string, code int, err error) {
	id = strings.ToLower(id)
	fn := h.rpcs[id]
	if fn == nil {
		return "", codeInternal, errors.New("RPC function not found")
	}
	defer h.contain("rpc "+id, &err, &code)
	result, err = fn(h.userContext(ctx, "rpc", c), h.logger("rpc", id).WithField("rpc_id", id), nil, h.nk, payload)
	return result, codeOf(err), err
}

// SessionRPC calls a registered function for a socket.
func (h *Host) SessionRPC(ctx context.Context, s Session, id, payload string) (string, int, error) {
	return h.RPC(ctx, callerOf(s), id, payload)
}

// BeforeRt runs the before-hook of a message, if there is one. A nil envelope without
// an error asks for the socket to be closed.
func (h *Host) BeforeRt(ctx context.Context, s Session, name string, in *rtapi.Envelope) (out *rtapi.Envelope, err error) {
	fn := h.beforeRt[strings.ToLower(name)]
	if fn == nil {
		return in, nil
	}
	defer h.contain("before "+name, &err, nil)
	return fn(h.userContext(ctx, "before", callerOf(s)), h.logger("before", name), nil, h.nk, in)
}

// AfterRt runs the after-hook of a message in the caller's goroutine. Its error only
// reaches the log.
func (h *Host) AfterRt(ctx context.Context, s Session, name string, out, in *rtapi.Envelope) {
	fn := h.afterRt[strings.ToLower(name)]
	if fn == nil {
		return
	}
	var err error
	func() {
		defer h.contain("after "+name, &err, nil)
		err = fn(h.userContext(ctx, "after", callerOf(s)), h.logger("after", name), nil, h.nk, out, in)
	}()
	if err != nil {
		h.opts.Logger.Warn("after hook %s: %v", name, err)
	}
}

// BeforeListParties may change or refuse a party listing; nil means the function is
// switched off.
func (h *Host) BeforeListParties(ctx context.Context, c Caller, in *api.ListPartiesRequest) (out *api.ListPartiesRequest, code int, err error) {
	if h.beforeParties == nil {
		return in, 0, nil
	}
	defer h.contain("before ListParties", &err, &code)
	out, err = h.beforeParties(h.userContext(ctx, "before", c), h.logger("before", "listparties"), nil, h.nk, in)
	return out, codeOf(err), err
}

// BeforeListMatches may change or refuse a match listing; nil means the function is
// switched off.
func (h *Host) BeforeListMatches(ctx context.Context, c Caller, in *api.ListMatchesRequest) (out *api.ListMatchesRequest, code int, err error) {
	if h.beforeMatches == nil {
		return in, 0, nil
	}
	defer h.contain("before ListMatches", &err, &code)
	out, err = h.beforeMatches(h.userContext(ctx, "before", c), h.logger("before", "listmatches"), nil, h.nk, in)
	return out, codeOf(err), err
}

// SessionStart tells the module of a new socket, in a goroutine of its own as the
// server's event queue does.
func (h *Host) SessionStart(s Session) { h.sessionEvent(s, "session_start", h.sessionStart, nil) }

// SessionEnd tells the module of a closed socket, after its presences are gone.
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
				defer h.contain(name, &err, nil)
				fn(ctx, h.logger("event", name), evt)
			}()
		}
	})
}

// Matches are the constructors of match cores the module registered, by name.
func (h *Host) Matches() map[string]matchFunc { return h.matches }

// Context is the context of a call that no user made, such as a running match's.
func (h *Host) Context(ctx context.Context, mode string) context.Context { return h.context(ctx, mode) }

// HasMatchmakerMatched and HasMatchmakerProcessor tell which matchmaker functions the
// module took over.
func (h *Host) HasMatchmakerMatched() bool   { return h.matched != nil }
func (h *Host) HasMatchmakerProcessor() bool { return h.processor != nil }

// MatchmakerMatched asks the module for the match of these entries; "" leaves the
// relayed match to the server.
func (h *Host) MatchmakerMatched(ctx context.Context, entries []runtime.MatchmakerEntry) (id string, err error) {
	defer h.contain("matchmaker matched", &err, nil)
	return h.matched(h.context(ctx, "matchmaker"), h.logger("matchmaker", "matched"), nil, h.nk, entries)
}

// MatchmakerProcessor lets the module form all matches of an interval.
func (h *Host) MatchmakerProcessor(ctx context.Context, entries []runtime.MatchmakerEntry) (matches [][]runtime.MatchmakerEntry) {
	var err error
	defer h.contain("matchmaker processor", &err, nil)
	return h.processor(h.context(ctx, "matchmaker"), h.logger("matchmaker", "processor"), nil, h.nk, entries)
}

// contain turns a panic of the module into an error. A real server would end or keep
// a dead socket here (nothing in it recovers); a development server says what broke
// and lives on. It is called by defer.
func (h *Host) contain(where string, err *error, code *int) {
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

// codeOf is the gRPC number of a module's error: its own where it has a valid one,
// else 13.
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
