package judge

import (
	"context"

	"partyline/party"
	"partyline/party/reserve"
	"partyline/party/rules"
)

// Entrance is the part of package admission that answers questions without changing anything.
type Entrance interface {
	MayCreate(ctx context.Context, s party.Session) error
	MayContinue(ctx context.Context, s party.Session) (bool, error)
	Check(ctx context.Context, id party.ID, in reserve.Intent, l *reserve.Look) (reserve.Look, error)
	Look(ctx context.Context, id party.ID) (reserve.Look, error)
	ClientAsking(id party.ID, sessionID string) party.Client
	Asks(id party.ID, userID string) bool
}

// Checks runs all checks of an action in their order: those that are cheap to evaluate come first, the
// designers' conditions last. They change nothing. The hook that performs the action takes what it costs: a
// token of a rate, or a seat.
type Checks struct {
	*Judge
	Entrance Entrance
	Policy   party.Policy
}

// Dry returns the same checks for questions that have no effect.
func (c Checks) Dry(j *Judge) Checks {
	c.Judge = j.Dry()
	return c
}

// Create returns the party that the rules make of the wish. It refuses with InvalidRequest naming the field,
// with AlreadyInParty, or with a designer's rule.
func (c Checks) Create(ctx context.Context, caller party.Caller, wish party.CreateParams) (party.CreateParams, error) {
	question := party.Question{
		Action: rules.ActionCreate, Caller: caller, Request: rules.RequestFacts{LabelJSON: wish.Label, Wish: &rules.PartyRequest{MaxSize: wish.MaxSize, Open: wish.Open}},
	}
	shaped, err := wish.Shape(c.Policy().Parties)
	if err != nil {
		_ = c.ask(ctx, question) // for the shadow: the next rules file may allow the size
		return shaped, err
	}
	if err := c.Entrance.MayCreate(ctx, caller.Session()); err != nil {
		return shaped, err
	}
	return shaped, c.ask(ctx, question)
}

// Join decides whether the caller may join the party of the look. In a closed party this is a request to join.
// It refuses as admission's Before does, or with a designer's rule. No rule refuses a player who only comes
// back, here or in Accept.
func (c Checks) Join(ctx context.Context, caller party.Caller, look reserve.Look) error {
	look, err := c.Entrance.Check(ctx, look.ID, reserve.Intent{Kind: reserve.Join, Session: caller.Session(), By: caller.SessionID}, &look)
	if err != nil || look.Returning(caller.UserID) {
		return err
	}
	return c.ask(ctx, party.Question{Action: rules.ActionJoin, Caller: caller, View: look.View, Held: look.Held(caller.UserID), Away: look.Away})
}

// Accept decides whether the leader may accept joiner. It asks the rules for join about the joiner, and not
// about the leader. It allows everything if by is not a member.
func (c Checks) Accept(ctx context.Context, by, joiner party.Session, look reserve.Look) error {
	if !c.Has(rules.ActionJoin) {
		return nil
	}
	if err := party.CheckNamed(joiner); err != nil {
		if c.Enforces(rules.ActionJoin) {
			return err
		}
		return nil // only rules that are not in force would be asked
	}
	if _, member := look.Session(by.SessionID); !member || look.Returning(joiner.UserID) {
		return nil
	}
	return c.Judge.Decide(ctx, party.Question{
		Action: rules.ActionJoin, Caller: party.Caller{UserID: joiner.UserID, Username: joiner.Username, SessionID: joiner.SessionID},
		Client: c.Entrance.ClientAsking(look.ID, joiner.SessionID), View: look.View, Held: look.Held(joiner.UserID), Away: look.Away,
	})
}

// MemberAction decides on an action of a member in its party, from [rules.ActionUpdate] to [rules.ActionPromote]. It
// allows everything to users who are not members: the server refuses them without asking a rule.
func (c Checks) MemberAction(ctx context.Context, a rules.Action, caller party.Caller, look reserve.Look, asked rules.RequestFacts) error {
	if _, member := look.Session(caller.SessionID); !member {
		return nil
	}
	return c.ask(ctx, party.Question{Action: a, Caller: caller, View: look.View, Held: look.Held(""), Away: look.Away, Request: asked})
}

// SoloTicket decides whether the caller may add a ticket without a party.
func (c Checks) SoloTicket(ctx context.Context, caller party.Caller, queue string) error {
	return c.ask(ctx, party.Question{Action: rules.ActionMatchmake, Caller: caller, Request: rules.RequestFacts{Queue: queue}})
}

// ask asks the judge. ctx is the context of the caller's request.
func (c Checks) ask(ctx context.Context, q party.Question) error {
	if !c.Has(q.Action) {
		return nil
	}
	q.Client = party.ClientOf(ctx, q.Caller.UserID)
	return c.Judge.Decide(ctx, q)
}
