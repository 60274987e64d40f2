package hooks

import (
	"context"

	"partyline/party"
)

// Creation makes new parties what the rules file says they are, and keeps them so. rate counts
// a party created, and refuses one too many. offered says what the party of a session has to be
// that goes on with another by it.
func Creation(judge Judge, rate func(userID string) error, policy party.Policy, offered func(ctx context.Context, s party.Session) (party.Facts, bool, error)) []Hook {
	return []Hook{
		{Message: PartyCreate, Name: "params", Before: func(ctx context.Context, call *Call) error {
			create := call.In.GetPartyCreate()
			facts, goesOn, err := offered(ctx, call.Session())
			if err != nil {
				return err
			}
			if goesOn { // no new party, so no rule and no rate is about it
				create.MaxSize, create.Open, create.Hidden, create.Label = int32(facts.MaxSize), facts.Open, facts.Hidden, facts.Label
				return nil
			}
			asked := party.CreateParams{MaxSize: int(create.GetMaxSize()), Open: create.GetOpen(), Label: create.GetLabel()}
			granted, err := judge.Create(ctx, call.Caller, asked)
			if err != nil {
				return err
			}
			create.MaxSize, create.Open = int32(granted.MaxSize), granted.Open
			return rate(call.UserID) // last: a refused party costs no token
		}},
		{Message: PartyUpdate, Name: "open", Before: func(_ context.Context, call *Call) error {
			update := call.In.GetPartyUpdate()
			update.Open = policy().Parties.Openness(update.GetOpen())
			return nil
		}},
	}
}
