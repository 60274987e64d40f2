package judge

import (
	"context"

	"partyline/party"
	"partyline/party/reserve"
	"partyline/party/rules"
)

// CheckAction is an action that party_check answers about.
type CheckAction string

const (
	CheckCreate    = CheckAction(rules.ActionCreate)
	CheckJoin      = CheckAction(rules.ActionJoin)
	CheckInvite    = CheckAction(rules.ActionInvite)
	CheckMatchmake = CheckAction(rules.ActionMatchmake)
)

type Inquiry struct {
	Action  CheckAction `json:"action"`
	PartyID string      `json:"party_id,omitempty"`
	MaxSize int         `json:"max_size,omitempty"` // for create, as is open
	Open    bool        `json:"open,omitempty"`
	Queue   string      `json:"queue,omitempty"` // for matchmake
}

// Inquiries answers whether an action would be allowed. It uses the same checks as the action, in the same
// order, so of several refusals it returns the one that the action would get. An answer has no effect: it
// spends no token, takes no seat and counts no hit of a rule.
type Inquiries struct {
	Checks Checks        // from [Checks.Dry]
	Rates  *party.Limits // only asked; nothing is counted
	// Invite answers whether the caller may make an invite, as judge decides.
	Invite func(ctx context.Context, caller party.Caller, id party.ID, judge party.Judge) error
	// Queue answers whether the queue takes the party. If the view is zero, it answers for the caller alone.
	Queue func(ctx context.Context, caller party.Caller, v party.View, queue string) error
}

// Answer returns the refusal that the action would get, or nil if it would be allowed. If a rule cannot be
// evaluated, the refusal has the reason Internal and the rule's name. The error is about the inquiry itself:
// InvalidRequest naming the field, or Internal.
func (i Inquiries) Answer(ctx context.Context, caller party.Caller, q Inquiry) (*party.Error, error) {
	answer, known := map[CheckAction]func(context.Context, party.Caller, Inquiry) error{
		CheckCreate: i.create, CheckJoin: i.join, CheckInvite: i.invite, CheckMatchmake: i.matchmake,
	}[q.Action]
	switch {
	case !known:
		return nil, party.Refuse(party.InvalidRequest, "action: must be create, join, invite or matchmake.")
	case q.PartyID == "" && (q.Action == CheckJoin || q.Action == CheckInvite):
		return nil, party.Refuse(party.InvalidRequest, "party_id: must not be empty.")
	}
	refusal := party.AsError(answer(ctx, caller, q))
	if refusal != nil && refusal.Reason == party.Internal && refusal.Rule == "" {
		return nil, refusal
	}
	return refusal, nil
}

func (i Inquiries) create(ctx context.Context, caller party.Caller, q Inquiry) error {
	if continues, err := i.Checks.Entrance.MayContinue(ctx, caller.Session()); err != nil {
		return err
	} else if continues { // not a new party, so rules and rate do not apply
		return i.Checks.Entrance.MayCreate(ctx, caller.Session())
	}
	if _, err := i.Checks.Create(ctx, caller, party.CreateParams{MaxSize: q.MaxSize, Open: q.Open}); err != nil {
		return err
	}
	return i.Rates.PartyCreate.Check(caller.UserID)
}

// look looks at the party of the inquiry.
func (i Inquiries) look(ctx context.Context, q Inquiry) (reserve.Look, error) {
	id, err := party.ParseID(q.PartyID)
	if err != nil {
		return reserve.Look{}, err
	}
	return i.Checks.Entrance.Look(ctx, id)
}

func (i Inquiries) join(ctx context.Context, caller party.Caller, q Inquiry) error {
	look, err := i.look(ctx, q)
	if err != nil {
		return err
	}
	if err := i.Checks.Join(ctx, caller, look); err != nil || look.Open {
		return err
	}
	if i.Checks.Entrance.Asks(look.ID, caller.UserID) { // the server itself refuses it with another text
		return party.Refuse(party.AlreadyMember, "You have asked to join this party already.")
	}
	return i.Rates.JoinRequest.Check(caller.UserID)
}

func (i Inquiries) invite(ctx context.Context, caller party.Caller, q Inquiry) error {
	id, err := party.ParseID(q.PartyID)
	if err != nil {
		return err
	}
	if err := i.Rates.InviteCreate.Check(caller.UserID); err != nil {
		return err
	}
	return i.Invite(ctx, caller, id, i.Checks.Judge)
}

func (i Inquiries) matchmake(ctx context.Context, caller party.Caller, q Inquiry) error {
	if q.PartyID == "" {
		if err := i.Checks.SoloTicket(ctx, caller, q.Queue); err != nil {
			return err
		}
		return i.Queue(ctx, caller, party.View{}, q.Queue)
	}
	look, err := i.look(ctx, q)
	if err != nil {
		return err
	}
	m, member := look.Member(caller.UserID)
	if !member {
		return party.NotAMember()
	}
	caller.SessionID = m.SessionID // a call over plain HTTP has none
	if err := i.Checks.MemberAction(ctx, rules.ActionMatchmake, caller, look, rules.RequestFacts{Queue: q.Queue}); err != nil {
		return err
	}
	if err := i.Queue(ctx, caller, look.View, q.Queue); err != nil {
		return err
	}
	if look.Leader().UserID != caller.UserID { // the host checks this last
		return party.Refuse(party.NotLeader, "Only the leader looks for a match.")
	}
	return nil
}
