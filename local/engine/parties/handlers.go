package parties

import (
	"context"
	"errors"
	"strings"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/local/engine/presence"
)

// Session is the socket that a message came from.
type Session interface {
	ID() uuid.UUID
	UserID() uuid.UUID
	Username() string
	Send(e *rtapi.Envelope) error
}

// Handler handles one message of a client. It sends the reply or the error itself. ok reports whether the message
// succeeded. out is the reply, for after-hooks.
type Handler func(ctx context.Context, s Session, in *rtapi.Envelope) (out *rtapi.Envelope, ok bool)

// Handlers returns the handler of each party message. The keys are message names such as "PartyCreate".
func (r *Registry) Handlers() map[string]Handler {
	return map[string]Handler{
		"PartyCreate":           r.partyCreate,
		"PartyJoin":             r.partyJoin,
		"PartyLeave":            r.partyLeave,
		"PartyPromote":          r.partyPromote,
		"PartyAccept":           r.partyAccept,
		"PartyRemove":           r.partyRemove,
		"PartyClose":            r.partyClose,
		"PartyJoinRequestList":  r.partyJoinRequestList,
		"PartyMatchmakerAdd":    r.partyMatchmakerAdd,
		"PartyMatchmakerRemove": r.partyMatchmakerRemove,
		"PartyDataSend":         r.partyDataSend,
		"PartyUpdate":           r.partyUpdate,
	}
}

func (r *Registry) partyCreate(_ context.Context, s Session, in *rtapi.Envelope) (*rtapi.Envelope, bool) {
	msg := in.GetPartyCreate()
	if msg.MaxSize < 0 || msg.MaxSize > MaxSize {
		return sendInputError(s, in, "Invalid party max size, must be 1-256") // but 0 is accepted
	}
	creator := r.presenceOf(s)
	p, err := r.create(creator, msg.Open, msg.Hidden, int(msg.MaxSize), msg.Label)
	switch {
	case errors.Is(err, errTracking):
		return sendServerError(s, in, "Error tracking party creation")
	case err != nil:
		return sendInputError(s, in, "Error creating party: "+err.Error())
	}
	return reply(s, &rtapi.Envelope{Cid: in.Cid, Message: &rtapi.Envelope_Party{Party: &rtapi.Party{
		PartyId: p.id, Open: msg.Open, Hidden: msg.Hidden, MaxSize: msg.MaxSize, Label: msg.Label,
		Self: userPresence(creator), Leader: userPresence(creator), Presences: []*rtapi.UserPresence{userPresence(creator)},
	}}})
}

func (r *Registry) partyJoin(_ context.Context, s Session, in *rtapi.Envelope) (*rtapi.Envelope, bool) {
	err := r.withPartyID(in.GetPartyJoin().PartyId, func(p *party) error { return p.join(r.presenceOf(s)) })
	if errors.Is(err, errTracking) {
		return sendServerError(s, in, "Error tracking party join")
	}
	return replyOrError(s, in, "Error joining party", err)
}

// partyLeave succeeds even if the party or the member does not exist.
func (r *Registry) partyLeave(_ context.Context, s Session, in *rtapi.Envelope) (*rtapi.Envelope, bool) {
	id, err := parseID(in.GetPartyLeave().PartyId)
	if err != nil {
		return sendInputError(s, in, invalidID)
	}
	r.opts.Tracker.Untrack(s.ID(), presence.Stream{Mode: presence.ModeParty, Subject: id.uuid, Label: id.node})
	_, ok := reply(s, &rtapi.Envelope{Cid: in.Cid})
	return nil, ok // after-hooks of this message get no reply
}

func (r *Registry) partyPromote(_ context.Context, s Session, in *rtapi.Envelope) (*rtapi.Envelope, bool) {
	msg := in.GetPartyPromote()
	return r.leaderCall(s, in, msg.PartyId, msg.Presence, (*party).promote, "Error promoting new party leader")
}

func (r *Registry) partyAccept(_ context.Context, s Session, in *rtapi.Envelope) (*rtapi.Envelope, bool) {
	msg := in.GetPartyAccept()
	return r.leaderCall(s, in, msg.PartyId, msg.Presence, (*party).accept, "Error accepting party join request")
}

func (r *Registry) partyRemove(_ context.Context, s Session, in *rtapi.Envelope) (*rtapi.Envelope, bool) {
	msg := in.GetPartyRemove()
	return r.leaderCall(s, in, msg.PartyId, msg.Presence, (*party).kick, "Error removing party member or join request")
}

