package realtime

import (
	"log/slog"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/local/engine/presence"
)

// Router carries envelopes to sessions. Its methods queue and never block; a session
// that does not exist any more is skipped. An envelope is encoded before they return.
type Router struct {
	tracker  *presence.Tracker
	sessions *sessions
	log      *slog.Logger
}

// SendToPresences sends to these sessions, in this order.
func (r *Router) SendToPresences(ids []presence.ID, e *rtapi.Envelope) {
	b := broadcast{envelope: e}
	for _, id := range ids {
		if s, ok := r.sessions.get(id.SessionID); ok {
			r.deliver(s, &b)
		}
	}
}

// SendToStream sends to everybody on a stream, hidden presences included.
func (r *Router) SendToStream(stream presence.Stream, e *rtapi.Envelope) {
	r.SendToPresences(r.tracker.IDs(stream), e)
}

// SendToSession sends to one session.
func (r *Router) SendToSession(sessionID uuid.UUID, e *rtapi.Envelope) {
	if s, ok := r.sessions.get(sessionID); ok {
		r.deliver(s, &broadcast{envelope: e})
	}
}

// SendToAll sends to every session of the node.
func (r *Router) SendToAll(e *rtapi.Envelope) {
	b := broadcast{envelope: e}
	for _, s := range r.sessions.all() {
		r.deliver(s, &b)
	}
}

// Notify sends notifications to all sockets of a user.
func (r *Router) Notify(userID uuid.UUID, list []*api.Notification) {
	if len(list) == 0 {
		return
	}
	r.SendToStream(notifications(userID), &rtapi.Envelope{Message: &rtapi.Envelope_Notifications{
		Notifications: &rtapi.Notifications{Notifications: list},
	}})
}

func (r *Router) deliver(s *Session, b *broadcast) {
	data, err := b.in(s.format)
	if err == nil {
		err = s.sendBytes(data)
	}
	if err != nil {
		r.log.Warn("envelope not delivered", "session", s.id, "err", err)
	}
}
