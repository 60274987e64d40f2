package hooks

import (
	"context"

	"partyline/party"
	"partyline/party/rules"
)

// Door answers who may make a party or come into one. It changes nothing: the seat is
// taken by [Admission], the token by the rate.
type Door interface {
	Create(ctx context.Context, caller party.Caller, wish party.Wish) (party.Wish, error)
	Join(ctx context.Context, caller party.Caller, id party.ID) (party.View, error)
	Accept(ctx context.Context, by, joiner party.Session, id party.ID) error
}

// Conduct answers the designers' rules on what players do once they are in, and on
// tickets of their own.
type Conduct interface {
	Inside(ctx context.Context, action rules.Action, caller party.Caller, id party.ID, asked rules.RequestFacts) error
	Alone(ctx context.Context, caller party.Caller, queue string) error
}

// PropertyQueue is the text property by which a ticket names its queue.
const PropertyQueue = "queue"

// Judged asks the designers' rules about every message they can be about, but for
// PartyCreate, which [Creation] asks about. Actions that no rule names cost nothing.
// The set belongs behind those that need no facts to refuse, and before [Admission].
func Judged(door Door, conduct Conduct, has func(rules.Action) bool) Set {
	j := judged{door: door, conduct: conduct}
	set := Set{Owner: "rules"}
	add := func(message string, action rules.Action, ask func(context.Context, *Call) error) {
		set.Hooks = append(set.Hooks, Hook{Message: message, Name: "rules", Before: func(ctx context.Context, call *Call) error {
			if !has(action) {
				return nil
			}
			return ask(ctx, call)
		}})
	}
	add(PartyJoin, rules.ActionJoin, j.join)
	add(PartyAccept, rules.ActionJoin, j.accept)
	add(MatchmakerAdd, rules.ActionMatchmake, j.alone)
	inside := func(message string, action rules.Action, asked func(*Call) rules.RequestFacts) {
		add(message, action, func(ctx context.Context, call *Call) error {
			id, err := call.PartyID()
			if err != nil {
				return err
			}
			return conduct.Inside(ctx, action, call.Caller(), id, asked(call))
		})
	}
	inside(PartyUpdate, rules.ActionUpdate, func(call *Call) rules.RequestFacts {
		update := call.In.GetPartyUpdate()
		return rules.RequestFacts{Open: update.GetOpen(), LabelJSON: update.GetLabel()}
	})
	inside(PartyDataSend, rules.ActionData, func(call *Call) rules.RequestFacts {
		return rules.RequestFacts{DataSize: len(call.In.GetPartyDataSend().GetData())}
	})
	inside(PartyMatchmakerAdd, rules.ActionMatchmake, func(call *Call) rules.RequestFacts {
		return rules.RequestFacts{Queue: call.In.GetPartyMatchmakerAdd().GetStringProperties()[PropertyQueue]}
	})
	inside(PartyRemove, rules.ActionKick, func(call *Call) rules.RequestFacts {
		return rules.RequestFacts{TargetID: call.In.GetPartyRemove().GetPresence().GetUserId()}
	})
	inside(PartyPromote, rules.ActionPromote, func(call *Call) rules.RequestFacts {
		return rules.RequestFacts{TargetID: call.In.GetPartyPromote().GetPresence().GetUserId()}
	})
	return set
}

type judged struct {
	door    Door
	conduct Conduct
}

func (j judged) join(ctx context.Context, call *Call) error {
	id, err := call.PartyID()
	if err != nil {
		return err
	}
	_, err = j.door.Join(ctx, call.Caller(), id)
	return err
}

func (j judged) accept(ctx context.Context, call *Call) error {
	id, err := call.PartyID()
	if err != nil {
		return err
	}
	return j.door.Accept(ctx, call.Session, sessionIn(call.In.GetPartyAccept().GetPresence()), id)
}

func (j judged) alone(ctx context.Context, call *Call) error {
	return j.conduct.Alone(ctx, call.Caller(), call.In.GetMatchmakerAdd().GetStringProperties()[PropertyQueue])
}
