package rules

import (
	"fmt"
	"reflect"
	"regexp/syntax"
	"slices"

	"github.com/expr-lang/expr/ast"

	"partyline/party/rules/tree"
)

func (a *analysis) rangeCost(n *ast.BinaryNode) int {
	from, ok1 := n.Left.(*ast.IntegerNode)
	to, ok2 := n.Right.(*ast.IntegerNode)
	if !ok1 || !ok2 || to.Value-from.Value >= maxRange || to.Value < from.Value {
		a.refuse(n, "a range has two numbers, the smaller first", fmt.Sprintf("allowed are up to %d numbers, such as 18..22", maxRange))
	}
	return maxRange
}

// patternCost returns the steps of a regular expression on the longest text. The time of Go's engine is never more
// than proportional to both.
func (a *analysis) patternCost(lit *ast.StringNode) int {
	if len(lit.Value) > maxRegexp {
		a.refuse(lit, "the pattern is too long", fmt.Sprintf("allowed are %d bytes", maxRegexp))
		return 0
	}
	re, _ := syntax.Parse(lit.Value, syntax.Perl) // the type checker compiled it already
	prog, _ := syntax.Compile(re.Simplify())
	return len(prog.Inst) * 16
}

func (a *analysis) builtinCost(n *ast.BuiltinNode) int {
	args := n.Arguments
	steps := 1 + a.cost(args[0], false)
	switch n.Name {
	case "all", "any", "none", "one", "count", "filter", "map", "sum":
		length := a.maxLength(args[0])
		if len(args) < 2 {
			if !tree.HasUnknownType(args[0]) {
				a.checkEntries(n.Name, args[0])
			}
			return steps + length
		}
		body := tree.LoopBody(n)
		if n.Name == "map" || n.Name == "sum" {
			a.requireSingle(body)
		}
		if n.Name == "sum" {
			a.checkEntries(n.Name, body)
		}
		return steps + min(length*(1+a.cost(body, false)), 1<<40) // nested loops must not overflow
	case "min", "max":
		for _, arg := range args {
			if !isSingle(arg) || tree.HasUnknownType(arg) {
				steps += a.maxLength(arg)
			}
		}
		if slices.ContainsFunc(args, func(arg ast.Node) bool { return arg.Type() != durationType }) {
			a.checkEntries(n.Name, args...)
		}
	case "string":
		a.requireSingle(args[0])
		if tree.HasUnknownType(args[0]) {
			return steps + maxDynamic
		}
	case "lower", "upper", "trim":
		steps += stringSteps
	case "abs", "int", "float":
		steps += stringSteps
		if n.Name != "int" && args[0].Type() == durationType {
			a.checkEntries(n.Name, args[0])
		} else if text, is := args[0].(*ast.StringNode); is {
			if _, err := new(machine).evaluate(n); err != nil {
				a.refuse(text, fmt.Sprintf("%s cannot make a number of %q", n.Name, clip(text.Value)), "")
			}
		}
	}
	for _, arg := range args[1:] {
		steps += a.cost(arg, false)
	}
	return steps
}

// checkEntries refuses values, and lists of values, with which a function always fails. The engine does not check the
// entries of lists, and it accepts a duration as a whole number.
func (a *analysis) checkEntries(name string, nodes ...ast.Node) {
	kinds, want, allowed := []reflect.Kind{reflect.Int, reflect.Float64}, "numbers", ""
	if name == "count" {
		kinds, want = []reflect.Kind{reflect.Bool}, "true or false"
		allowed = "say what is counted, such as count(party.members, .leader); len(party.members) is how many there are"
	}
	for _, n := range nodes {
		if written, is := n.(*ast.ArrayNode); is {
			a.checkEntries(name, written.Nodes...)
			continue
		}
		t := entryType(n)
		if t == durationType && name != "count" {
			allowed = `compare lengths of time one by one, such as any(party.members, .account_age < duration("1d"))`
		}
		if t.Kind() != reflect.Interface && !slices.Contains(kinds, t.Kind()) {
			a.refuse(n, fmt.Sprintf("%s takes %s, not %s", name, want, describeType(t.String())), allowed)
		}
	}
}

// entryType returns the type of the list's entries, or of n itself if n is no list.
func entryType(n ast.Node) reflect.Type {
	if loop, is := n.(*ast.BuiltinNode); is && loop.Name == "map" {
		return tree.LoopBody(loop).Type()
	} else if is && loop.Name == "filter" {
		return entryType(loop.Arguments[0])
	}
	if t := n.Type(); t.Kind() != reflect.Slice {
		return t
	}
	return n.Type().Elem()
}

func (a *analysis) callCost(n *ast.CallNode) int {
	name := n.Callee.String()
	f := functions[name] // the type checker refused all others
	steps := 1 + stringSteps
	if len(n.Arguments) > 2 { // the second one is optional, and the engine accepts any number of them
		a.refuse(n, name+" has too many values in its brackets", "")
	}
	for i, arg := range n.Arguments {
		if f.literal != nil && f.literal.arg == i {
			if lit, is := arg.(*ast.StringNode); !is {
				a.refuse(arg, name+" takes a text in quotes here", f.literal.allowed)
			} else if f.literal.check(lit.Value) != nil {
				a.refuse(arg, fmt.Sprintf("%q cannot be used here", clip(lit.Value)), f.literal.allowed)
			}
		}
		steps += a.cost(arg, false)
	}
	return steps
}
