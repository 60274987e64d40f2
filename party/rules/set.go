package rules

import (
	"context"
	"errors"
)

// Set is a loaded rules file: its configuration and its compiled conditions. It
// is immutable, apart from hit counters, and safe for concurrent use. A request
// takes one Set at its start and keeps to it, so that it never sees half of two
// versions.
type Set struct {
	config   Config
	warnings Problems
}

// Defaults is the Set of an absent or empty file.
func Defaults() *Set { return &Set{config: Default()} }

// Load reads a rules file; name is what problems call it. A file that is not
// fully right gives no Set: the error is then [Problems] with everything that is
// wrong, warnings included. Load never panics, whatever data is.
func Load(data []byte, name string) (*Set, error) {
	return nil, errors.New("not built yet")
}

// New makes a Set from a configuration written in Go. Queues and skills take
// their defaults from [DefaultQueue] and [DefaultSkill] by the caller.
func New(c Config) (*Set, error) { return &Set{config: c}, nil }

// Config is the configuration with defaults applied. What it points to is
// shared: read only.
func (s *Set) Config() Config { return s.config }

// Warnings are the problems that did not stop the file from being loaded.
func (s *Set) Warnings() Problems { return s.warnings }

// Has reports whether any rule is about the action. Where it is false, callers
// need not gather facts: [Set.Decide] allows.
func (s *Set) Has(a Action) bool { return false }

// Decide asks the rules in order; the first whose condition holds decides, and
// the action is allowed when none does. load may be nil: the facts are then taken
// as they are. A condition that cannot be evaluated, or whose facts cannot be
// read, refuses the action (Allowed false) and gives an [*EvalError].
func (s *Set) Decide(ctx context.Context, f Facts, load Loader) (Decision, error) {
	return Decision{Allowed: true}, nil
}

// EvalError says that a rule's condition could not be evaluated. The action is
// refused: a rule that breaks must not open what it guards.
type EvalError struct {
	Rule  string
	Cause error
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
func (s *Set) Hits() []Hit { return nil }
