package engine

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"
	"google.golang.org/protobuf/proto"

	httpapi "partyline/local/engine/api"
	"partyline/local/engine/host"
	"partyline/local/engine/match"
	"partyline/local/engine/matchmaker"
	"partyline/local/engine/parties"
	"partyline/local/engine/presence"
	"partyline/local/engine/realtime"
	"partyline/local/engine/store"
)

// adapt turns a handler of an interface type S into a handler of the sockets' table. The type assertion cannot fail:
// the declarations below check the types.
func adapt[S any, H ~func(context.Context, S, *rtapi.Envelope) (*rtapi.Envelope, bool)](h H) realtime.Handler {
	return func(ctx context.Context, s *realtime.Session, in *rtapi.Envelope) (*rtapi.Envelope, bool) {
		return h(ctx, any(s).(S), in)
	}
}

var (
	_ parties.Session    = (*realtime.Session)(nil)
	_ match.Session      = (*realtime.Session)(nil)
	_ matchmaker.Session = (*realtime.Session)(nil)
	_ host.Session       = (*realtime.Session)(nil)
)

// nakama implements runtime.NakamaModule. Each part comes from the package that owns its data. The host's
// methods for unsupported calls are embedded deepest, so the methods of the other parts win.
type nakama struct {
	*host.Base
	dataPart
	*realtimePart
	matchPart
	server *Server
}

// GetFleetManager returns the default fleet manager of Options.Fleets, nil if there is none.
func (n *nakama) GetFleetManager() runtime.FleetManager { return n.server.fleets[""] }

// GetFleetManagerByName is part of the host's API since Nakama 3.41.
func (n *nakama) GetFleetManagerByName(name string) runtime.FleetManager {
	return n.server.fleets[name]
}

type (
	dataPart     = store.Module
	realtimePart = realtime.Module
	matchPart    = match.Module
)

var _ runtime.NakamaModule = (*nakama)(nil)

func (s *Server) nakamaModule() runtime.NakamaModule {
	return &nakama{
		Base:         &host.Base{Metrics: s.metrics, RuntimePath: s.opts.RuntimePath},
		dataPart:     s.store.Module(),
		realtimePart: realtime.NewModule(s.sockets, s.parties),
		matchPart:    match.Module{Registry: s.matches},
		server:       s,
	}
}

// authenticate checks the session token with which a client opens a socket.
func (s *Server) authenticate(token string) (realtime.Identity, error) {
	session, ok := s.store.ParseSession(token)
	if !ok {
		return realtime.Identity{}, errors.New("invalid session token")
	}
	return realtime.Identity{UserID: session.UserID, Username: session.Username, Vars: session.Vars, Expiry: session.ExpiresAt}, nil
}

func (s *Server) users(_ context.Context, ids []uuid.UUID, usernames []string) ([]realtime.User, error) {
	found := s.store.Users(ids, usernames)
	out := make([]realtime.User, 0, len(found))
	for _, u := range found {
		id, err := uuid.Parse(u.Id)
		if err != nil {
			return nil, err
		}
		out = append(out, realtime.User{ID: id, Username: u.Username})
	}
	return out, nil
}

func (s *Server) online(userID string) bool {
	id, err := uuid.Parse(userID)
	return err == nil && s.sockets.Online(id)
}

func (s *Server) deliver(userID string, list []*api.Notification) {
	if id, err := uuid.Parse(userID); err == nil {
		s.sockets.Router().Notify(id, list)
	}
}

// disconnect closes every socket of a user.
func (s *Server) disconnect(userID string) {
	id, err := uuid.Parse(userID)
	if err != nil {
		return
	}
	for _, p := range s.tracker.List(presence.Stream{Mode: presence.ModeNotifications, Subject: id}, true, true) {
		s.disconnectSession(p.ID.SessionID)
	}
}

func (s *Server) disconnectSession(id uuid.UUID) {
	if session, ok := s.sockets.Session(id); ok {
		session.Close("disconnected by the server")
	}
}

// ending runs before a session leaves its streams. As on the real server, its tickets go first.
func (s *Server) ending(session *realtime.Session) { s.tickets.RemoveSessionAll(session.ID().String()) }

