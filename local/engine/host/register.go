package host

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"strings"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"
)

type (
	rpcFunc      = func(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule, string) (string, error)
	beforeRtFunc = func(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule, *rtapi.Envelope) (*rtapi.Envelope, error)
	afterRtFunc  = func(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, out, in *rtapi.Envelope) error
	matchFunc    = func(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule) (runtime.Match, error)
	matchedFunc  = func(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule, []runtime.MatchmakerEntry) (string, error)
	eventFunc    = func(context.Context, runtime.Logger, *api.Event)
	shutdownFunc = func(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule)

	processorFunc = func(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule, []runtime.MatchmakerEntry) [][]runtime.MatchmakerEntry

	beforeListPartiesFunc = func(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule, *api.ListPartiesRequest) (*api.ListPartiesRequest, error)
	beforeListMatchesFunc = func(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule, *api.ListMatchesRequest) (*api.ListMatchesRequest, error)
)

// initializer is the runtime.Initializer of a module. As on the real server, IDs become lower-case, and a second
// registration silently replaces the first one. Event functions are all kept.
type initializer struct {
	unsupportedInitializer
	*Host
}

var _ runtime.Initializer = initializer{}

func (i initializer) RegisterRpc(id string, fn rpcFunc) error {
	i.rpcs[strings.ToLower(id)] = fn
	return nil
}

func (i initializer) RegisterBeforeRt(id string, fn beforeRtFunc) error {
	i.beforeRt[strings.ToLower(id)] = fn
	return nil
}

func (i initializer) RegisterAfterRt(id string, fn afterRtFunc) error {
	i.afterRt[strings.ToLower(id)] = fn
	return nil
}

func (i initializer) RegisterBeforeListParties(fn beforeListPartiesFunc) error {
	i.beforeParties = fn
	return nil
}

func (i initializer) RegisterBeforeListMatches(fn beforeListMatchesFunc) error {
	i.beforeMatches = fn
	return nil
}

func (i initializer) RegisterMatch(name string, fn matchFunc) error {
	i.matches[name] = fn
	return nil
}

func (i initializer) RegisterMatchmakerMatched(fn matchedFunc) error {
	i.matched = fn
	return nil
}

func (i initializer) RegisterMatchmakerProcessor(fn processorFunc) error {
	i.processor = fn
	return nil
}

func (i initializer) RegisterEventSessionStart(fn eventFunc) error {
	i.sessionStart = append(i.sessionStart, fn)
	return nil
}

func (i initializer) RegisterEventSessionEnd(fn eventFunc) error {
	i.sessionEnd = append(i.sessionEnd, fn)
	return nil
}

func (i initializer) RegisterShutdown(fn shutdownFunc) error {
	i.shutdowns = append(i.shutdowns, fn)
	return nil
}

var errPathPattern = errors.New("path pattern must start with a slash")

func (i initializer) RegisterHttp(pattern string, handler func(http.ResponseWriter, *http.Request), methods ...string) error {
	if !strings.HasPrefix(pattern, "/") {
		return errPathPattern
	}
	i.routes = append(i.routes, Route{Pattern: pattern, Handler: handler, Methods: methods})
	return nil
}
