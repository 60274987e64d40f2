package hooks

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
	"partyline/party/reserve"
)

// Call is one message on its way through a chain.
type Call struct {
	Session  party.Session
	ClientIP string
	In       *rtapi.Envelope // as the client sent it; a before handler may change the fields of its message
	Out      *rtapi.Envelope // the host's answer; nil before the message is handled, and for some messages after it

	named *party.ID     // once read
	look  *reserve.Look // once taken
}

// Caller is whose message it is.
func (c *Call) Caller() party.Caller {
	return party.Caller{UserID: c.Session.UserID, Username: c.Session.Username, SessionID: c.Session.SessionID, ClientIP: c.ClientIP}
}

// PartyID is the party the message names, refused with PartyNotFound when malformed
// or when the message names none.
func (c *Call) PartyID() (party.ID, error) {
	if c.named != nil {
		return *c.named, nil
	}
	text := ""
	if named := partyIDIn(c.In); named != nil {
		text = *named
	}
	id, err := party.ParseID(text)
	if err == nil {
		c.named = &id
	}
	return id, err
}

// Look is the party the message names, read once for all of the message's handlers.
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

// Hook is one handler of one realtime message, before or after the host handles it;
// a row may have both. A before handler's error refuses the message and ends the chain.
// An after handler only hears of messages that succeeded; its error goes to the log and
// the handlers behind it still run.
type Hook struct {
	Message string // one of the host's message names
	Name    string // unique within its message; appears in the log
	Before  func(ctx context.Context, call *Call) error
	After   func(ctx context.Context, call *Call) error
}

// SessionHook is one handler of a socket's beginning or end. The host tells of both
// late, from a queue, and of the end after the session has left all its parties.
type SessionHook struct {
	Name  string
	Start func(ctx context.Context, session party.Session) error
	End   func(ctx context.Context, session party.Session) error
}

// RequestHook is one handler of a request for a list, before the host handles it.
type RequestHook[Request any] struct {
	Name   string
	Before func(ctx context.Context, request Request) error
}

// The lists that are hooked.
type (
	ListingHook   = RequestHook[*api.ListPartiesRequest]
	MatchListHook = RequestHook[*api.ListMatchesRequest]
)

// Set is the rows of one owner; the owner's name appears in boot errors. The order of
// rows, and of sets, is the order in which the handlers run.
type Set struct {
	Owner    string
	Hooks    []Hook
	Sessions []SessionHook
	Listing  []ListingHook
	Matches  []MatchListHook
}

// Host is the part of the host's initializer that takes realtime hooks, session events and
// the hooks of lists.
type Host interface {
	RegisterBeforeRt(id string, fn func(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, in *rtapi.Envelope) (*rtapi.Envelope, error)) error
	RegisterAfterRt(id string, fn func(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, out, in *rtapi.Envelope) error) error
	RegisterEventSessionStart(fn func(ctx context.Context, logger runtime.Logger, evt *api.Event)) error
	RegisterEventSessionEnd(fn func(ctx context.Context, logger runtime.Logger, evt *api.Event)) error
	RegisterBeforeListParties(fn func(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, in *api.ListPartiesRequest) (*api.ListPartiesRequest, error)) error
	RegisterBeforeListMatches(fn func(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, in *api.ListMatchesRequest) (*api.ListMatchesRequest, error)) error
}

var _ Host = runtime.Initializer(nil)

// Register checks the sets as a whole, folds them into one function per slot of the
// host, and registers those. All problems are reported in one error and then nothing
// is registered.
func Register(host Host, chain *Chain, sets ...Set) error {
	if err := Check(sets...); err != nil {
		return err
	}
	var before, after slots
	var starts, ends []step[party.Session]
	var listing []step[*api.ListPartiesRequest]
	var matches []step[*api.ListMatchesRequest]
	for _, set := range sets {
		for _, h := range set.Hooks {
			before.add(h.Message, h.Name, h.Before)
			after.add(h.Message, h.Name, h.After)
		}
		for _, s := range set.Sessions {
			starts = appendStep(starts, s.Name, s.Start)
			ends = appendStep(ends, s.Name, s.End)
		}
		for _, l := range set.Listing {
			listing = appendStep(listing, l.Name, l.Before)
		}
		for _, l := range set.Matches {
			matches = appendStep(matches, l.Name, l.Before)
		}
	}
	for _, slot := range before {
		if err := host.RegisterBeforeRt(slot.message, chain.before(slot)); err != nil {
			return fmt.Errorf("before %s: %w", slot.message, err)
		}
	}
	for _, slot := range after {
		if err := host.RegisterAfterRt(slot.message, chain.after(slot)); err != nil {
			return fmt.Errorf("after %s: %w", slot.message, err)
		}
	}
	if len(starts) > 0 {
		if err := host.RegisterEventSessionStart(chain.event(sessionStart, starts)); err != nil {
			return fmt.Errorf("session start: %w", err)
		}
	}
	if len(ends) > 0 {
		if err := host.RegisterEventSessionEnd(chain.beside(chain.event(sessionEnd, ends))); err != nil {
			return fmt.Errorf("session end: %w", err)
		}
	}
	if len(listing) > 0 {
		if err := host.RegisterBeforeListParties(request(chain, "ListParties", listing)); err != nil {
			return fmt.Errorf("before ListParties: %w", err)
		}
	}
	if len(matches) > 0 {
		if err := host.RegisterBeforeListMatches(request(chain, "ListMatches", matches)); err != nil {
			return fmt.Errorf("before ListMatches: %w", err)
		}
	}
	return nil
}

// Check finds what is wrong with the sets: message names the host does not know, names
// taken twice within one message (in any case), rows that handle nothing. The error
// lists everything; nil means nothing.
func Check(sets ...Set) error {
	var problems []error
	owners := map[string]string{}
	row := func(owner, slot, name string, handles bool) {
		problem := func(format string, args ...any) {
			problems = append(problems, fmt.Errorf("hook %s %q of %s: "+format, append([]any{slot, name, owner}, args...)...))
		}
		if name == "" {
			problem("it has no name")
		}
		key := strings.ToLower(slot + " " + name)
		if other, taken := owners[key]; taken {
			problem("the name is already taken by %s", other)
		} else {
			owners[key] = owner
		}
		if !handles {
			problem("it handles nothing")
		}
	}
	for _, set := range sets {
		for _, h := range set.Hooks {
			row(set.Owner, h.Message, h.Name, h.Before != nil || h.After != nil)
			if !known[h.Message] {
				problems = append(problems, fmt.Errorf("hook %s %q of %s: the host has no such message%s", h.Message, h.Name, set.Owner, suggestion(h.Message)))
			}
		}
		for _, s := range set.Sessions {
			row(set.Owner, "session", s.Name, s.Start != nil || s.End != nil)
		}
		for _, l := range set.Listing {
			row(set.Owner, "ListParties", l.Name, l.Before != nil)
		}
		for _, l := range set.Matches {
			row(set.Owner, "ListMatches", l.Name, l.Before != nil)
		}
	}
	return errors.Join(problems...)
}

// suggestion is the right spelling of a name that only differs in case.
func suggestion(message string) string {
	for name := range known {
		if strings.EqualFold(name, message) {
			return ", but " + name
		}
	}
	return ""
}
