package advice

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/expr-lang/expr/ast"

	"partyline/party/rules"
	"partyline/party/rules/tree"
)

// fields looks for fields of metadata, attributes or labels at places that cannot take nil.
type fields struct {
	warned []fieldWarning
	found  []rules.Finding
	asked  []string // fields that the condition itself asks for: they are compared with nil, or looked for in their group
}

type fieldWarning struct {
	rules.Finding
	field string
}

func missing(root ast.Node) []rules.Finding {
	var fs fields
	ast.Walk(&root, tree.Visitor(func(n *ast.Node) { fs.check(*n) }))
	for _, w := range fs.warned {
		if !slices.Contains(fs.asked, w.field) {
			fs.found = append(fs.found, w.Finding)
		}
	}
	return fs.found
}

// check looks at the places of n where a value is needed.
func (fs *fields) check(n ast.Node) {
	switch n := n.(type) {
	case *ast.UnaryNode:
		if n.Operator == "not" || n.Operator == "!" {
			fs.warn("false", n.Node)
		} else {
			fs.warn("0", n.Node)
		}
	case *ast.ConditionalNode:
		fs.warn("false", n.Cond)
	case *ast.CallNode:
		if n.Callee.String() == "hash" {
			fs.warn(`""`, n.Arguments...)
		}
	case *ast.BuiltinNode:
		fs.checkBuiltin(n)
	case *ast.BinaryNode:
		fs.noteAsked(n)
		if joinOperators[n.Operator] != "" {
			fs.warn("false", n.Left, n.Right)
		} else {
			fs.checkBinary(n)
		}
	}
}

// noteAsked notes the field that a comparison asks for.
func (fs *fields) noteAsked(n *ast.BinaryNode) {
	name, isText := n.Left.(*ast.StringNode)
	switch {
	case n.Operator == "in" && isText:
		fs.asked = append(fs.asked, n.Right.String()+"."+name.Value)
	case n.Operator != "==" && n.Operator != "!=":
	case isNil(n.Right):
		fs.asked = append(fs.asked, n.Left.String())
	case n.Right.String() == `""`:
		fs.asked = append(fs.asked, noText(n.Left))
	}
}

func (fs *fields) checkBuiltin(n *ast.BuiltinNode) {
	args := n.Arguments
	switch n.Name {
	case "all", "any", "none", "one", "count", "filter", "map", "sum":
		fs.warn("[]", args[0])
		standIn := "false"
		if n.Name == "sum" {
			standIn = "0"
		}
		switch {
		case len(args) < 2 && !tree.HasUnknownType(args[0]):
			fs.warnEntries(standIn, args[0])
		case len(args) > 1 && n.Name == "sum":
			fs.warnEntries(standIn, tree.LoopBody(n))
		case len(args) > 1 && n.Name != "map":
			fs.warn(standIn, tree.LoopBody(n))
		}
	case "min", "max":
		fs.warnEntries("0", args...)
	case "len":
		fs.warn("[]", args[0])
	case "lower", "upper", "trim":
		fs.warn(`""`, args...)
	case "abs", "int", "float":
		fs.warn("0", args[0])
		if args[0].Nature().Kind == reflect.String {
			fs.warnNoNumber(n)
		}
	}
}

// noText names a text in asked that the condition compares with "".
func noText(n ast.Node) string { return n.String() + ` ""` }

// warnNoNumber warns about a fact whose text is read as a number.
func (fs *fields) warnNoNumber(n *ast.BuiltinNode) {
	if fact, is := n.Arguments[0].(*ast.MemberNode); is {
		fs.warned = append(fs.warned, fieldWarning{field: noText(fact), Finding: rules.Finding{
			Severity: rules.Warning, At: n,
			What:    fmt.Sprintf("%s may be empty, and then the action is refused", fact),
			Allowed: fmt.Sprintf(`ask for it first: %s != "" and ...`, fact),
		}})
	}
}

// warn warns about each of the nodes that may be missing. standIn is a value for the place.
func (fs *fields) warn(standIn string, nodes ...ast.Node) {
	for _, n := range nodes {
		switch n := n.(type) {
		case *ast.ChainNode:
			fs.warn(standIn, n.Node)
		case *ast.ConditionalNode:
			fs.warn(standIn, n.Exp1, n.Exp2)
		case *ast.BinaryNode:
			if n.Operator == "??" {
				fs.warn(standIn, n.Right)
			}
		case *ast.MemberNode:
			if tree.HasUnknownType(n) {
				fs.warned = append(fs.warned, fieldWarning{field: n.String(), Finding: rules.Finding{
					Severity: rules.Warning, At: n,
					What:    fmt.Sprintf("%s may be missing, and then the action is refused", n),
					Allowed: fmt.Sprintf("give a default: (%s ?? %s)", n, standIn),
				}})
			}
		}
	}
}

// warnEntries is warn for values and the entries of lists.
func (fs *fields) warnEntries(standIn string, nodes ...ast.Node) {
	for _, n := range nodes {
		switch n := n.(type) {
		case *ast.ArrayNode:
			fs.warnEntries(standIn, n.Nodes...)
		case *ast.BuiltinNode:
			if n.Name == "map" {
				fs.warn(standIn, tree.LoopBody(n))
			}
		default:
			fs.warn(standIn, n)
		}
	}
}

// checkBinary warns about a field that is compared or calculated with as if it always existed: nil < 10 cannot be
// evaluated. It refuses what fails for everybody, or for every player without the field. A search in a missing field
// finds nothing.
func (fs *fields) checkBinary(n *ast.BinaryNode) {
	search := tree.Searches[n.Operator] != nil || n.Operator == "matches"
	ordered := slices.Contains([]string{"<", ">", "<=", ">="}, n.Operator)
	computed := slices.Contains([]string{"+", "-", "*", "/", "%"}, n.Operator)
	if !search && !ordered && !computed {
		return
	}
	for _, sides := range [][2]ast.Node{{n.Left, n.Right}, {n.Right, n.Left}} {
		side, other := sides[0], sides[1]
		text, standIn := search || other.Nature().Kind == reflect.String, "0"
		if text {
			standIn = `""`
		}
		if or, is := side.(*ast.BinaryNode); is && or.Operator == "??" && tree.HasUnknownType(or.Left) {
			v, literal := literalValue(or.Right)
			_, isText := v.(string)
			_, isNumber := v.(float64)
			if literal && (text && !isText || !text && !isNumber && (computed || tree.IsNumeric(other))) {
				fs.found = append(fs.found, rules.Finding{
					At: or.Right, What: fmt.Sprintf("%q cannot be used with %s, which stands here for a missing value", n.Operator, or.Right),
					Allowed: fmt.Sprintf("write (%s ?? %s)", or.Left, standIn),
				})
			}
		}
		if search {
			continue
		}
		named := false
		if field, is := side.(*ast.MemberNode); is && tree.HasUnknownType(side) {
			_, named = field.Property.(*ast.StringNode)
		}
		switch t := other.Type(); {
		case named && ordered && t == durationType:
			fs.found = append(fs.found, rules.Finding{
				At: n, What: fmt.Sprintf("%s is never a length of time", side),
				Allowed: fmt.Sprintf(`a number of days is written (%s ?? 0) * duration("1d")`, side),
			})
		case named && ordered && t == timeType:
			fs.found = append(fs.found, rules.Finding{At: n, What: fmt.Sprintf("%s is never a moment", side)})
		default:
			fs.warn(standIn, side)
		}
	}
}
