package hooks

import (
	"context"
	"errors"

	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/party"
	"partyline/party/admission"
	"partyline/party/reserve"
)

// Parties is package admission, as hooks use it: the look that all handlers of a message share, and the work around it.
type Parties interface {
	Look(ctx context.Context, id party.ID) (reserve.Look, error)
	Before(ctx context.Context, m admission.Message, l *reserve.Look) error
	After(ctx context.Context, m admission.Message) error
	Settle(s party.Session)
}

var _ Parties = (*admission.Admission)(nil)

// Settling tells admission with every message that the session's earlier join is over, and matchmaking that its ticket
// is answered: the host handles a session's messages one by one. Put these rows before all rows that look at seats.
func Settling(parties Parties, answered func(party.Session)) (table []Hook) {
	for _, message := range append([]string{PartyCreate, PartyLeave, PartyMatchmakerRemove, PartyJoinRequestList, MatchmakerAdd, MatchmakerRemove}, existingPartyMessages...) {
		table = append(table, Hook{Message: message, Name: "settle", Before: func(_ context.Context, call *Call) error {
			parties.Settle(call.Session())
			answered(call.Session())
			return nil
		}})
	}
	return table
}

// Admission passes every message about a party to package admission after the host has handled it. Messages that let
// somebody in or throw somebody out are passed before as well, to count pending joins, keep reserved seats and keep
// kicked users out. Put these rows after all that may refuse a message: from here on a seat counts as taken.
func Admission(parties Parties) []Hook {
	table := []Hook{{Message: PartyCreate, Name: "admission", Before: func(ctx context.Context, call *Call) error {
		facts := party.Facts{Label: call.In.GetPartyCreate().GetLabel()}
		return parties.Before(ctx, admission.Message{Kind: admission.Create, Sender: call.Session(), Facts: facts}, nil) // there is no party yet
	}}}
	for _, row := range []struct {
		message string
		kind    admission.MessageKind
		before  bool
	}{
		{PartyCreate, admission.Create, false},
		{PartyJoin, admission.Join, true}, // joins an open party, or asks to join a closed one
		{PartyAccept, admission.Accept, true},
		{PartyRemove, admission.Remove, true},
		{PartyPromote, admission.Promote, false},
		{PartyLeave, admission.Leave, false},
		{PartyUpdate, admission.Update, false},
		{PartyMatchmakerAdd, admission.ByLeader, false},
		{PartyMatchmakerRemove, admission.ByLeader, false},
		{PartyJoinRequestList, admission.ByLeader, false},
		{PartyClose, admission.Close, false},
	} {
		hook := Hook{Message: row.message, Name: "admission", After: func(ctx context.Context, call *Call) error {
			m, err := admissionMessage(ctx, call, row.kind)
			if err != nil {
				return err
			}
			return parties.After(ctx, m)
		}}
		if row.before {
			hook.Before = func(ctx context.Context, call *Call) error {
				m, err := admissionMessage(ctx, call, row.kind)
				if err == nil && row.kind == admission.Accept {
					err = requireMember(ctx, call, parties)
				}
				if err != nil {
					return err
				}
				return parties.Before(ctx, m, call.look)
			}
		}
		table = append(table, hook)
	}
	return table
}

// requireMember lets only members accept. An accept keeps a seat for a moment even if the host then refuses it because
// the sender is not the leader. Without this check, strangers could keep a party full.
func requireMember(ctx context.Context, call *Call, parties Parties) error {
	look, err := call.Look(ctx, parties)
	if err != nil {
		return err
	}
	if _, member := look.Session(call.SessionID); !member {
		return party.NotAMember()
	}
	return nil
}

// admissionMessage converts a message for package admission.
func admissionMessage(ctx context.Context, call *Call, kind admission.MessageKind) (admission.Message, error) {
	m := admission.Message{Kind: kind, Sender: call.Session(), CID: call.In.GetCid()}
	switch kind {
	case admission.Create:
		created := call.Out.GetParty()
		if created == nil {
			return m, errors.New("the host answered party_create without a party")
		}
		m.Facts = party.Facts{MaxSize: int(created.GetMaxSize()), Open: created.GetOpen(), Hidden: created.GetHidden(), Label: created.GetLabel()}
		id, err := party.ParseID(created.GetPartyId())
		m.Party = id
		return m, err
	case admission.Join:
		m.Client = party.ClientOf(ctx, call.UserID)
	case admission.Accept:
		m.Target = sessionFrom(call.In.GetPartyAccept().GetPresence())
	case admission.Remove:
		m.Target = sessionFrom(call.In.GetPartyRemove().GetPresence())
	case admission.Promote:
		m.Target = sessionFrom(call.In.GetPartyPromote().GetPresence())
	case admission.Update:
		update := call.In.GetPartyUpdate()
		m.Facts = party.Facts{Open: update.GetOpen(), Hidden: update.GetHidden(), Label: update.GetLabel()}
	}
	id, err := call.PartyID()
	m.Party = id
	return m, err
}

// sessionFrom returns the session that a client's message names. The host has checked it once a message has succeeded.
func sessionFrom(presence *rtapi.UserPresence) party.Session {
	return party.Session{
		UserID:    presence.GetUserId(),
		SessionID: presence.GetSessionId(),
		Username:  presence.GetUsername(),
	}
}
