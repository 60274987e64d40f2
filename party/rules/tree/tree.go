// Package tree reads the typed tree of a condition. The rules file and the tools that give advice on it share it.
package tree

import (
	"reflect"
	"strings"
	"time"

	"github.com/expr-lang/expr/ast"
)

// Visitor is a function that ast.Walk calls for each part of a condition. It may replace the part.
type Visitor func(*ast.Node)

// Visit calls the function.
func (v Visitor) Visit(n *ast.Node) { v(n) }

// Children returns the parts of n that are conditions or values themselves.
func Children(n ast.Node) []ast.Node {
	switch n := n.(type) {
	case *ast.UnaryNode:
		return []ast.Node{n.Node}
	case *ast.PredicateNode:
		return []ast.Node{n.Node}
	case *ast.BinaryNode:
		return []ast.Node{n.Left, n.Right}
	case *ast.ConditionalNode:
		return []ast.Node{n.Cond, n.Exp1, n.Exp2}
	case *ast.BuiltinNode:
		return n.Arguments
	case *ast.CallNode:
		return n.Arguments
	case *ast.ArrayNode:
		return n.Nodes
	}
	return nil
}

// LoopBody returns the expression that a loop evaluates for each entry.
func LoopBody(loop *ast.BuiltinNode) ast.Node { return loop.Arguments[1].(*ast.PredicateNode).Node }

// HasUnknownType reports whether the type of n is known only when the condition runs.
func HasUnknownType(n ast.Node) bool {
	return !n.Nature().Nil && (n.Nature().Type == nil || n.Nature().Kind == reflect.Interface)
}

// Number returns the value of a literal number.
func Number(n ast.Node) (x float64, ok bool) {
	switch n := n.(type) {
	case *ast.IntegerNode:
		return float64(n.Value), true
	case *ast.FloatNode:
		return n.Value, true
	case *ast.UnaryNode:
		x, ok = Number(n.Node)
		return -x, ok && n.Operator == "-"
	}
	return 0, false
}

// IsNumeric reports whether n is a number, a duration or a time.
func IsNumeric(n ast.Node) bool {
	t := n.Nature()
	return t.IsInteger || t.IsFloat || n.Type() == reflect.TypeFor[time.Duration]() || n.Type() == reflect.TypeFor[time.Time]()
}

// Searches are the operators that look for a part of a text. That part need not be a value of the text's fact.
var Searches = map[string]func(text, part string) bool{
	"contains": strings.Contains, "startsWith": strings.HasPrefix, "endsWith": strings.HasSuffix,
}

// TextChanges are the functions that change a text, by their names in conditions.
var TextChanges = map[string]func(string) string{"lower": strings.ToLower, "upper": strings.ToUpper, "trim": strings.TrimSpace}
