package matchmaker

import (
	"context"

	"partyline/local/engine/presence"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/rtapi"
)

// Session has the methods of a live socket that the message handlers use.
type Session interface {
	ID() uuid.UUID
	UserID() uuid.UUID
	Username() string
	Send(*rtapi.Envelope) error
}

// HandleAdd handles a matchmaker_add message and answers with the ticket.
func (m *Matchmaker) HandleAdd(ctx context.Context, s Session, in *rtapi.Envelope) (out *rtapi.Envelope, ok bool) {
	msg := in.GetMatchmakerAdd()
	multiple := 1
	if msg.CountMultiple != nil {
		multiple = int(msg.CountMultiple.GetValue())
	}
	if refusal := checkCounts(int(msg.MinCount), int(msg.MaxCount), multiple); refusal != "" {
		return sendError(s, in.Cid, rtapi.Error_BAD_INPUT, refusal)
	}
	queryText := msg.Query
	if queryText == "" {
		queryText = "*"
	}
	player := presence.Presence{
		ID:     presence.ID{Node: m.opts.Node, SessionID: s.ID()},
		UserID: s.UserID(),
		Meta:   presence.Meta{Username: s.Username()},
	}
	ticket, _, err := m.Add(ctx, []presence.Presence{player}, s.ID().String(), "", queryText,
		int(msg.MinCount), int(msg.MaxCount), multiple, msg.StringProperties, msg.NumericProperties)
	if err != nil {
		m.opts.Logger.Error("matchmaker: add: %v", err)
		return sendError(s, in.Cid, rtapi.Error_RUNTIME_EXCEPTION, "Error adding to matchmaker")
	}
	return reply(s, &rtapi.Envelope{Cid: in.Cid, Message: &rtapi.Envelope_MatchmakerTicket{
		MatchmakerTicket: &rtapi.MatchmakerTicket{Ticket: ticket},
	}})
}

// checkCounts returns the real server's error text for invalid sizes, or "".
func checkCounts(minCount, maxCount, multiple int) string {
	switch {
	case minCount < 2:
		return "Invalid minimum count, must be >= 2"
	case maxCount < minCount:
		return "Invalid maximum count, must be >= minimum count"
	case multiple < 1:
		return "Invalid count multiple, must be >= 1"
	case minCount%multiple != 0:
		return "Invalid count multiple for minimum count, must divide"
	case maxCount%multiple != 0:
		return "Invalid count multiple for maximum count, must divide"
	}
	return ""
}

// HandleRemove handles a matchmaker_remove message.
func (m *Matchmaker) HandleRemove(ctx context.Context, s Session, in *rtapi.Envelope) (out *rtapi.Envelope, ok bool) {
	ticket := in.GetMatchmakerRemove().Ticket
	if ticket == "" {
		return sendError(s, in.Cid, rtapi.Error_BAD_INPUT, "Invalid matchmaker ticket")
	}
	if err := m.RemoveSession(s.ID().String(), ticket); err != nil {
		return sendError(s, in.Cid, rtapi.Error_BAD_INPUT, "Matchmaker ticket not found")
	}
	return reply(s, &rtapi.Envelope{Cid: in.Cid})
}

// reply sends the reply. It ignores a send error, because then the socket is gone.
func reply(s Session, out *rtapi.Envelope) (*rtapi.Envelope, bool) {
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
