package fault

import (
	"context"
	"database/sql"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"
)

//go:generate go run ./gen

// initModule is the type of a module's entry point.
type initModule = func(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, init runtime.Initializer) error

// Init returns an entry point that runs inner with the layer around it. Give it to the server in place of inner.
func (l *Layer) Init(inner initModule) initModule {
	return func(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, init runtime.Initializer) error {
		faulty := &module{NakamaModule: nk, layer: l}
		return inner(ctx, logger, db, faulty, &initializer{Initializer: init, layer: l, nk: faulty})
	}
}

// module is the server API for the module. The generated methods wrap all calls that can fail.
type module struct {
	runtime.NakamaModule
	layer *Layer
}

var _ runtime.NakamaModule = (*module)(nil)

// initializer registers the module's functions with the layer around them. It passes on unchanged the functions that
// it does not know.
type initializer struct {
	runtime.Initializer
	layer *Layer
	nk    runtime.NakamaModule
}

var _ runtime.Initializer = (*initializer)(nil)

type (
	rpcFunc       = func(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule, string) (string, error)
	beforeFunc    = func(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule, *rtapi.Envelope) (*rtapi.Envelope, error)
	afterFunc     = func(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, out, in *rtapi.Envelope) error
	eventFunc     = func(context.Context, runtime.Logger, *api.Event)
	matchListFunc = func(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule, *api.ListMatchesRequest) (*api.ListMatchesRequest, error)
	listFunc      = func(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule, *api.ListPartiesRequest) (*api.ListPartiesRequest, error)

	processorFunc = func(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule, []runtime.MatchmakerEntry) [][]runtime.MatchmakerEntry
	matchedFunc   = func(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule, []runtime.MatchmakerEntry) (string, error)
	shutdownFunc  = func(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule)
)

// wrapFunc wraps a module's function that has one argument and one result.
func wrapFunc[In, Out any](i *initializer, name string, fn func(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule, In) (Out, error)) func(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule, In) (Out, error) {
	return func(ctx context.Context, logger runtime.Logger, db *sql.DB, _ runtime.NakamaModule, in In) (out Out, err error) {
		p, err := i.layer.begin(ctx, name, in)
		if err != nil {
			return out, err
		}
		out, err = fn(ctx, logger, db, i.nk, in)
		return out, p.end(err)
	}
}

func (i *initializer) RegisterRpc(id string, fn rpcFunc) error {
	return i.Initializer.RegisterRpc(id, wrapFunc(i, "rpc "+id, fn))
}

func (i *initializer) RegisterBeforeRt(id string, fn beforeFunc) error {
	return i.Initializer.RegisterBeforeRt(id, wrapFunc(i, "before "+id, fn))
}

func (i *initializer) RegisterBeforeListParties(fn listFunc) error {
	return i.Initializer.RegisterBeforeListParties(wrapFunc(i, "before list parties", fn))
}

func (i *initializer) RegisterBeforeListMatches(fn matchListFunc) error {
	return i.Initializer.RegisterBeforeListMatches(wrapFunc(i, "before list matches", fn))
}

func (i *initializer) RegisterMatchmakerMatched(fn matchedFunc) error {
	return i.Initializer.RegisterMatchmakerMatched(wrapFunc(i, "matchmaker matched", fn))
}

func (i *initializer) RegisterAfterRt(id string, fn afterFunc) error {
	return i.Initializer.RegisterAfterRt(id, func(ctx context.Context, logger runtime.Logger, db *sql.DB, _ runtime.NakamaModule, out, in *rtapi.Envelope) error {
		p, err := i.layer.begin(ctx, "after "+id, out, in)
		if err != nil {
			return err
		}
		return p.end(fn(ctx, logger, db, i.nk, out, in))
	})
}

func (i *initializer) RegisterEventSessionStart(fn eventFunc) error {
	return i.Initializer.RegisterEventSessionStart(i.wrapEvent("session start", fn))
}

func (i *initializer) RegisterEventSessionEnd(fn eventFunc) error {
	return i.Initializer.RegisterEventSessionEnd(i.wrapEvent("session end", fn))
}

// wrapEvent wraps a function that returns no error.
func (i *initializer) wrapEvent(name string, fn eventFunc) eventFunc {
	return func(ctx context.Context, logger runtime.Logger, e *api.Event) {
		p, err := i.layer.begin(ctx, name, e)
		if err != nil {
			return
		}
		fn(ctx, logger, e)
		_ = p.end(nil)
	}
}

func (i *initializer) RegisterMatchmakerProcessor(fn processorFunc) error {
	return i.Initializer.RegisterMatchmakerProcessor(func(ctx context.Context, logger runtime.Logger, db *sql.DB, _ runtime.NakamaModule, entries []runtime.MatchmakerEntry) [][]runtime.MatchmakerEntry {
		p, err := i.layer.begin(ctx, "matchmaker processor", entries)
		if err != nil {
			return nil
		}
		matches := fn(ctx, logger, db, i.nk, entries)
		if p.end(nil) != nil {
			return nil
		}
		return matches
	})
}

// RegisterShutdown runs the shutdown functions also after Cut: they end the module's goroutines. Their calls do not
// reach the server either.
func (i *initializer) RegisterShutdown(fn shutdownFunc) error {
	return i.Initializer.RegisterShutdown(func(ctx context.Context, logger runtime.Logger, db *sql.DB, _ runtime.NakamaModule) {
		p, err := i.layer.begin(ctx, "shutdown")
		if err != nil && !i.layer.isCut() {
			return
		}
		fn(ctx, logger, db, i.nk)
		_ = p.end(nil)
	})
}
