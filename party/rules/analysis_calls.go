package rules

import (
	"fmt"
	"regexp/syntax"

	"github.com/expr-lang/expr/ast"
)

func (a *analysis) rangeOf(n *ast.BinaryNode) int {
	from, ok1 := n.Left.(*ast.IntegerNode)
	to, ok2 := n.Right.(*ast.IntegerNode)
	if !ok1 || !ok2 || to.Value-from.Value >= maxRange || to.Value < from.Value {
		a.refuse(n, "a range has two numbers, the smaller first", fmt.Sprintf("allowed are up to %d numbers, such as 18..22", maxRange))
	}
	return maxRange
}

// pattern counts the work of a regular expression on the longest text; Go's
// engine takes time in proportion to both and never more.
func (a *analysis) pattern(lit *ast.StringNode) int {
	if len(lit.Value) > maxRegexp {
		a.refuse(lit, "the pattern is too long", fmt.Sprintf("allowed are %d characters", maxRegexp))
		return 0
	}
	re, _ := syntax.Parse(lit.Value, syntax.Perl) // the engine has compiled it
	prog, _ := syntax.Compile(re.Simplify())
	return len(prog.Inst) * 16
}

// bodyOf is what a loop asks of each entry.
func bodyOf(loop *ast.BuiltinNode) ast.Node {
	if p, ok := loop.Arguments[1].(*ast.PredicateNode); ok {
		return p.Node
	}
	return loop.Arguments[1]
}

func (a *analysis) builtin(n *ast.BuiltinNode) int {
	args := n.Arguments
	steps := 1 + a.cost(args[0], false)
	switch n.Name {
	case "all", "any", "none", "one", "count", "filter", "map", "sum":
		length := a.length(args[0])
		if len(args) < 2 {
			return steps + length
		}
		body := bodyOf(n)
		if n.Name == "map" || n.Name == "sum" {
			a.needSingle(body)
		}
		return steps + min(length*(1+a.cost(body, false)), 1<<40) // loops in loops do not overflow
	case "min", "max":
		for _, arg := range args {
			if !single(arg) || unknown(arg) {
				steps += a.length(arg)
			}
		}
	case "string":
		a.needSingle(args[0])
		if unknown(args[0]) {
			return steps + maxDynamic
		}
	case "lower", "upper", "trim", "int", "float":
		return steps + stringSteps
	}
	for _, arg := range args[1:] {
		steps += a.cost(arg, false)
	}
	return steps
}

func (a *analysis) call(n *ast.CallNode) int {
	name := n.Callee.String()
	f := functions[name] // the engine knows no other
	steps := 1 + stringSteps
	for i, arg := range n.Arguments {
		if f.literal != nil && f.literal.arg == i {
			if lit, is := arg.(*ast.StringNode); !is {
				a.refuse(arg, name+" takes a text in quotes here", "for example "+f.usage)
			} else if f.literal.check(lit.Value) != nil {
				a.refuse(arg, fmt.Sprintf("%q cannot be used here", clip(lit.Value)), f.literal.allowed)
			}
		}
		steps += a.cost(arg, false)
	}
	return steps
}
