package hooks

import (
	"context"
	"errors"

	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/party"
	"partyline/party/rules"
)

// CreationLimit is the rate at which one user may create parties.
type CreationLimit interface {
	PartyCreate(userID string) error
}

// Creator is the part of admission around a party's creation: asked before it, told
// after it.
type Creator interface {
	BeginCreate(ctx context.Context, session party.Session) error
	EndCreate(ctx context.Context, session party.Session, created *rtapi.Party) error
}

// Creation makes new parties what the rules file says they are, and keeps them so. A
// size is always set: with none the stock server makes a party nobody can enter, whose
// first ticket stops presence events for the whole node.
func Creation(limit CreationLimit, creator Creator, policy party.Policy) Set {
	c := creation{limit: limit, creator: creator, policy: policy}
	return Set{Owner: "creation", Hooks: []Hook{
		{Message: PartyCreate, Name: "size", Before: c.size},
		{Message: PartyCreate, Name: "open", Before: c.openness},
		{Message: PartyCreate, Name: "creator", Before: c.begin, After: c.end},
		{Message: PartyCreate, Name: "rate", Before: c.rate}, // last: a refused party costs no token
		{Message: PartyUpdate, Name: "open", Before: c.openness},
	}}
}

type creation struct {
	limit   CreationLimit
	creator Creator
	policy  party.Policy
}

// size fills in the default where the client names none, and refuses or clamps what
// lies outside the rules' bounds.
func (c creation) size(_ context.Context, call *Call) error {
	create := call.In.GetPartyCreate()
	bounds := c.policy().Parties.MaxSize
	asked := int(create.GetMaxSize())
	if asked == 0 {
		asked = bounds.Default
	}
	allowed := min(max(asked, bounds.Min), bounds.Max)
	if allowed != asked && bounds.Outside != rules.OutsideClamp {
		return party.Refuse(party.InvalidRequest, "max_size: %d is not allowed here; from %d to %d.", asked, bounds.Min, bounds.Max)
	}
	create.MaxSize = int32(allowed)
	return nil
}

// openness overrides what the client asks for where the rules leave it no choice.
// Overriding and not refusing, because a client that says nothing asks for closed, and
// an update always says something.
func (c creation) openness(_ context.Context, call *Call) error {
	policy := c.policy().Parties.Open
	if policy == rules.OpenAny {
		return nil
	}
	if create := call.In.GetPartyCreate(); create != nil {
		create.Open = policy == rules.OpenOnly
	}
	if update := call.In.GetPartyUpdate(); update != nil {
		update.Open = policy == rules.OpenOnly
	}
	return nil
}

func (c creation) begin(ctx context.Context, call *Call) error {
	return c.creator.BeginCreate(ctx, call.Session)
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
