package match

import (
	"context"

	"partyline/local/engine/presence"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/rtapi"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// Session has the methods of a live socket that the message handlers use.
type Session interface {
	ID() uuid.UUID
	UserID() uuid.UUID
	Username() string
	Vars() map[string]string
	Expiry() int64
	ClientIP() string
	ClientPort() string
	Send(*rtapi.Envelope) error
}

// HandleCreate handles a match_create message. The session joins a new relayed match. Without a name the match ID is
// random. The same name always gives the same match. If the session is gone, there is no answer.
func (r *Registry) HandleCreate(ctx context.Context, s Session, in *rtapi.Envelope) (out *rtapi.Envelope, ok bool) {
	name := in.GetMatchCreate().Name
	id := uuid.New()
	if name != "" {
		id = uuid.NewSHA1(uuid.NameSpaceDNS, []byte(name))
	}
	stream := relayedStream(id)
	isNew, ok := r.track(s, stream)
	if !ok {
		return nil, false
	}
	size := 1
	var others []*rtapi.UserPresence
	if name != "" {
		shown := r.opts.Tracker.List(stream, false, true)
		size = len(shown) // includes the session itself, unlike the answer to a join
		others = otherPlayers(s, isNew, playersOf(shown))
	}
	return sendMatch(s, in.Cid, &rtapi.Match{MatchId: id.String() + ".", Size: int32(size), Presences: others, Self: selfPresence(s)})
}

// HandleJoin handles a match_join message with an ID or a token. An authoritative match itself decides who may join.
func (r *Registry) HandleJoin(ctx context.Context, s Session, in *rtapi.Envelope) (out *rtapi.Envelope, ok bool) {
	msg := in.GetMatchJoin()
	text, invalid, byToken := "", "Invalid match ID", false
	switch id := msg.Id.(type) {
	case *rtapi.MatchJoin_MatchId:
		text = id.MatchId
	case *rtapi.MatchJoin_Token:
		invalid, byToken = "Invalid match token", true
		var err error
		if text, err = r.opts.Tokens.matchID(id.Token); err != nil {
			return sendError(s, in.Cid, rtapi.Error_BAD_INPUT, invalid)
		}
	default:
		return sendError(s, in.Cid, rtapi.Error_BAD_INPUT, "No match ID or token found")
	}
	id, node, valid := parseID(text)
	if !valid {
		return sendError(s, in.Cid, rtapi.Error_BAD_INPUT, invalid)
	}
	if node == "" {
		return r.joinRelayed(s, in.Cid, text, relayedStream(id), byToken)
	}
	return r.joinAuthoritative(ctx, s, in.Cid, text, id, node, msg.Metadata)
}

// joinRelayed lets every session join. With a token the session may be the first player. With an ID somebody must be
// in the match already.
func (r *Registry) joinRelayed(s Session, cid, matchID string, stream presence.Stream, mayBeFirst bool) (*rtapi.Envelope, bool) {
	if !mayBeFirst && r.opts.Tracker.Count(stream) == 0 {
		return sendError(s, cid, rtapi.Error_MATCH_NOT_FOUND, "Match not found")
	}
	isNew, ok := r.track(s, stream)
	if !ok {
		return nil, false
	}
	others := otherPlayers(s, isNew, playersOf(r.opts.Tracker.List(stream, false, true)))
	return sendMatch(s, cid, &rtapi.Match{MatchId: matchID, Size: int32(len(others)), Presences: others, Self: selfPresence(s)})
}

func (r *Registry) joinAuthoritative(ctx context.Context, s Session, cid, matchID string, id uuid.UUID, node string, metadata map[string]string) (*rtapi.Envelope, bool) {
	m := r.findRunning(id, node)
	if m == nil {
		return sendError(s, cid, rtapi.Error_MATCH_NOT_FOUND, "Match not found")
	}
	v := m.attemptJoin(ctx, s, metadata)
	if !v.allow {
		if v.reason == "" {
			v.reason = "Match join rejected"
		}
		return sendError(s, cid, rtapi.Error_MATCH_JOIN_REJECTED, v.reason)
	}
	if v.isNew {
		// If the session is gone by now, the match drops the player after the join deadline.
		r.track(s, m.stream)
		if m.stopped.Load() { // stopped in between, so its stream was cleared before this session came
			r.opts.Tracker.Untrack(s.ID(), m.stream)
		}
	}
	others := otherPlayers(s, v.isNew, v.others)
	return sendMatch(s, cid, &rtapi.Match{
		MatchId: matchID, Authoritative: true, Label: wrapperspb.String(v.label),
		Size: int32(len(others)), Presences: others, Self: selfPresence(s),
	})
}

// HandleLeave handles a match_leave message. It succeeds even if the session is not in the match or the match does
// not exist.
func (r *Registry) HandleLeave(ctx context.Context, s Session, in *rtapi.Envelope) (out *rtapi.Envelope, ok bool) {
	id, node, valid := parseID(in.GetMatchLeave().MatchId)
	if !valid {
		return sendError(s, in.Cid, rtapi.Error_BAD_INPUT, "Invalid match ID")
	}
	r.opts.Tracker.Untrack(s.ID(), streamOf(id, node))
	out = &rtapi.Envelope{Cid: in.Cid}
	_ = s.Send(out)
	return out, true
}

// HandleDataSend handles a match_data_send message. There is no answer. Clients get an error only for a malformed
// match ID, and it does not have the message's cid.
func (r *Registry) HandleDataSend(ctx context.Context, s Session, in *rtapi.Envelope) (out *rtapi.Envelope, ok bool) {
	msg := in.GetMatchDataSend()
	id, node, valid := parseID(msg.MatchId)
	if !valid {
		return sendError(s, "", rtapi.Error_BAD_INPUT, "Invalid match ID")
	}
	if node == "" {
		return nil, r.relay(s, relayedStream(id), msg)
	}
	if _, member := r.opts.Tracker.Get(s.ID(), authoritativeStream(id, node)); !member {
		return nil, false
	}
	if m := r.findRunning(id, node); m != nil {
		m.receive(s, msg, r.opts.Now())
	}
	return nil, true
}

// relay sends data to the other players of a relayed match. If the message names presences, it sends only to these,
// and they may include the sender. It returns false if the sender is not in the match.
func (r *Registry) relay(s Session, stream presence.Stream, msg *rtapi.MatchDataSend) bool {
	wanted := map[uuid.UUID]bool{}
	for _, p := range msg.Presences {
		_, err := uuid.Parse(p.GetUserId())
		sessionID, err2 := uuid.Parse(p.GetSessionId())
		if err != nil || err2 != nil {
			return false
		}
		wanted[sessionID] = true
	}
	if _, member := r.opts.Tracker.Get(s.ID(), stream); !member {
		return false
	}
	var to []presence.ID
	for _, p := range r.opts.Tracker.List(stream, true, true) {
		if wanted[p.ID.SessionID] || len(wanted) == 0 && p.ID.SessionID != s.ID() {
			to = append(to, p.ID)
		}
	}
	if len(to) > 0 {
		r.opts.Router.SendToPresences(to, &rtapi.Envelope{Message: &rtapi.Envelope_MatchData{MatchData: &rtapi.MatchData{
			MatchId:  msg.MatchId,
			Presence: selfPresence(s),
			OpCode:   msg.OpCode,
			Data:     msg.Data,
			Reliable: msg.Reliable,
		}}})
	}
	return true
}

// track puts the session on a match's stream. ok is false if the session is gone.
func (r *Registry) track(s Session, stream presence.Stream) (isNew, ok bool) {
	id := presence.ID{Node: r.opts.Node, SessionID: s.ID()}
	ok, isNew = r.opts.Tracker.Track(id, s.UserID(), stream, presence.Meta{Username: s.Username()})
	if ok && stream.Mode == presence.ModeMatchRelayed {
		r.relayed.refresh(stream, r.opts.Tracker) // the creator may list matches before the event arrives
	}
	return isNew, ok
}

func selfPresence(s Session) *rtapi.UserPresence {
	return &rtapi.UserPresence{UserId: s.UserID().String(), SessionId: s.ID().String(), Username: s.Username()}
}

// otherPlayers lists players for the answer to a join. It leaves out a new player's own presence.
func otherPlayers(s Session, isNew bool, players []*Presence) []*rtapi.UserPresence {
	others := make([]*rtapi.UserPresence, 0, len(players))
	for _, p := range players {
		if !isNew || p.SessionID != s.ID() {
			others = append(others, p.userPresence())
		}
	}
	return others
}

// sendMatch sends the reply. It ignores a send error, because then the socket is gone.
func sendMatch(s Session, cid string, m *rtapi.Match) (*rtapi.Envelope, bool) {
	out := &rtapi.Envelope{Cid: cid, Message: &rtapi.Envelope_Match{Match: m}}
	_ = s.Send(out)
	return out, true
}

func sendError(s Session, cid string, code rtapi.Error_Code, text string) (*rtapi.Envelope, bool) {
	_ = s.Send(&rtapi.Envelope{Cid: cid, Message: &rtapi.Envelope_Error{Error: &rtapi.Error{
		Code:    int32(code),
		Message: text,
	}}})
	return nil, false
}
