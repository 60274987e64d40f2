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
	call    func(args ...any) (any, error)
	types   []any
	literal *literalArg // nil if it needs no literal
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
		types:   []any{new(func(string) time.Duration)},
		call:    func(args ...any) (any, error) { return ParseDuration(args[0].(string)) },
		literal: &literalArg{0, func(s string) error { _, err := ParseDuration(s); return err }, `expected a duration such as "90s", "24h" or "30d"`},
	},
	"date": {
		types:   []any{new(func(string) time.Time)},
		call:    func(args ...any) (any, error) { return ParseDate(args[0].(string)) },
		literal: &literalArg{0, func(s string) error { _, err := ParseDate(s); return err }, `expected a date such as "2026-12-24" or "2026-12-24T18:00:00+01:00"`},
	},
	"hour": {
		types:   []any{new(func(time.Time, ...string) int)},
		call:    func(args ...any) (any, error) { return inZone(args).Hour(), nil },
		literal: zoneLiteral,
	},
	"weekday": {
		types:   []any{new(func(time.Time, ...string) string)},
		call:    func(args ...any) (any, error) { return strings.ToLower(inZone(args).Weekday().String()), nil },
		literal: zoneLiteral,
	},
	"time_of_day": {
		types:   []any{new(func(time.Time, ...string) string)},
		call:    func(args ...any) (any, error) { return inZone(args).Format("15:04"), nil },
		literal: zoneLiteral,
	},
	"hash": {
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

// Functions lists the functions that conditions may call besides those of the expression language, sorted by name.
func Functions() []string { return slices.Sorted(maps.Keys(functions)) }

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
