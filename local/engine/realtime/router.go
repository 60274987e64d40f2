package realtime

import (
	"log/slog"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/local/engine/presence"
)

// Router sends envelopes to sessions. Its methods queue and never block. They skip a session that has ended. They
// encode the envelope before they return.
type Router struct {
	node     string
	peer     func(node string) *Router // nil: there are no other nodes
	tracker  *presence.Tracker
	sessions *sessions
	log      *slog.Logger
}

// SendToPresences sends to these sessions in this order. For sessions of other nodes it uses the routers of these
// nodes.
func (r *Router) SendToPresences(ids []presence.ID, e *rtapi.Envelope) {
	b := broadcast{envelope: e}
	for _, id := range ids {
		at := r
		if r.peer != nil && id.Node != r.node {
			at = r.peer(id.Node)
		}
		if at != nil {
			at.sendLocal(id, &b)
		}
	}
}

// sendLocal sends to a session of this node.
func (r *Router) sendLocal(id presence.ID, b *broadcast) {
	if s, ok := r.sessions.get(id.SessionID); ok {
		r.deliver(s, b)
	}
}

// sendToLocal sends to those sessions that are on this node.
func (r *Router) sendToLocal(ids []presence.ID, e *rtapi.Envelope) {
	b := broadcast{envelope: e}
	for _, id := range ids {
		r.sendLocal(id, &b)
	}
}

// SendToStream sends to everybody on a stream, including hidden presences.
func (r *Router) SendToStream(stream presence.Stream, e *rtapi.Envelope) {
	r.SendToPresences(r.tracker.IDs(stream), e)
}

// SendToSession sends to one session.
func (r *Router) SendToSession(sessionID uuid.UUID, e *rtapi.Envelope) {
	if s, ok := r.sessions.get(sessionID); ok {
		r.deliver(s, &broadcast{envelope: e})
	}
}

// Notify sends notifications to all sockets of a user.
func (r *Router) Notify(userID uuid.UUID, list []*api.Notification) {
	if len(list) == 0 {
		return
	}
	r.SendToStream(notificationStream(userID), &rtapi.Envelope{Message: &rtapi.Envelope_Notifications{
		Notifications: &rtapi.Notifications{Notifications: list},
	}})
}

func (r *Router) deliver(s *Session, b *broadcast) {
	data, err := b.encodeAs(s.format)
	if err == nil {
		err = s.sendBytes(data)
	}
	if err != nil {
		r.log.Warn("envelope not delivered", "session", s.id, "err", err)
	}
}
