package judge

import (
	"context"

	"partyline/party"
	"partyline/party/reserve"
	"partyline/party/rules"
)

// Entrance is the part of admission that says what it would do.
type Entrance interface {
	MayCreate(ctx context.Context, s party.Session) error
	Check(ctx context.Context, id party.ID, in reserve.Intent, l *reserve.Look) (reserve.Look, error)
	Look(ctx context.Context, id party.ID) (reserve.Look, error)
	ClientAsking(id party.ID, sessionID string) party.Client
	Asks(id party.ID, userID string) bool
}

// Checks are the rules of the file in their order among each other: what is cheap to
// find out comes first, the designers' own conditions last. They change nothing; what
// an action costs (a token of a rate, a seat) is taken by the hook that goes ahead.
type Checks struct {
	*Judge
	Entrance Entrance
	Policy   party.Policy
}

// NewChecks makes checks that ask the judge, and count.
func NewChecks(j *Judge, e Entrance, p party.Policy) Checks {
	return Checks{Judge: j, Entrance: e, Policy: p}
}

// Dry are the same checks for questions that nothing follows from.
func (c Checks) Dry(j *Judge) Checks {
	c.Judge = j.Dry()
	return c
}

// Create answers what becomes of a wish for a new party, or why there is none:
// InvalidRequest naming the field, AlreadyInParty, a designer's rule.
func (c Checks) Create(ctx context.Context, caller party.Caller, wish party.CreateParams) (party.CreateParams, error) {
	question := party.Question{
		Action: rules.ActionCreate, Caller: caller, Request: rules.RequestFacts{LabelJSON: wish.Label, Wish: &rules.Wish{MaxSize: wish.MaxSize, Open: wish.Open}},
	}
	shaped, err := wish.Shape(c.Policy().Parties)
	if err != nil {
		_ = c.ask(ctx, question) // the rules that come next may allow the size
		return shaped, err
	}
	if err := c.Entrance.MayCreate(ctx, caller.Session()); err != nil {
		return shaped, err
	}
	return shaped, c.ask(ctx, question)
}

// Join decides on a PartyJoin of the caller into the party that was looked at, which asks
// to be let in where the party is closed; it refuses as admission's Before does,
// and with a designer's rule. No rule keeps out who only comes back, here or in Accept.
func (c Checks) Join(ctx context.Context, caller party.Caller, look reserve.Look) error {
	look, err := c.Entrance.Check(ctx, look.ID, reserve.Intent{Kind: reserve.Join, Session: caller.Session(), By: caller.SessionID}, &look)
	if err != nil || look.Returning(caller.UserID) {
		return err
	}
	return c.ask(ctx, party.Question{Action: rules.ActionJoin, Caller: caller, View: look.View, Held: look.Held(caller.UserID), Away: look.Away})
}

// Accept answers for a PartyAccept of joiner: the rules for joining, about the joiner
// and not about the leader who lets it in. Somebody who is no member gets no answer here.
func (c Checks) Accept(ctx context.Context, by, joiner party.Session, look reserve.Look) error {
	if !c.Has(rules.ActionJoin) {
		return nil
	}
	if err := party.CheckNamed(joiner); err != nil {
		if c.Enforces(rules.ActionJoin) {
			return err
		}
		return nil // only rules that are not in force would have been asked
	}
	if _, member := look.Session(by.SessionID); !member || look.Returning(joiner.UserID) {
		return nil
	}
	return c.Judge.Decide(ctx, party.Question{
		Action: rules.ActionJoin, Caller: party.Caller{UserID: joiner.UserID, Username: joiner.Username, SessionID: joiner.SessionID},
		Client: c.Entrance.ClientAsking(look.ID, joiner.SessionID), View: look.View, Held: look.Held(joiner.UserID), Away: look.Away,
	})
}

// Inside answers for what a member does in its party, from [rules.ActionUpdate] to [rules.ActionPromote].
// Users who are no members are left to the server, which refuses it without a look at any rule.
func (c Checks) Inside(ctx context.Context, a rules.Action, caller party.Caller, look reserve.Look, asked rules.RequestFacts) error {
	if _, member := look.Session(caller.SessionID); !member {
		return nil
	}
	return c.ask(ctx, party.Question{Action: a, Caller: caller, View: look.View, Held: look.Held(""), Away: look.Away, Request: asked})
}

// Alone answers for a ticket of the caller's own, without a party.
func (c Checks) Alone(ctx context.Context, caller party.Caller, queue string) error {
	return c.ask(ctx, party.Question{Action: rules.ActionMatchmake, Caller: caller, Request: rules.RequestFacts{Queue: queue}})
}

// ask asks the judge what the caller, whose context this is, may do.
func (c Checks) ask(ctx context.Context, q party.Question) error {
	if !c.Has(q.Action) {
		return nil
	}
	q.Client = party.ClientOf(ctx, q.Caller.UserID)
	return c.Judge.Decide(ctx, q)
}
