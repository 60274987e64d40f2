package realtime

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/local/engine/presence"
)

// Module is the part of runtime.NakamaModule for streams, sessions and the party list. Its errors have the real
// server's texts.
type Module struct {
	srv     *Server
	parties PartyLister
}

// PartyLister lists parties. The party registry implements it.
type PartyLister interface {
	List(ctx context.Context, limit int, open *bool, showHidden bool, query, cursor string) ([]*api.Party, string, error)
}

// NewModule makes the module part of a server.
func NewModule(srv *Server, parties PartyLister) *Module {
	return &Module{srv: srv, parties: parties}
}

var (
	errUser    = errors.New("expects valid user id")
	errSession = errors.New("expects valid session id")
)

// parseStream parses the four parts of a stream. An ID may be empty.
func parseStream(mode uint8, subject, subcontext, label string) (presence.Stream, error) {
	s := presence.Stream{Mode: mode, Label: label}
	var err error
	if subject != "" {
		if s.Subject, err = uuid.Parse(subject); err != nil {
			return s, errors.New("stream subject must be a valid identifier")
		}
	}
	if subcontext != "" {
		if s.Subcontext, err = uuid.Parse(subcontext); err != nil {
			return s, errors.New("stream subcontext must be a valid identifier")
		}
	}
	return s, nil
}

// parsePresence parses the user, the session and the stream of a presence.
func parsePresence(mode uint8, subject, subcontext, label, userID, sessionID string) (user, session uuid.UUID, s presence.Stream, err error) {
	if user, err = uuid.Parse(userID); err != nil {
		return user, session, s, errUser
	}
	if session, err = uuid.Parse(sessionID); err != nil {
		return user, session, s, errSession
	}
	s, err = parseStream(mode, subject, subcontext, label)
	return user, session, s, err
}

// StreamUserList returns the presences on a stream, in no order.
func (m *Module) StreamUserList(mode uint8, subject, subcontext, label string, includeHidden, includeNotHidden bool) ([]runtime.Presence, error) {
	s, err := parseStream(mode, subject, subcontext, label)
	if err != nil {
		return nil, err
	}
	presences := m.srv.opts.Tracker.List(s, includeHidden, includeNotHidden)
	list := make([]runtime.Presence, len(presences))
	for i, p := range presences {
		list[i] = p
	}
	return list, nil
}

// StreamUserGet returns the meta data of a presence, nil if it does not exist.
func (m *Module) StreamUserGet(mode uint8, subject, subcontext, label, userID, sessionID string) (runtime.PresenceMeta, error) {
	user, session, s, err := parsePresence(mode, subject, subcontext, label, userID, sessionID)
	if err != nil {
		return nil, err
	}
	if p, ok := m.srv.opts.Tracker.Get(session, s); ok && p.UserID == user {
		return p.Meta, nil
	}
	return nil, nil
}

// StreamUserJoin puts a session on a stream and reports whether it is new there. On a party's stream the session
// becomes a member if there is room.
func (m *Module) StreamUserJoin(mode uint8, subject, subcontext, label, userID, sessionID string, hidden, persistence bool, status string) (bool, error) {
	user, session, s, err := parsePresence(mode, subject, subcontext, label, userID, sessionID)
	if err != nil {
		return false, err
	}
	live, err := m.localSession(session)
	if err != nil {
		return false, err
	}
	ok, isNew := m.srv.opts.Tracker.Track(live.PresenceID(), user, s, presence.Meta{
		Hidden: hidden, Persistence: persistence, Username: live.Username(), Status: status,
	})
	if !ok {
		return false, errors.New("tracker rejected new presence, session is closing")
	}
	return isNew, nil
}

// StreamUserUpdate changes the meta data of a presence, or puts the session on the stream. On a party's stream this
// removes the member from the party.
func (m *Module) StreamUserUpdate(mode uint8, subject, subcontext, label, userID, sessionID string, hidden, persistence bool, status string) error {
	user, session, s, err := parsePresence(mode, subject, subcontext, label, userID, sessionID)
	if err != nil {
		return err
	}
	live, err := m.localSession(session)
	if err != nil {
		return err
	}
	if !m.srv.opts.Tracker.Update(live.PresenceID(), user, s, presence.Meta{
		Hidden: hidden, Persistence: persistence, Username: live.Username(), Status: status,
	}) {
		return errors.New("tracker rejected updated presence, session is closing")
	}
	return nil
}