func (s *Server) socketRPC(ctx context.Context, session *realtime.Session, id, payload string) (string, bool, error) {
	if !s.host.HasRPC(id) {
		return "", false, nil
	}
	result, code, err := s.host.SessionRPC(ctx, session, id, payload)
	return result, true, withCode(err, code)
}

// withCode adds the host's code to an error.
func withCode(err error, code int) error {
	if err == nil {
		return nil
	}
	return runtime.NewError(err.Error(), code)
}

func (s *Server) findRPC(id string) (httpapi.RPC, bool) {
	if !s.host.HasRPC(id) {
		return nil, false
	}
	return func(ctx context.Context, call httpapi.RPCCall) (string, error) {
		c := callerOf(call.Caller)
		c.Headers, c.Query = call.Headers, call.Query
		result, code, err := s.host.RPC(ctx, c, call.ID, call.Payload)
		return result, withCode(err, code)
	}, true
}

func callerOf(c httpapi.Caller) host.Caller {
	return host.Caller{UserID: c.UserID, Username: c.Username, Vars: c.Vars, Expiry: c.Expiry, ClientIP: c.ClientIP, ClientPort: c.ClientPort}
}

func (s *Server) listMatches(ctx context.Context, f httpapi.MatchFilter) ([]*api.Match, error) {
	return s.matches.List(ctx, match.Filter{
		Limit: f.Limit, Authoritative: f.Authoritative, Label: f.Label, Query: f.Query,
		MinSize: int32Of(f.MinSize), MaxSize: int32Of(f.MaxSize),
	})
}

func int32Of(n *int) *int32 {
	if n == nil {
		return nil
	}
	v := int32(*n)
	return &v
}

// socketHooks runs the module's realtime hooks and session events.
type socketHooks struct{ s *Server }

func (h socketHooks) BeforeRt(ctx context.Context, s *realtime.Session, name string, in *rtapi.Envelope) (*rtapi.Envelope, error) {
	return h.s.host.BeforeRt(ctx, s, name, in)
}

func (h socketHooks) AfterRt(ctx context.Context, s *realtime.Session, name string, out, in *rtapi.Envelope) {
	h.s.host.AfterRt(ctx, s, name, out, in)
}

func (h socketHooks) SessionStart(s *realtime.Session) { h.s.host.SessionStart(s) }

func (h socketHooks) SessionEnd(s *realtime.Session, reason string) { h.s.host.SessionEnd(s, reason) }

// requestHooks runs the module's hooks around HTTP requests. The host supports those of ListParties and ListMatches
// only.
type requestHooks struct{ h *host.Host }

func (r requestHooks) Before(ctx context.Context, c httpapi.Caller, _ string, in proto.Message) (proto.Message, error) {
	switch list := in.(type) {
	case *api.ListPartiesRequest:
		out, code, err := r.h.BeforeListParties(ctx, callerOf(c), list)
		if err != nil || out == nil {
			return nil, withCode(err, code)
		}
		return out, nil
	case *api.ListMatchesRequest:
		out, code, err := r.h.BeforeListMatches(ctx, callerOf(c), list)
		if err != nil || out == nil {
			return nil, withCode(err, code)
		}
		return out, nil
	}
	return in, nil
}

// partyTickets is the matchmaker's interface for parties.
type partyTickets struct{ s *Server }

func (t partyTickets) AddParty(ctx context.Context, partyID string, members []presence.Presence, r parties.TicketRequest) (string, error) {
	ticket, _, err := t.s.tickets.Add(ctx, members, "", partyID, r.Query, r.MinCount, r.MaxCount, r.CountMultiple, r.StringProperties, r.NumericProperties)
	return ticket, err
}

func (t partyTickets) RemoveParty(partyID, ticket string) error {
	return t.s.tickets.RemoveParty(partyID, ticket)
}

func (t partyTickets) RemovePartyAll(partyID string) { t.s.tickets.RemovePartyAll(partyID) }

func (s *Server) matchmakerHooks() matchmaker.Hooks {
	var hooks matchmaker.Hooks
	if s.host.HasMatchmakerMatched() {
		hooks.Matched = s.host.MatchmakerMatched
	}
	if s.host.HasMatchmakerProcessor() {
		hooks.Processor = s.host.MatchmakerProcessor
	}
	return hooks
}