// leaderCall runs a leader's call about a presence of the party. problem is the text for an error.
func (r *Registry) leaderCall(s Session, in *rtapi.Envelope, id string, who *rtapi.UserPresence, call func(p *party, leader uuid.UUID, who *rtapi.UserPresence) error, problem string) (*rtapi.Envelope, bool) {
	if !isComplete(who) {
		return sendInputError(s, in, invalidPresence)
	}
	err := r.withPartyID(id, func(p *party) error { return call(p, s.ID(), who) })
	return replyOrError(s, in, problem, err)
}

func (r *Registry) partyClose(_ context.Context, s Session, in *rtapi.Envelope) (*rtapi.Envelope, bool) {
	err := r.withPartyID(in.GetPartyClose().PartyId, func(p *party) error { return p.close(s.ID()) })
	return replyOrError(s, in, "Error closing party", err)
}

func (r *Registry) partyJoinRequestList(_ context.Context, s Session, in *rtapi.Envelope) (*rtapi.Envelope, bool) {
	msg := in.GetPartyJoinRequestList()
	var pending []*rtapi.UserPresence
	err := r.withPartyID(msg.PartyId, func(p *party) (err error) {
		pending, err = p.joinRequests(s.ID())
		return err
	})
	if err != nil {
		return replyOrError(s, in, "Error listing party join requests", err)
	}
	return reply(s, &rtapi.Envelope{Cid: in.Cid, Message: &rtapi.Envelope_PartyJoinRequest{
		PartyJoinRequest: &rtapi.PartyJoinRequest{PartyId: msg.PartyId, Presences: pending},
	}})
}

func (r *Registry) partyMatchmakerAdd(ctx context.Context, s Session, in *rtapi.Envelope) (*rtapi.Envelope, bool) {
	msg := in.GetPartyMatchmakerAdd()
	request, problem := ticketRequest(msg)
	if problem != "" {
		return sendInputError(s, in, problem)
	}
	var ticket string
	var others []presence.ID
	err := r.withPartyID(msg.PartyId, func(p *party) (err error) {
		ticket, others, err = p.addTicket(ctx, s.ID(), request)
		return err
	})
	if err != nil {
		return replyOrError(s, in, "Error adding party to matchmaker", err)
	}
	out := &rtapi.Envelope{Message: &rtapi.Envelope_PartyMatchmakerTicket{
		PartyMatchmakerTicket: &rtapi.PartyMatchmakerTicket{PartyId: msg.PartyId, Ticket: ticket},
	}}
	_, _ = reply(s, &rtapi.Envelope{Cid: in.Cid, Message: out.Message})
	r.opts.Router.SendToPresences(others, out)
	return &rtapi.Envelope{Cid: in.Cid, Message: out.Message}, true
}

// ticketRequest checks a client's matchmaker request and sets defaults. problem is the error text for the client.
func ticketRequest(msg *rtapi.PartyMatchmakerAdd) (r TicketRequest, problem string) {
	r = TicketRequest{
		Query: msg.Query, MinCount: int(msg.MinCount), MaxCount: int(msg.MaxCount), CountMultiple: 1,
		StringProperties: msg.StringProperties, NumericProperties: msg.NumericProperties,
	}
	if r.Query == "" {
		r.Query = "*"
	}
	if msg.CountMultiple != nil {
		r.CountMultiple = int(msg.CountMultiple.Value)
	}
	switch {
	case r.MinCount < 2:
		return r, "Invalid minimum count, must be >= 2"
	case r.MaxCount < r.MinCount:
		return r, "Invalid maximum count, must be >= minimum count"
	case r.CountMultiple < 1:
		return r, "Invalid count multiple, must be >= 1"
	case r.MinCount%r.CountMultiple != 0:
		return r, "Invalid count multiple for minimum count, must divide"
	case r.MaxCount%r.CountMultiple != 0:
		return r, "Invalid count multiple for maximum count, must divide"
	}
	return r, ""
}

func (r *Registry) partyMatchmakerRemove(_ context.Context, s Session, in *rtapi.Envelope) (*rtapi.Envelope, bool) {
	msg := in.GetPartyMatchmakerRemove()
	if msg.Ticket == "" {
		return sendInputError(s, in, "Invalid matchmaker ticket")
	}
	err := r.withPartyID(msg.PartyId, func(p *party) error { return p.removeTicket(s.ID(), msg.Ticket) })
	return replyOrError(s, in, "Error closing party", err) // the real server has this wrong text too
}

