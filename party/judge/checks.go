package judge

import (
	"context"

	"partyline/party"
	"partyline/party/rules"
)

// Entrance is the part of admission that answers what it would do.
type Entrance interface {
	MayCreate(ctx context.Context, s party.Session) error
	MayJoin(ctx context.Context, id party.ID, s party.Session) (v party.View, held int, err error)
	Seats(ctx context.Context, id party.ID, userID string) (v party.View, held int, err error)
	ClientAsking(id party.ID, sessionID string) party.Client
	Returning(id party.ID, userID string) bool
}

var _ Entrance = (*party.Admission)(nil)

// Checks are the rules of the file in their order among each other: what is cheap to
// find out comes first, the designers' own conditions last. They change nothing; what
// an action costs (a token of a rate, a seat) is taken by the hook that goes ahead.
type Checks struct {
	Judge    party.Judge
	Has      func(rules.Action) bool // whether the judge wants to be asked about the action
	Enforces func(rules.Action) bool // whether its answer can refuse the action
	Entrance Entrance
	Policy   party.Policy
}

// NewChecks makes checks that ask the judge, and count.
func NewChecks(j *Judge, e Entrance, p party.Policy) Checks {
	return Checks{Judge: j, Has: j.Has, Enforces: j.Enforces, Entrance: e, Policy: p}
}

// Dry are the same checks for questions that nothing follows from.
func (c Checks) Dry(j *Judge) Checks {
	c.Judge, c.Has = j.Dry(), j.Enforces
	return c
}

// Create answers what becomes of a wish for a new party, or why there is none:
// InvalidRequest naming the field, AlreadyInParty, a designer's rule.
func (c Checks) Create(ctx context.Context, caller party.Caller, wish party.Wish) (party.Wish, error) {
	wish, err := wish.Shape(c.Policy().Parties)
	if err != nil {
		return wish, err
	}
	if err := c.Entrance.MayCreate(ctx, sessionOf(caller)); err != nil {
		return wish, err
	}
	if !c.Has(rules.ActionCreate) {
		return wish, nil
	}
	return wish, c.Judge.Decide(ctx, party.Question{
		Action: rules.ActionCreate, Caller: caller, Client: party.ClientOf(ctx, caller.UserID),
		Request: rules.RequestFacts{MaxSize: wish.MaxSize, Open: wish.Open, LabelJSON: wish.Label},
	})
}

// Join answers for a PartyJoin of the caller, which asks to be let in where the party is
// closed; it refuses as [party.Admission.BeginNative] does, and with a designer's rule.
// No rule keeps out who only comes back, here or in Accept.
func (c Checks) Join(ctx context.Context, caller party.Caller, id party.ID) (party.View, error) {
	v, held, err := c.Entrance.MayJoin(ctx, id, sessionOf(caller))
	if err != nil || !c.Has(rules.ActionJoin) || c.Entrance.Returning(id, caller.UserID) {
		return v, err
	}
	return v, c.Judge.Decide(ctx, party.Question{
		Action: rules.ActionJoin, Caller: caller, Client: party.ClientOf(ctx, caller.UserID), View: v, Held: held,
	})
}

// Accept answers for a PartyAccept of joiner: the rules for joining, about the joiner
// and not about the leader who lets it in. Somebody who is no member gets no answer here.
func (c Checks) Accept(ctx context.Context, by, joiner party.Session, id party.ID) error {
	if !c.Has(rules.ActionJoin) {
		return nil
	}
	if err := party.CheckNamed(joiner); err != nil {
		return c.unable(rules.ActionJoin, err)
	}
	v, held, err := c.Entrance.Seats(ctx, id, joiner.UserID)
	if err != nil {
		return c.unable(rules.ActionJoin, err)
	}
	if _, member := v.Session(by.SessionID); !member || c.Entrance.Returning(id, joiner.UserID) {
		return nil
	}
	return c.Judge.Decide(ctx, party.Question{
		Action: rules.ActionJoin, Caller: party.Caller{UserID: joiner.UserID, Username: joiner.Username, SessionID: joiner.SessionID},
		Client: c.Entrance.ClientAsking(id, joiner.SessionID), View: v, Held: held,
	})
}

// Inside answers for what a member does in its party: [rules.ActionUpdate],
// [rules.ActionData], [rules.ActionMatchmake], [rules.ActionKick], [rules.ActionPromote].
// Whoever is no member is left to the server, which refuses it without a look at any rule.
func (c Checks) Inside(ctx context.Context, a rules.Action, caller party.Caller, id party.ID, asked rules.RequestFacts) error {
	if !c.Has(a) {
		return nil
	}
	v, held, err := c.Entrance.Seats(ctx, id, "")
	if err != nil {
		return c.unable(a, err)
	}
	if _, member := v.Session(caller.SessionID); !member {
		return nil
	}
	return c.Judge.Decide(ctx, party.Question{
		Action: a, Caller: caller, Client: party.ClientOf(ctx, caller.UserID), View: v, Held: held, Request: asked,
	})
}

// unable is the answer where a question cannot be put together: an error, unless only rules
// that are not in force would have been asked.
func (c Checks) unable(a rules.Action, err error) error {
	if !c.Enforces(a) {
		return nil
	}
	return err
}

// Alone answers for a ticket of the caller's own, without a party.
func (c Checks) Alone(ctx context.Context, caller party.Caller, queue string) error {
	if !c.Has(rules.ActionMatchmake) {
		return nil
	}
	return c.Judge.Decide(ctx, party.Question{
		Action: rules.ActionMatchmake, Caller: caller, Client: party.ClientOf(ctx, caller.UserID),
		Request: rules.RequestFacts{Queue: queue},
	})
}

func sessionOf(c party.Caller) party.Session {
	return party.Session{UserID: c.UserID, SessionID: c.SessionID, Username: c.Username}
}
