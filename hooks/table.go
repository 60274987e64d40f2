// Package hooks is what the module does around the host's own realtime messages: it keeps the roster correct,
// closes holes of the stock server and enforces the rules, before or after the host handles a message.
//
// The host has one slot for each message and stage, accepts any name, and keeps the last function. So handlers are rows
// of tables; [Register] combines them into one function for each slot. Handlers run in the session's read loop, so they
// must be quick: one after the other for one session, at the same time for different ones.
package hooks

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
	"partyline/party/reserve"
)

// Call is one message that passes through a chain.
type Call struct {
	party.Caller
	In  *rtapi.Envelope // as the client sent it; a before handler may change the fields of the message
	Out *rtapi.Envelope // the host's answer; nil before the message is handled, and for some messages after it

	partyID *party.ID     // cache of PartyID; nil until read
	look    *reserve.Look // cache of Look; nil until read
}

// PartyID returns the ID of the party that the message names, or refuses with PartyNotFound.
func (c *Call) PartyID() (party.ID, error) {
	if c.partyID != nil {
		return *c.partyID, nil
	}
	text := ""
	if named := partyIDField(c.In); named != nil {
		text = *named
	}
	id, err := party.ParseID(text)
	if err == nil {
		c.partyID = &id
	}
	return id, err
}

// Look reads the party that the message names, once for all handlers of the message.
func (c *Call) Look(ctx context.Context, parties Parties) (*reserve.Look, error) {
	if c.look != nil {
		return c.look, nil
	}
	id, err := c.PartyID()
	if err != nil {
		return nil, err
	}
	look, err := parties.Look(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("look at party: %w", err)
	}
	c.look = &look
	return c.look, nil
}

// Hook is one handler of one realtime message; a row may have both parts. An error of Before refuses the message and
// ends the chain. After hears only of messages that succeeded; its error is logged. Rows run in their order.
type Hook struct {
	Message string // one of the names of this package
	Name    string // appears in the log
	Before  func(ctx context.Context, call *Call) error
	After   func(ctx context.Context, call *Call) error
}

// Started is a handler of the start of a socket. The host calls it late, from a queue.
func Started(name string, handle func(context.Context, party.Session) error) Hook {
	return Hook{Message: SessionStart, Name: name, After: func(ctx context.Context, call *Call) error { return handle(ctx, call.Session()) }}
}

// Ended is a handler of the end of a socket. The host calls it late, after the session has left all its parties.
func Ended(name string, handle func(context.Context, party.Session) error) Hook {
	hook := Started(name, handle)
	hook.Message = SessionEnd
	return hook
}

// Host is the part of the host's initializer that registers realtime hooks, session events and the hooks of lists.
type Host interface {
	RegisterBeforeRt(id string, fn func(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, in *rtapi.Envelope) (*rtapi.Envelope, error)) error
	RegisterAfterRt(id string, fn func(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, out, in *rtapi.Envelope) error) error
	RegisterEventSessionStart(fn func(ctx context.Context, logger runtime.Logger, evt *api.Event)) error
	RegisterEventSessionEnd(fn func(ctx context.Context, logger runtime.Logger, evt *api.Event)) error
	RegisterBeforeListParties(fn func(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, in *api.ListPartiesRequest) (*api.ListPartiesRequest, error)) error
	RegisterBeforeListMatches(fn func(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, in *api.ListMatchesRequest) (*api.ListMatchesRequest, error)) error
}

var _ Host = runtime.Initializer(nil)

// Register registers one function for each slot of the host, and the checks of lists.
func Register(host Host, chain Chain, policy party.Policy, table []Hook) error {
	before, after := map[string][]step{}, map[string][]step{}
	for _, h := range table {
		if h.Before != nil {
			before[h.Message] = append(before[h.Message], step{h.Name, h.Before})
		}
		if h.After != nil {
			after[h.Message] = append(after[h.Message], step{h.Name, h.After})
		}
	}
	for message, steps := range before {
		if err := host.RegisterBeforeRt(message, chain.before(message, steps)); err != nil {
			return fmt.Errorf("before %s: %w", message, err)
		}
	}
	for message, steps := range after {
		var err error
		switch message {
		case SessionStart:
			err = host.RegisterEventSessionStart(chain.event(message, steps, maxConcurrentStarts))
		case SessionEnd:
			err = host.RegisterEventSessionEnd(chain.event(message, steps, maxConcurrentEnds))
		default:
			err = host.RegisterAfterRt(message, chain.after(message, "after", steps, nil))
		}
		if err != nil {
			return fmt.Errorf("after %s: %w", message, err)
		}
	}
	if err := host.RegisterBeforeListParties(request(chain, "ListParties", func(r *api.ListPartiesRequest) error {
		return checkPartyList(r, policy().Queries)
	})); err != nil {
		return fmt.Errorf("before ListParties: %w", err)
	}
	if err := host.RegisterBeforeListMatches(request(chain, "ListMatches", func(r *api.ListMatchesRequest) error {
		return CheckQuery(r.GetQuery().GetValue(), policy().Queries)
	})); err != nil {
		return fmt.Errorf("before ListMatches: %w", err)
	}
	return nil
}
