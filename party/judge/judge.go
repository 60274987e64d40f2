// Package judge asks the designers' rules about what players do. A [Judge] gathers the facts that the rules in
// force name. They come from the roster's view, the members' statuses, the caller's session and, through a
// [rules.Loader], the database. The judge decides and counts. It keeps the last refusals for operators who want
// to know why. [Checks] runs the rules in order with all other checks that may refuse an action, for the hooks
// and for party_check.
//
// It builds on package party and knows no HTTP and no registration. Everything here is safe for concurrent use.
package judge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"partyline/party"
	"partyline/party/rules"
)

// Deps holds what a Judge needs.
type Deps struct {
	Rules  func() *rules.Set // the rules in force; asked once per decision
	Load   rules.Loader
	Logger party.Logger
	Now    party.Clock

	// May be nil if no rule names the fact that it is for.
	Statuses   party.Statuses   // what members report about themselves
	Footprints party.Footprints // who is on the way
	Activity   party.Activity   // the states of parties
	Attributes Attributes       // what players set for their party and themselves

	Shadow *Shadow // asks the next rules file; nil = there is none
	Record *Record // records answers; nil = no recording
}

// Attributes returns the attributes of a party, and those of each member by user ID.
type Attributes func(ctx context.Context, v party.View) (shared map[string]any, members map[string]map[string]any, err error)

// Judge decides what players may do by the designers' rules.
type Judge struct {
	Deps
	denials
	dry bool // it does not count, keep refusals or log
}

// New makes a judge.
func New(d Deps) *Judge { return &Judge{Deps: d} }

// Has reports whether anything uses a question about the action: a rule in force, the shadow or the recording.
// If it is false, callers need not gather the parts of the question.
func (j *Judge) Has(a rules.Action) bool {
	return j.Enforces(a) || j.Shadow.wants(a) || j.Record.wants(a)
}

// Enforces reports whether a rule in force is about the action. If it is false, a failure to gather the
// question has no effect.
func (j *Judge) Enforces(a rules.Action) bool { return j.Rules().Has(a) }

// Decide asks the rules. It refuses with RuleDenied naming the rule. It also refuses if a rule cannot be
// evaluated, because a broken rule must not open what it guards. Then the reason is Internal, or InvalidRequest
// naming the field if the client's value is the cause. So no player can make the operator look for a fault of
// the server.
func (j *Judge) Decide(ctx context.Context, q party.Question) error {
	set := j.Rules()
	request, fits := set.Config().Parties.ResolveRequest(q.Action, q.Request)
	if !fits { // the caller refuses the size itself
		j.Shadow.enqueue(j, q, j.Now(), rules.SizeRefused)
		return nil
	}
	q.Request = request
	if !set.Asks(q.Action, q.Invited) {
		j.Shadow.enqueue(j, q, j.Now(), "allowed")
		if j.Record.wants(q.Action) {
			j.recordUnasked(ctx, set, q)
		}
		return nil
	}
	facts, err := j.facts(ctx, set, q)
	if err != nil {
		return err
	}
	d, used, err := set.Decide(ctx, facts, j.Load, !j.dry)
	if j.dry {
		return toRefusal(d, err)
	}
	if gone := party.Outcome(ctx, err); gone != nil && gone.Reason != party.Internal {
		return gone // nobody waits for the answer, and no rule is the cause
	}
	j.Shadow.enqueue(j, q, facts.Now, d.Outcome(err))
	if j.Record != nil {
		j.Record.enqueue(recordEntry{set: set, facts: used, answer: d.Outcome(err), broken: err != nil})
	}
	if e := new(rules.EvalError); errors.As(err, &e) && e.ClientFault {
		if e.Times&(e.Times-1) == 0 { // the 1st, 2nd, 4th and so on, because players decide how often this happens
			j.Logger.Warn("request refused, a rule cannot evaluate a value that the client sent rule=%s times=%d action=%s user=%s error=%v", d.Rule, e.Times, q.Action, q.Caller.UserID, err)
		}
	} else if err != nil {
		j.Logger.Error("rule not evaluated rule=%s action=%s user=%s error=%v", d.Rule, q.Action, q.Caller.UserID, err)
	}
	if !d.Allowed {
		j.denials.add(Denial{AnsweredQuestion: newAsked(facts.Now, q, set, used), Rule: d.Rule, Message: d.Message, Broken: err != nil})
	}
	return toRefusal(d, err)
}

