package realtime

import (
	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/rtapi"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"partyline/local/engine/presence"
)

// announce sends a change of a stream to the clients: a status to the user's followers, any other change to everybody
// who is on the stream now. So a session that has just joined gets it, and one that has just left does not. Every
// node sends to its own sessions.
func (srv *Server) announce(e presence.Event) {
	if e.Stream.Mode == presence.ModeStatus {
		var ids []presence.ID
		for _, sessionID := range srv.follows.followers(e.Stream.Subject) {
			ids = append(ids, presence.ID{Node: srv.opts.Node, SessionID: sessionID})
		}
		srv.router.sendToLocal(ids, &rtapi.Envelope{Message: &rtapi.Envelope_StatusPresenceEvent{
			StatusPresenceEvent: &rtapi.StatusPresenceEvent{Joins: userPresences(e.Joins), Leaves: userPresences(e.Leaves)},
		}})
		return
	}
	if ids := srv.opts.Tracker.IDs(e.Stream); len(ids) > 0 {
		srv.router.sendToLocal(ids, presenceEvent(e))
	}
}

func presenceEvent(e presence.Event) *rtapi.Envelope {
	joins, leaves := userPresences(e.Joins), userPresences(e.Leaves)
	id := e.Stream.Subject.String() + "." + e.Stream.Label
	switch e.Stream.Mode {
	case presence.ModeMatchRelayed, presence.ModeMatchAuthoritative:
		return &rtapi.Envelope{Message: &rtapi.Envelope_MatchPresenceEvent{
			MatchPresenceEvent: &rtapi.MatchPresenceEvent{MatchId: id, Joins: joins, Leaves: leaves},
		}}
	case presence.ModeParty:
		return &rtapi.Envelope{Message: &rtapi.Envelope_PartyPresenceEvent{
			PartyPresenceEvent: &rtapi.PartyPresenceEvent{PartyId: id, Joins: joins, Leaves: leaves},
		}}
	default:
		return &rtapi.Envelope{Message: &rtapi.Envelope_StreamPresenceEvent{
			StreamPresenceEvent: &rtapi.StreamPresenceEvent{Stream: protoStream(e.Stream), Joins: joins, Leaves: leaves},
		}}
	}
}

// userPresences converts presences to the form that clients get. Only presences on status streams show their status.
func userPresences(presences []presence.Presence) []*rtapi.UserPresence {
	list := make([]*rtapi.UserPresence, 0, len(presences))
	for _, p := range presences {
		w := &rtapi.UserPresence{
			UserId: p.GetUserId(), SessionId: p.GetSessionId(), Username: p.Meta.Username, Persistence: p.Meta.Persistence,
		}
		if p.Stream.Mode == presence.ModeStatus {
			w.Status = wrapperspb.String(p.Meta.Status)
		}
		list = append(list, w)
	}
	return list
}

func protoStream(s presence.Stream) *rtapi.Stream {
	w := &rtapi.Stream{Mode: int32(s.Mode), Label: s.Label}
	if s.Subject != uuid.Nil {
		w.Subject = s.Subject.String()
	}
	if s.Subcontext != uuid.Nil {
		w.Subcontext = s.Subcontext.String()
	}
	return w
}