// StreamUserLeave removes a session from a stream. It returns no error if the session is not there.
func (m *Module) StreamUserLeave(mode uint8, subject, subcontext, label, userID, sessionID string) error {
	user, session, s, err := parsePresence(mode, subject, subcontext, label, userID, sessionID)
	if err != nil {
		return err
	}
	if !m.srv.isOwnSessionID(session) {
		return errNode
	}
	if p, ok := m.srv.opts.Tracker.Get(session, s); ok && p.UserID == user {
		m.srv.opts.Tracker.Untrack(session, s)
	}
	return nil
}

var errNode = errors.New("node not found")

// localSession returns a session of this node, to put it on a stream.
func (m *Module) localSession(id uuid.UUID) (*Session, error) {
	if !m.srv.isOwnSessionID(id) {
		return nil, errNode
	}
	s, ok := m.srv.Session(id)
	if !ok {
		return nil, errors.New("session not found")
	}
	return s, nil
}

// StreamCount returns the number of presences on a stream, including hidden ones.
func (m *Module) StreamCount(mode uint8, subject, subcontext, label string) (int, error) {
	s, err := parseStream(mode, subject, subcontext, label)
	if err != nil {
		return 0, err
	}
	return m.srv.opts.Tracker.Count(s), nil
}

// StreamClose removes everybody from a stream without an event.
func (m *Module) StreamClose(mode uint8, subject, subcontext, label string) error {
	s, err := parseStream(mode, subject, subcontext, label)
	if err != nil {
		return err
	}
	m.srv.opts.Tracker.UntrackStream(s)
	return nil
}

// StreamSend sends a text to these presences. Without presences it sends to the whole stream.
func (m *Module) StreamSend(mode uint8, subject, subcontext, label, data string, presences []runtime.Presence, reliable bool) error {
	s, err := parseStream(mode, subject, subcontext, label)
	if err != nil {
		return err
	}
	return m.send(s, presences, &rtapi.Envelope{Message: &rtapi.Envelope_StreamData{
		StreamData: &rtapi.StreamData{Stream: protoStream(s), Data: data, Reliable: reliable},
	}})
}

// StreamSendRaw does the same as StreamSend with an envelope of any kind.
func (m *Module) StreamSendRaw(mode uint8, subject, subcontext, label string, msg *rtapi.Envelope, presences []runtime.Presence, reliable bool) error {
	s, err := parseStream(mode, subject, subcontext, label)
	if err != nil {
		return err
	}
	if msg == nil {
		return errors.New("expects a valid message")
	}
	return m.send(s, presences, msg)
}

func (m *Module) send(s presence.Stream, presences []runtime.Presence, e *rtapi.Envelope) error {
	if len(presences) == 0 {
		m.srv.router.SendToStream(s, e)
		return nil
	}
	ids := make([]presence.ID, 0, len(presences))
	for _, p := range presences {
		session, err := uuid.Parse(p.GetSessionId())
		if err != nil {
			return errors.New("expects each presence session id to be a valid identifier")
		}
		node := p.GetNodeId()
		if node == "" {
			node = m.srv.opts.Node
		}
		ids = append(ids, presence.ID{Node: node, SessionID: session})
	}
	m.srv.router.SendToPresences(ids, e)
	return nil
}

// SessionDisconnect ends a session. An unknown session is no error. Others see the reason in presence events; the
// default is a disconnect.
func (m *Module) SessionDisconnect(_ context.Context, sessionID string, reason ...runtime.PresenceReason) error {
	id, err := uuid.Parse(sessionID)
	if err != nil {
		return errSession
	}
	why := runtime.PresenceReasonDisconnect
	if len(reason) > 0 {
		why = reason[0]
	}
	if s, ok := m.srv.Session(id); ok {
		s.end(reasonDisconnected, why)
	}
	return nil
}

// PartyList finds parties; see the party registry.
func (m *Module) PartyList(ctx context.Context, limit int, open *bool, hidden bool, query, cursor string) ([]*api.Party, string, error) {
	if limit < 1 || limit > 100 {
		return nil, "", errors.New("limit must be 1-100")
	}
	return m.parties.List(ctx, limit, open, hidden, query, cursor)
}
