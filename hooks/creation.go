package hooks

import (
	"context"

	"partyline/party"
)

// Creation applies the rules file to new parties and to updates of parties. rate counts a created party. offered
// returns the facts that a party must have if the session creates it to continue another party.
func Creation(judge Judge, rate func(userID string) error, policy party.Policy, offered func(ctx context.Context, s party.Session) (party.Facts, bool, error)) []Hook {
	return []Hook{
		{Message: PartyCreate, Name: "params", Before: func(ctx context.Context, call *Call) error {
			create := call.In.GetPartyCreate()
			facts, goesOn, err := offered(ctx, call.Session())
			if err != nil {
				return err
			}
			if goesOn { // not a new party, so rules and rate do not apply
				create.MaxSize, create.Open, create.Hidden, create.Label = int32(facts.MaxSize), facts.Open, facts.Hidden, facts.Label
				return nil
			}
			asked := party.CreateParams{MaxSize: int(create.GetMaxSize()), Open: create.GetOpen(), Label: create.GetLabel()}
			granted, err := judge.Create(ctx, call.Caller, asked)
			if err != nil {
				return err
			}
			create.MaxSize, create.Open = int32(granted.MaxSize), granted.Open
			return rate(call.UserID) // last, so that a refused party costs no token
		}},
		{Message: PartyUpdate, Name: "open", Before: func(_ context.Context, call *Call) error {
			update := call.In.GetPartyUpdate()
			update.Open = policy().Parties.Openness(update.GetOpen())
			return nil
		}},
	}
}
