package rules

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
)

// Set is a loaded rules file: the configuration and the compiled conditions. It is immutable, except for hit
// counters, and safe for concurrent use. A request uses the same Set from start to end.
type Set struct {
	config   Config
	rules    []*rule
	byAction map[Action][]*rule // in the order of the file
	warnings Problems
	queues   []string // sorted names
	file     *decoder // knows where the file sets what
}

// Defaults returns the Set of a missing or empty file.
func Defaults() *Set {
	s, _ := Load(nil, "")
	return s
}

func (s *Set) setRules(rules []*rule) {
	s.rules, s.byAction = rules, map[Action][]*rule{}
	for _, r := range rules {
		for _, a := range r.On {
			s.byAction[a] = append(s.byAction[a], r)
		}
	}
}

// Alone returns the Set with only the rule at index i.
func (s *Set) Alone(i int) *Set {
	alone := *s
	alone.setRules(s.rules[i : i+1])
	return &alone
}

// Config returns the configuration with defaults applied. Its slices, maps and pointers are shared: do not
// write to them.
func (s *Set) Config() Config { return s.config }

// Warnings returns the problems that did not stop the file from being loaded.
func (s *Set) Warnings() Problems { return s.warnings }

// IsSet reports whether the file has a value at path, such as "queues.duel.tick". The file itself is at "".
func (s *Set) IsSet(path string) bool { return s.file.isSet(path) }

// Warning returns a warning at the value of path. It is for checks that this package does not make itself.
func (s *Set) Warning(path, what, allowed string) Problem {
	return s.file.src.problem(Warning, s.file.placeOf(path), path, what, allowed)
}

// Has reports whether any rule is about the action.
func (s *Set) Has(a Action) bool { return len(s.byAction[a]) > 0 }

// Asks reports whether Decide asks any rule: a rule is about the action, and no invite overrides the rules. If
// it is false, [Set.Decide] allows the action, and callers need not gather facts.
func (s *Set) Asks(a Action, invited bool) bool {
	return s.Has(a) && !(a == ActionJoin && invited && s.config.Invites.OverridesRules)
}

// skillFor returns the skill settings that party.skill uses. They are those of the queue asked for, or of the
// first queue by name that has any. It returns nil if no queue has any.
func (s *Set) skillFor(queue string) *Skill {
	for _, name := range slices.Concat([]string{queue}, s.queues) {
		if q := s.config.Queues[name]; q.Skill != nil {
			return q.Skill
		}
	}
	return nil
}

// Uses reports whether a rule about the action names the fact. fact is a full name such as "party.state". If it
// is false, callers need not gather that fact.
func (s *Set) Uses(a Action, fact string) bool {
	return slices.ContainsFunc(s.byAction[a], func(r *rule) bool { return slices.Contains(r.cond.facts, fact) })
}

// Decide asks the rules in order. The first rule with a condition that holds decides. If none does, the action
// is allowed. If load is nil, the facts are used as they are. If a condition cannot be evaluated or its facts
// cannot be read, Decide refuses the action and returns an [*EvalError]. It counts the answer if count is set.
//
// used are the facts as they were then, with those that were read. [Set.Explain] on these facts, without a Loader,
// explains the decision.
func (s *Set) Decide(ctx context.Context, f Facts, load Loader, count bool) (d Decision, used Facts, err error) {
	rules := s.byAction[f.Action]
	if !s.Asks(f.Action, f.Invited) {
		return Decision{Allowed: true}, f, nil
	}
	m := machines.Get().(*machine)
	asking := rules[0]
	defer func() {
		if p := recover(); p != nil {
			d, err = asking.answer(fmt.Errorf("panic: %v", p), count)
			used = f
			return // the state of the machine is unknown, so it is not reused
		}
		used = m.facts.Facts
		m.release()
	}()
	m.begin(s, f, load)
	for _, r := range rules {
		asking = r
		if count {
			r.stats.asked.Add(1)
		}
		if holds, err := m.eval(ctx, r.cond); holds || err != nil {
			d, err := r.answer(err, count)
			return d, Facts{}, err
		}
	}
	return Decision{Allowed: true}, Facts{}, nil
}

// Try is Decide without counting. It is for questions that have no effect.
func (s *Set) Try(ctx context.Context, f Facts, load Loader) (Decision, error) {
	d, _, err := s.Decide(ctx, f, load, false)
	return d, err
}

// Messages for the player with an EvalError. The log has the cause. A fact that could not be read may be
// readable a moment later. A rule that does not fit its facts stays broken.
const (
	unreadMessage = "This cannot be checked right now, please try again."
	brokenMessage = "This is refused because one of the game's own rules is faulty. Trying again does not help; please tell the game's team."
)

// unreadError is the error for a fact that could not be read from the database.
type unreadError struct{ error }

func (u unreadError) Unwrap() error { return u.error }

// sentError is the error for a condition that failed on a value that the client sent.
type sentError struct {
	error
	field string
}

// answer returns the rule's decision after its condition held. cause is not nil if the condition could not be
// evaluated.
func (r *rule) answer(cause error, count bool) (Decision, error) {
	d := Decision{Allowed: r.Allow != "" && cause == nil, Rule: r.ID}
	if cause == nil {
		if count {
			r.stats.hits.Add(1)
		}
		if !d.Allowed {
			d.Message = cmp.Or(r.Message, defaultMessage)
		}
		return d, nil
	}
	broken := &EvalError{Rule: r.ID, Cause: cause}
	if count {
		broken.Times = r.stats.errors.Add(1)
	}
	d.Message = brokenMessage
	if by := new(sentError); errors.As(cause, by) {
		broken.ClientFault, d.Message = true, by.field+": one of the game's rules cannot be asked about this value."
	} else if errors.As(cause, new(unreadError)) {
		d.Message = unreadMessage
	}
	return d, broken
}

// Outcome returns the decision in the notation of case files. err is the error that came with it.
func (d Decision) Outcome(err error) string {
	switch {
	case err != nil:
		return "broken " + d.Rule
	case d.Allowed && d.Rule == "":
		return "allowed"
	case d.Allowed:
		return "allowed by " + d.Rule
	}
	return "denied by " + d.Rule
}

// EvalError is the error for a condition that could not be evaluated. The action is refused, because a broken
// rule must not open what it guards.
type EvalError struct {
	Rule        string
	Cause       error
	ClientFault bool   // a value that the client sent is the cause; the decision's message names the field
	Times       uint64 // how many times the rule failed, with this one; 0 if nothing is counted
}

func (e *EvalError) Error() string { return "rule " + e.Rule + ": " + e.Cause.Error() }

// Unwrap returns the cause for errors.Is and errors.As.
func (e *EvalError) Unwrap() error { return e.Cause }

// Hit counts how often a rule was asked and decided since it was first loaded.
type Hit struct {
	Rule   string `json:"-"`
	Asked  uint64 `json:"asked"`
	Hits   uint64 `json:"hits"`   // times its condition held
	Errors uint64 `json:"errors"` // times it could not be evaluated
}

// Hits lists the counters of every rule in the order of the file.
func (s *Set) Hits() []Hit {
	out := make([]Hit, len(s.rules))
	for i, r := range s.rules {
		out[i] = Hit{Rule: r.ID, Asked: r.stats.asked.Load(), Hits: r.stats.hits.Load(), Errors: r.stats.errors.Load()}
	}
	return out
}

// inheritStats takes over the counters of old's rules with the same name.
func (s *Set) inheritStats(old *Set) {
	for _, r := range s.rules {
		for _, o := range old.rules {
			if o.ID == r.ID {
				r.stats = o.stats
			}
		}
	}
}