func (r *Registry) partyDataSend(_ context.Context, s Session, in *rtapi.Envelope) (*rtapi.Envelope, bool) {
	msg := in.GetPartyDataSend()
	err := r.withPartyID(msg.PartyId, func(p *party) error { return p.sendData(s.ID(), msg.OpCode, msg.Data) })
	return replyOrError(s, in, "Error sending party data", err)
}

func (r *Registry) partyUpdate(_ context.Context, s Session, in *rtapi.Envelope) (*rtapi.Envelope, bool) {
	msg := in.GetPartyUpdate()
	id, err := parseID(msg.PartyId)
	switch {
	case err != nil:
	case msg.Hidden && msg.Label != "" && msg.Label != "{}":
		err = errHiddenLabel // Only create accepts both.
	default:
		err = r.withParty(id, func(p *party) error { return p.update(s.ID(), msg.Label, msg.Open, msg.Hidden) })
	}
	return replyOrError(s, in, "Error updating party", err)
}

// partyID is a party's ID. Clients write it as "<uuid>.<node>".
type partyID struct {
	uuid uuid.UUID
	node string
}

var errInvalidID = errors.New("invalid party ID")

// Errors for a message with an invalid party ID or presence.
const (
	invalidID       = "Invalid party ID"
	invalidPresence = "Invalid presence"
)

func parseID(text string) (partyID, error) {
	id, node, found := strings.Cut(text, ".")
	u, err := uuid.Parse(id)
	if !found || err != nil {
		return partyID{}, errInvalidID
	}
	return partyID{uuid: u, node: node}, nil
}

// withPartyID runs a call on the party with an ID that a client has sent.
func (r *Registry) withPartyID(text string, call func(p *party) error) error {
	id, err := parseID(text)
	if err != nil {
		return err
	}
	return r.withParty(id, call)
}

func (r *Registry) withParty(id partyID, call func(p *party) error) error {
	at := r
	if r.opts.Peer != nil && id.node != r.opts.Node {
		if at = r.opts.Peer(id.node); at == nil {
			return errNotFound
		}
	}
	p := at.party(id.uuid)
	if p == nil || id.node != at.opts.Node {
		return errNotFound
	}
	return call(p)
}

// isComplete reports whether a client has set all three parts of a presence.
func isComplete(w *rtapi.UserPresence) bool {
	return w.GetUserId() != "" && w.GetSessionId() != "" && w.GetUsername() != ""
}

func (r *Registry) presenceOf(s Session) presence.Presence {
	return presence.Presence{
		ID:     presence.ID{Node: r.opts.Node, SessionID: s.ID()},
		UserID: s.UserID(),
		Meta:   presence.Meta{Username: s.Username()},
	}
}

// reply answers a message.
func reply(s Session, out *rtapi.Envelope) (*rtapi.Envelope, bool) {
	_ = s.Send(out)
	return out, true
}

// replyOrError confirms a message. If err is not nil, it sends an error instead: the text what, then err.
func replyOrError(s Session, in *rtapi.Envelope, what string, err error) (*rtapi.Envelope, bool) {
	switch {
	case errors.Is(err, errInvalidID):
		return sendInputError(s, in, invalidID)
	case err != nil:
		return sendInputError(s, in, what+": "+err.Error())
	}
	return reply(s, &rtapi.Envelope{Cid: in.Cid})
}

// sendInputError answers with an error that the client has caused. All such errors have code 3; only the text differs.
func sendInputError(s Session, in *rtapi.Envelope, message string) (*rtapi.Envelope, bool) {
	return sendError(s, in, rtapi.Error_BAD_INPUT, message)
}

// sendServerError answers with an error of the server.
func sendServerError(s Session, in *rtapi.Envelope, message string) (*rtapi.Envelope, bool) {
	return sendError(s, in, rtapi.Error_RUNTIME_EXCEPTION, message)
}

func sendError(s Session, in *rtapi.Envelope, code rtapi.Error_Code, message string) (*rtapi.Envelope, bool) {
	_ = s.Send(&rtapi.Envelope{Cid: in.Cid, Message: &rtapi.Envelope_Error{
		Error: &rtapi.Error{Code: int32(code), Message: message},
	}})
	return nil, false
}
