package hooks

import (
	"context"

	"partyline/party"
)

// Creation makes new parties what the rules file says they are, and keeps them so.
// offered says what the party of a user has to be who goes on with another by it.
func Creation(judge Judge, rates Rates, policy party.Policy, offered func(ctx context.Context, userID string) (party.Facts, bool, error)) Set {
	c := creation{judge: judge, rates: rates, policy: policy, offered: offered}
	return Set{Owner: "creation", Hooks: []Hook{
		{Message: PartyCreate, Name: "params", Before: c.params},
		{Message: PartyCreate, Name: "rate", Before: c.rate}, // last: a refused party costs no token
		{Message: PartyUpdate, Name: "open", Before: c.openness},
	}}
}

type creation struct {
	judge  Judge
	rates  Rates
	policy party.Policy

	offered func(ctx context.Context, userID string) (party.Facts, bool, error)
}

// params puts into the message what becomes of what the client asked for.
func (c creation) params(ctx context.Context, call *Call) error {
	create := call.In.GetPartyCreate()
	facts, goesOn, err := c.offered(ctx, call.Session.UserID)
	if err != nil {
		return err
	}
	if goesOn { // no new party, so no rule is about it
		create.MaxSize, create.Open, create.Hidden, create.Label = int32(facts.MaxSize), facts.Open, facts.Hidden, facts.Label
		return nil
	}
	asked := party.CreateParams{MaxSize: int(create.GetMaxSize()), Open: create.GetOpen(), Label: create.GetLabel()}
	granted, err := c.judge.Create(ctx, call.Caller(), asked)
	if err != nil {
		return err
	}
	create.MaxSize, create.Open = int32(granted.MaxSize), granted.Open
	return nil
}

func (c creation) openness(_ context.Context, call *Call) error {
	update := call.In.GetPartyUpdate()
	update.Open = party.Openness(c.policy().Parties, update.GetOpen())
	return nil
}

func (c creation) rate(_ context.Context, call *Call) error {
	return c.rates.PartyCreate(call.Session.UserID)
}
