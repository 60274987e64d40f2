package hooks

import (
	"context"
	"slices"

	"partyline/party"
	"partyline/party/reserve"
	"partyline/party/rules"
)

// Judge applies the rules file to an action. It changes nothing: [Admission] takes a seat, the rate takes a token.
type Judge interface {
	Create(ctx context.Context, caller party.Caller, asked party.CreateParams) (party.CreateParams, error)
	Join(ctx context.Context, caller party.Caller, look reserve.Look) error
	Accept(ctx context.Context, by, joiner party.Session, look reserve.Look) error
	MemberAction(ctx context.Context, action rules.Action, caller party.Caller, look reserve.Look, asked rules.RequestFacts) error
	SoloTicket(ctx context.Context, caller party.Caller, queue string) error
}

// PropertyQueue is the text property by which a ticket names its queue.
const PropertyQueue = "queue"

// RuleChecks checks the designers' rules for every message that they can refuse, except PartyCreate, which [Creation]
// checks. has reports whether an action has rules, enforces whether one of them is in force; otherwise nothing is
// refused. Put these rows after rows that refuse without facts, and before [Admission].
func RuleChecks(judge Judge, parties Parties, has, enforces func(rules.Action) bool) (table []Hook) {
	add := func(message string, action rules.Action, ask func(context.Context, *Call) error) {
		table = append(table, Hook{Message: message, Name: "rules", Before: func(ctx context.Context, call *Call) error {
			if !has(action) {
				return nil
			}
			return ask(ctx, call)
		}})
	}
	addWithLook := func(message string, action rules.Action, ask func(context.Context, *Call, reserve.Look) error) {
		add(message, action, func(ctx context.Context, call *Call) error {
			look, err := call.Look(ctx, parties)
			switch {
			case err == nil:
				return ask(ctx, call, *look)
			case !enforces(action):
				return nil
			}
			return err
		})
	}
	addWithLook(PartyJoin, rules.ActionJoin, func(ctx context.Context, call *Call, look reserve.Look) error {
		return judge.Join(ctx, call.Caller, look)
	})
	addWithLook(PartyAccept, rules.ActionJoin, func(ctx context.Context, call *Call, look reserve.Look) error {
		return judge.Accept(ctx, call.Session(), sessionFrom(call.In.GetPartyAccept().GetPresence()), look)
	})
	add(MatchmakerAdd, rules.ActionMatchmake, func(ctx context.Context, call *Call) error {
		return judge.SoloTicket(ctx, call.Caller, call.In.GetMatchmakerAdd().GetStringProperties()[PropertyQueue])
	})
	addInside := func(message string, action rules.Action, asked func(*Call) rules.RequestFacts) {
		addWithLook(message, action, func(ctx context.Context, call *Call, look reserve.Look) error {
			return judge.MemberAction(ctx, action, call.Caller, look, asked(call))
		})
	}
	addInside(PartyUpdate, rules.ActionUpdate, func(call *Call) rules.RequestFacts {
		update := call.In.GetPartyUpdate()
		return rules.RequestFacts{LabelJSON: update.GetLabel(), Wish: &rules.PartyRequest{Open: update.GetOpen()}}
	})
	addInside(PartyDataSend, rules.ActionData, func(call *Call) rules.RequestFacts {
		return rules.RequestFacts{DataSize: len(call.In.GetPartyDataSend().GetData())}
	})
	addInside(PartyMatchmakerAdd, rules.ActionMatchmake, func(call *Call) rules.RequestFacts {
		return rules.RequestFacts{Queue: call.In.GetPartyMatchmakerAdd().GetStringProperties()[PropertyQueue]}
	})
	addWithLook(PartyRemove, rules.ActionKick, func(ctx context.Context, call *Call, look reserve.Look) error {
		target := call.In.GetPartyRemove().GetPresence().GetUserId()
		if !slices.Contains(look.Users(), target) {
			return nil // the leader declines a request to join
		}
		return judge.MemberAction(ctx, rules.ActionKick, call.Caller, look, rules.RequestFacts{TargetID: target})
	})
	addInside(PartyPromote, rules.ActionPromote, func(call *Call) rules.RequestFacts {
		return rules.RequestFacts{TargetID: call.In.GetPartyPromote().GetPresence().GetUserId()}
	})
	return table
}
