package rules

import (
	"errors"
	"hash/fnv"
	"maps"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // every host must have the same time zones

	"github.com/expr-lang/expr/ast"
)

// function is a function that conditions may call besides those of expr. Arguments that must be literals are
// checked when the file is loaded, so that no player runs into a typing mistake.
type function struct {
	call       func(args ...any) (any, error)
	types      []any
	literal    *literalArg // nil if it needs no literal
	usage, doc string      // for package reference
}

// literalArg describes an argument that must be a text in quotes.
type literalArg struct {
	arg     int
	check   func(text string) error
	allowed string // for the message of a problem
}

var zoneLiteral = &literalArg{1, func(s string) error { _, err := loadZone(s); return err }, `expected a time zone such as "Europe/Berlin" or "UTC"`}

var functions = map[string]function{
	"duration": {
		usage:   `duration("24h")`,
		doc:     "A length of time, in the units of the file: ms, s, m, h and d. For account_age, party.age and differences of times.",
		types:   []any{new(func(string) time.Duration)},
		call:    func(args ...any) (any, error) { return ParseDuration(args[0].(string)) },
		literal: &literalArg{0, func(s string) error { _, err := ParseDuration(s); return err }, `expected a duration such as "90s", "24h" or "30d"`},
	},
	"date": {
		usage:   `date("2026-12-24")`,
		doc:     `A moment, to compare with now: "2026-12-24" is the beginning of that day in UTC, "2026-12-24T18:00:00+01:00" any moment.`,
		types:   []any{new(func(string) time.Time)},
		call:    func(args ...any) (any, error) { return ParseDate(args[0].(string)) },
		literal: &literalArg{0, func(s string) error { _, err := ParseDate(s); return err }, `expected a date such as "2026-12-24" or "2026-12-24T18:00:00+01:00"`},
	},
	"hour": {
		usage:   `hour(now, "Europe/Berlin")`,
		doc:     "The hour of a moment, 0 to 23. Without a zone in UTC.",
		types:   []any{new(func(time.Time, ...string) int)},
		call:    func(args ...any) (any, error) { return inZone(args).Hour(), nil },
		literal: zoneLiteral,
	},
	"weekday": {
		usage:   `weekday(now, "Asia/Tokyo")`,
		doc:     `The day of the week of a moment, "monday" to "sunday". Without a zone in UTC.`,
		types:   []any{new(func(time.Time, ...string) string)},
		call:    func(args ...any) (any, error) { return strings.ToLower(inZone(args).Weekday().String()), nil },
		literal: zoneLiteral,
	},
	"time_of_day": {
		usage:   `time_of_day(now, "UTC")`,
		doc:     `The time of a moment as "HH:MM", so that times compare as text: time_of_day(now) >= "22:30". Without a zone in UTC.`,
		types:   []any{new(func(time.Time, ...string) string)},
		call:    func(args ...any) (any, error) { return inZone(args).Format("15:04"), nil },
		literal: zoneLiteral,
	},
	"hash": {
		usage: `hash(user.id, "new-queue") % 100`,
		doc:   "A number from 0 that is always the same for the same text, for staged rollouts. A second text, such as the feature's name, gives another mix of players.",
		types: []any{new(func(string, ...string) int)},
		call: func(args ...any) (any, error) {
			salt := ""
			if len(args) > 1 {
				salt = args[1].(string)
			}
			return stableHash(args[0].(string), salt), nil
		},
	},
}

// FunctionDoc describes a function of conditions. It is for package reference.
type FunctionDoc struct{ Name, Usage, Doc string }

// Functions describes the functions that conditions may call besides those of the expression language, sorted
// by name.
func Functions() []FunctionDoc {
	var out []FunctionDoc
	for _, name := range slices.Sorted(maps.Keys(functions)) {
		out = append(out, FunctionDoc{name, functions[name].usage, functions[name].doc})
	}
	return out
}

// Builtins lists the functions of the expression language that conditions may call.
func Builtins() []string { return slices.Clone(builtins) }

// ParseDate reads the text of date(...).
func ParseDate(s string) (time.Time, error) {
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return t, nil
	}
	return time.Parse(time.RFC3339, s)
}

// loadZone loads a time zone. Conditions name zones only in literals, so a decision never calls it.
func loadZone(name string) (*time.Location, error) {
	if name == "" || name == "Local" || len(name) > 64 || strings.ContainsAny(name, `.\`) {
		return nil, errors.New("unknown time zone")
	}
	return time.LoadLocation(name)
}

// inZone returns the moment args[0] in the zone args[1]. [foldLiterals] already replaced the zone's name by the
// zone.
func inZone(args []any) time.Time {
	t := args[0].(time.Time)
	if len(args) < 2 {
		return t.UTC()
	}
	return t.In(args[1].(*time.Location))
}

// stableHash must never change its results, because rollouts depend on them across releases. The last steps mix
// the weak low bits of FNV, because % uses these.
func stableHash(s, salt string) int {
	h := fnv.New64a()
	h.Write([]byte(salt))
	h.Write([]byte{0})
	h.Write([]byte(s))
	x := h.Sum64()
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	return int(x >> 1)
}

// foldLiterals replaces duration and date calls by their value, and a zone's name by the zone. So a decision does
// not parse or look up anything.
func foldLiterals(n *ast.Node) {
	call, ok := (*n).(*ast.CallNode)
	if !ok {
		return
	}
	if v := constantOf(call); v != nil {
		patchConstant(n, v)
		return
	}
	if f := functions[call.Callee.String()]; f.literal == zoneLiteral && len(call.Arguments) == 2 {
		if loc, err := loadZone(call.Arguments[1].(*ast.StringNode).Value); err == nil {
			patchConstant(&call.Arguments[1], loc)
		}
	}
}

// constantOf returns the value of duration("...") or date("..."), and nil for any other call.
func constantOf(n *ast.CallNode) any {
	name := n.Callee.String()
	text, literal := n.Arguments[0].(*ast.StringNode)
	if name != "duration" && name != "date" || !literal {
		return nil
	}
	v, err := functions[name].call(text.Value)
	if err != nil {
		return nil
	}
	return v
}

func patchConstant(n *ast.Node, v any) {
	nature := *(*n).Nature()
	ast.Patch(n, &ast.ConstantNode{Value: v})
	(*n).SetNature(nature)
}