// noRules name no fact, so that [Judge.facts] reads nothing for them.
var noRules = rules.Defaults()

// recordUnasked records a question that no rule was asked about, with the facts that need no read.
func (j *Judge) recordUnasked(ctx context.Context, set *rules.Set, q party.Question) {
	if facts, err := j.facts(ctx, noRules, q); err == nil {
		facts.Now = facts.Now.UTC()
		j.Record.enqueue(recordEntry{set: set, facts: facts, answer: "allowed"})
	}
}

// Dry returns a judge for questions that have no effect. It answers as j does, but it counts and keeps nothing.
func (j *Judge) Dry() *Judge {
	deps := j.Deps
	deps.Shadow, deps.Record = nil, nil
	return &Judge{Deps: deps, dry: true}
}

func toRefusal(d rules.Decision, err error) error {
	switch e := new(rules.EvalError); {
	case errors.As(err, &e) && e.ClientFault:
		return &party.Error{Reason: party.InvalidRequest, Message: d.Message, Cause: err}
	case err != nil:
		return &party.Error{Reason: party.Internal, Rule: d.Rule, Message: d.Message, Cause: err}
	case !d.Allowed:
		return &party.Error{Reason: party.RuleDenied, Rule: d.Rule, Message: d.Message}
	}
	return nil
}

// facts gathers the facts that do not come from a [rules.Loader]. It skips a fact with a cost if no rule names
// it.
func (j *Judge) facts(ctx context.Context, set *rules.Set, q party.Question) (rules.Facts, error) {
	f := rules.Facts{
		Action: q.Action, Now: j.Now(), Invited: q.Invited, Request: q.Request,
		User: rules.UserFacts{ID: q.Caller.UserID, Username: q.Caller.Username, Lang: q.Client.Lang, Vars: q.Client.Vars},
	}
	if f.Request.LabelJSON != "" && set.Uses(q.Action, "request.label") {
		if err := json.Unmarshal([]byte(f.Request.LabelJSON), new(map[string]any)); err != nil {
			return f, party.Refuse(party.InvalidRequest, "label: it must be a JSON object.")
		}
	}
	if q.View.ID.IsZero() {
		return f, nil
	}
	v := q.View
	f.Party = rules.PartyFacts{
		ID: v.ID.String(), Size: v.Size(), MaxSize: v.MaxSize, Held: q.Held, Open: v.Open, LabelJSON: v.Label,
		LeaderID: v.Leader().UserID, Age: max(0, f.Now.Sub(v.CreatedAt)), Members: make([]rules.MemberFacts, len(v.Members)), Away: q.Away,
	}
	for i, m := range v.Members {
		f.Party.Members[i] = rules.MemberFacts{UserID: m.UserID, Username: m.Username, Leader: m.Leader}
	}
	if set.Uses(q.Action, "party.members") {
		statuses, err := j.Statuses(ctx, v.ID)
		if err != nil {
			return f, fmt.Errorf("read the members' statuses: %w", err)
		}
		for i, m := range v.Members {
			s := statuses[m.SessionID]
			f.Party.Members[i].Stage = s.Stage
			if s.Progress != nil {
				f.Party.Members[i].Progress = *s.Progress
			}
		}
	}
	if set.Uses(q.Action, "party.attributes") || set.Uses(q.Action, "party.members.attributes") {
		shared, members, err := j.Attributes(ctx, v)
		if err != nil {
			return f, fmt.Errorf("read the party's attributes: %w", err)
		}
		f.Party.Attributes = shared
		for i, m := range v.Members {
			f.Party.Members[i].Attributes = members[m.UserID]
		}
	}
	if set.Uses(q.Action, "party.on_the_way") {
		count, err := j.Footprints(ctx, v.ID, q.Caller.UserID)
		if err != nil {
			return f, fmt.Errorf("count who is on the way: %w", err)
		}
		f.Party.OnTheWay = count.OnTheWay()
	}
	if set.Uses(q.Action, "party.state") {
		state, _, err := j.Activity.State(ctx, v.ID)
		if err != nil {
			return f, fmt.Errorf("read the party's state: %w", err)
		}
		f.Party.State = state
	}
	return f, nil
}

// drain handles what is queued until ctx ends, and then what is still in the queue.
func drain[T any](ctx context.Context, queue <-chan T, handle func(T)) {
	for {
		select {
		case next := <-queue:
			handle(next)
			continue
		default:
		}
		select {
		case next := <-queue:
			handle(next)
		case <-ctx.Done():
			return
		}
	}
}
