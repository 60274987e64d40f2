package rules

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
)

// Set is a loaded rules file: its configuration and its compiled conditions. It is immutable, apart from hit
// counters, and safe for concurrent use. A request keeps to one Set.
type Set struct {
	config   Config
	rules    []*rule
	byAction map[Action][]*rule // in the order of the file
	warnings Problems
	queues   []string // names, sorted
	blank    bool     // its file names no key
	font     Problem  // where it names a font
}

// Defaults is the Set of an absent or empty file.
func Defaults() *Set { return &Set{config: Default()} }

// Config is the configuration with defaults applied. What it points to is
// shared: read only.
func (s *Set) Config() Config { return s.config }

// Warnings are the problems that did not stop the file from being loaded.
func (s *Set) Warnings() Problems { return s.warnings }

// FontWarning is one of the file that invites.page.font names, where it does so. Nothing here reads that file.
func (s *Set) FontWarning(err error) Problem {
	p := s.font
	p.What, p.Allowed = printable(err.Error()), "expected a TrueType file (.ttf)"
	return p
}

// Has reports whether any rule is about the action.
func (s *Set) Has(a Action) bool { return len(s.byAction[a]) > 0 }

// Asks reports whether a rule is asked: any is about the action, and no invite overrides them. Where it is
// false, callers need not gather facts: [Set.Decide] allows.
func (s *Set) Asks(a Action, invited bool) bool {
	return s.Has(a) && !(a == ActionJoin && invited && s.config.Invites.OverridesRules)
}

// skill is what party.skill is read by: the skill of the queue asked for, or of the first
// queue by name that has one; nil where none has.
func (s *Set) skill(queue string) *Skill {
	for _, name := range slices.Concat([]string{queue}, s.queues) {
		if q := s.config.Queues[name]; q.Skill != nil {
			return q.Skill
		}
	}
	return nil
}

// Uses reports whether a rule about the action names the fact, by its full name such as
// "party.state". Where it is false, callers need not find the fact out.
func (s *Set) Uses(a Action, fact string) bool {
	return slices.ContainsFunc(s.byAction[a], func(r *rule) bool { return slices.Contains(r.cond.facts, fact) })
}

// Decide asks the rules in order; the first whose condition holds decides, and without one the action is
// allowed. With a nil load the facts are taken as they are. A condition that cannot be evaluated, or whose
// facts cannot be read, refuses the action and gives an [*EvalError].
func (s *Set) Decide(ctx context.Context, f Facts, load Loader) (Decision, error) {
	d, _, err := s.Ask(ctx, f, load, true)
	return d, err
}

// Try is Decide without counting, for questions that nothing follows from.
func (s *Set) Try(ctx context.Context, f Facts, load Loader) (Decision, error) {
	d, _, err := s.Ask(ctx, f, load, false)
	return d, err
}

// Ask is Decide, or Try, that also gives the facts as they were then, those that were read
// among them. [Set.Explain] on them, without a Loader, says how the decision came about.
func (s *Set) Ask(ctx context.Context, f Facts, load Loader, count bool) (d Decision, on Facts, err error) {
	rules := s.byAction[f.Action]
	if !s.Asks(f.Action, f.Invited) {
		return Decision{Allowed: true}, f, nil
	}
	m := machines.Get().(*machine)
	asking := rules[0]
	defer func() {
		if p := recover(); p != nil {
			d, err = asking.answer(fmt.Errorf("panic: %v", p), count)
			on = f
			return // the machine's state is unknown: not reused
		}
		on = m.facts.Facts
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

// What the player reads beside an EvalError; what broke is for the log. A fact that could
// not be read may be there in a moment, a rule that does not fit its facts stays broken.
const (
	unreadMessage = "This cannot be checked right now, please try again."
	brokenMessage = "This is refused because one of the game's own rules is faulty. Trying again does not help; please tell the game's team."
)

// unread is a fact that could not be read from the database.
type unread struct{ error }

func (u unread) Unwrap() error { return u.error }

// sent is a condition that broke on what the client sent.
type sent struct {
	error
	field string
}

// answer is what the rule says once its condition holds, or could not be evaluated.
func (r *rule) answer(cause error, count bool) (Decision, error) {
	d, counter := Decision{Allowed: r.Allow != "", Rule: r.ID}, &r.stats.hits
	var broken *EvalError
	switch {
	case cause != nil:
		d.Allowed, d.Message, counter = false, brokenMessage, &r.stats.errors
		broken = &EvalError{Rule: r.ID, Cause: cause}
		if by := new(sent); errors.As(cause, by) {
			broken.Sent, d.Message = true, by.field+": one of the game's rules cannot be asked about this value."
		} else if errors.As(cause, new(unread)) {
			d.Message = unreadMessage
		}
	case !d.Allowed:
		d.Message = cmp.Or(r.Message, defaultMessage)
	}
	times := uint64(0)
	if count {
		times = counter.Add(1)
	}
	if broken == nil {
		return d, nil
	}
	broken.Times = times
	return d, broken
}

// Words is the decision as cases write it; err is what came with it.
func (d Decision) Words(err error) string {
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

// EvalError says that a rule's condition could not be evaluated. The action is
// refused: a rule that breaks must not open what it guards.
type EvalError struct {
	Rule  string
	Cause error
	Sent  bool   // what the client sent with the request is to blame; the decision's message names the field
	Times uint64 // how often the rule could not be evaluated, this time among them; 0 where nothing is counted
}

func (e *EvalError) Error() string { return "rule " + e.Rule + ": " + e.Cause.Error() }

// Unwrap gives the cause to errors.Is and errors.As.
func (e *EvalError) Unwrap() error { return e.Cause }

// Hit is how often a rule was asked and decided since it was first loaded.
type Hit struct {
	Rule   string `json:"rule"`
	Asked  uint64 `json:"asked"`
	Hits   uint64 `json:"hits"`   // its condition held
	Errors uint64 `json:"errors"` // its condition could not be evaluated
}

// Hits lists every rule's counters in the order of the file.
func (s *Set) Hits() []Hit {
	out := make([]Hit, len(s.rules))
	for i, r := range s.rules {
		out[i] = Hit{Rule: r.ID, Asked: r.stats.asked.Load(), Hits: r.stats.hits.Load(), Errors: r.stats.errors.Load()}
	}
	return out
}

// inherit takes over the counters of rules that old has under the same name.
func (s *Set) inherit(old *Set) {
	for _, r := range s.rules {
		for _, o := range old.rules {
			if o.ID == r.ID {
				r.stats = o.stats
			}
		}
	}
}
