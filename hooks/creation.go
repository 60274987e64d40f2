package hooks

import (
	"context"
	"errors"

	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/party"
)

// CreationLimit is the rate at which one user may create parties.
type CreationLimit interface {
	PartyCreate(userID string) error
}

// Creator is told of a party after its creation.
type Creator interface {
	EndCreate(ctx context.Context, session party.Session, created *rtapi.Party) error
}

// Creation makes new parties what the rules file says they are, and keeps them so.
func Creation(door Door, limit CreationLimit, creator Creator, policy party.Policy) Set {
	c := creation{door: door, limit: limit, creator: creator, policy: policy}
	return Set{Owner: "creation", Hooks: []Hook{
		{Message: PartyCreate, Name: "wish", Before: c.wish, After: c.end},
		{Message: PartyCreate, Name: "rate", Before: c.rate}, // last: a refused party costs no token
		{Message: PartyUpdate, Name: "open", Before: c.openness},
	}}
}

type creation struct {
	door    Door
	limit   CreationLimit
	creator Creator
	policy  party.Policy
}

// wish puts into the message what becomes of what the client asked for.
func (c creation) wish(ctx context.Context, call *Call) error {
	create := call.In.GetPartyCreate()
	asked := party.Wish{MaxSize: int(create.GetMaxSize()), Open: create.GetOpen(), Label: create.GetLabel()}
	granted, err := c.door.Create(ctx, call.Caller(), asked)
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

func (c creation) end(ctx context.Context, call *Call) error {
	created := call.Out.GetParty()
	if created == nil {
		return errors.New("the host answered party_create without a party")
	}
	return c.creator.EndCreate(ctx, call.Session, created)
}

func (c creation) rate(_ context.Context, call *Call) error {
	return c.limit.PartyCreate(call.Session.UserID)
}
