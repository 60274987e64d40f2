package rules

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/expr-lang/expr/ast"

	"partyline/party/rules/tree"
)

// Bounds of evaluation. The only loops of the expression language go over a list. So the text of a condition
// and the longest possible list give its number of steps. Facts are cut to these bounds before the condition
// runs.
const (
	maxMembers   = 256
	maxGroups    = 256
	maxDynamic   = 4096 // entries of a list and bytes of a text in metadata, labels, attributes and vars
	maxRange     = 1000
	maxRegexp    = 256       // bytes
	maxSteps     = 1_000_000 // of one condition
	maxActionSum = 4_000_000 // of all conditions on one action

	stringSteps = 64 // for a search in a text
)

// analysis walks a condition. It refuses parts that could reach beyond the facts, grow without bound or take
// too long. What is left can only read values, so its result depends on the facts alone.
type analysis struct {
	facts []string // full names, "user.lang", each once
	needs need     // of facts
	steps int
	bad   *exprError
}

func (a *analysis) refuse(n ast.Node, what, allowed string) {
	if a.bad == nil {
		a.bad = &exprError{offset: n.Location().From, what: what, allowed: allowed}
	}
}

var operators = []string{
	"==", "!=", "<", ">", "<=", ">=", "and", "&&", "or", "||", "in", "contains", "startsWith", "endsWith",
	"matches", "+", "-", "*", "/", "%", "??", "..",
}

// checkSyntax refuses kinds of expressions that conditions may not use. It does not need types.
func (a *analysis) checkSyntax(root ast.Node) *exprError {
	ast.Walk(&root, tree.Visitor(func(n *ast.Node) {
		switch n := (*n).(type) {
		case *ast.VariableDeclaratorNode, *ast.SequenceNode:
			a.refuse(n, "variables are not used in conditions", "")
		case *ast.MapNode, *ast.PairNode, *ast.BytesNode:
			a.refuse(n, "{...} and bytes are not used in conditions", "")
		case *ast.SliceNode:
			a.refuse(n, "parts of lists and texts are not used in conditions", "")
		case *ast.IdentifierNode:
			if n.Value == "$env" {
				a.refuse(n, "unknown fact or function \"$env\"", "")
			}
		case *ast.BinaryNode:
			if !slices.Contains(operators, n.Operator) {
				a.refuse(n, fmt.Sprintf("%q is not used in conditions", n.Operator), "")
			}
		case *ast.BuiltinNode:
			if !slices.Contains(builtins, n.Name) {
				a.refuse(n, fmt.Sprintf("unknown fact or function %q%s", n.Name, suggest(n.Name, builtins)), "")
			}
		case *ast.CallNode:
			if _, method := n.Callee.(*ast.MemberNode); method {
				a.refuse(n, "facts have no functions of their own", "")
			}
		}
	}))
	return a.bad
}

// check checks a typed tree and counts its steps.
func (a *analysis) check(root ast.Node) *exprError {
	a.steps = a.cost(root, false)
	if a.bad == nil && a.steps > maxSteps {
		a.refuse(root, fmt.Sprintf("could take %d steps for one answer", a.steps), fmt.Sprintf("allowed are %d: put fewer loops into each other", maxSteps))
		a.bad.offset = 0
	}
	return a.bad
}

// isSingle reports whether n is a single value, and not a list, a group or a function. A value of unknown type,
// from metadata or a label, counts as single.
func isSingle(n ast.Node) bool {
	if n.Nature().Nil || n.Nature().Type == nil {
		return true
	}
	switch n.Type().Kind() {
	case reflect.Slice, reflect.Array, reflect.Map, reflect.Func, reflect.Pointer:
		return false
	}
	return !isGroup(n.Type())
}

func (a *analysis) requireSingle(nodes ...ast.Node) {
	for _, n := range nodes {
		if !isSingle(n) {
			a.refuse(n, "is "+typeName(n)+", not a single value", "")
		}
	}
}

// maxLength returns the largest number of entries that the list n can have.
func (a *analysis) maxLength(n ast.Node) int {
	switch n := n.(type) {
	case *ast.ArrayNode:
		return len(n.Nodes)
	case *ast.ChainNode:
		return a.maxLength(n.Node)
	case *ast.BuiltinNode:
		if n.Name == "filter" || n.Name == "map" {
			return a.maxLength(n.Arguments[0])
		}
	case *ast.BinaryNode:
		if n.Operator == ".." {
			return maxRange
		}
	}
	switch n.Type() {
	case reflect.TypeFor[[]MemberFacts]():
		return maxMembers
	case reflect.TypeFor[[]GroupFacts]():
		return maxGroups
	}
	return maxDynamic
}

// cost returns the largest number of steps that n can take. It also checks n. base is true if n is the group
// that a fact is taken from.
func (a *analysis) cost(n ast.Node, base bool) int {
	switch n := n.(type) {
	case *ast.IdentifierNode:
		if f := factOf(reflect.TypeFor[Facts](), n.Value); !isGroup(f.Type) {
			a.addFact(n.Value, f)
		} else if !base {
			a.refuse(n, fmt.Sprintf("%q is a group of facts", n.Value), "name one, such as "+n.Value+"."+tagValues(f.Type, "expr")[0])
		}
		return 1
	case *ast.PointerNode:
		if n.Name != "" {
			a.refuse(n, fmt.Sprintf("unknown %q", "#"+n.Name), "# is the entry of the list")
		}
		return 1
	case *ast.ChainNode:
		return a.cost(n.Node, false)
	case *ast.MemberNode:
		return a.memberCost(n)
	case *ast.BinaryNode:
		return a.binaryCost(n)
	case *ast.BuiltinNode:
		return a.builtinCost(n)
	case *ast.CallNode:
		return a.callCost(n)
	case *ast.UnaryNode:
		a.requireSingle(n.Node)
	case *ast.ConditionalNode:
		a.requireSingle(n.Exp1, n.Exp2)
	case *ast.ArrayNode:
		a.requireSingle(n.Nodes...)
	}
	steps := 1
	for _, child := range tree.Children(n) {
		steps += a.cost(child, false)
	}
	return steps
}

func (a *analysis) addFact(fact string, f reflect.StructField) {
	if !slices.Contains(a.facts, fact) {
		a.facts, a.needs = append(a.facts, fact), a.needs|needOf(f)
	}
}

// memberFactPrefix is the prefix of the full name of a member's fact. Only facts with a need tag are recorded.
const memberFactPrefix = "party.members."

func (a *analysis) memberCost(n *ast.MemberNode) int {
	prop, named := n.Property.(*ast.StringNode)
	if group := n.Node.Nature().Type; named && slices.Contains(factGroups, group) {
		f := factOf(group, prop.Value)
		if id, ok := n.Node.(*ast.IdentifierNode); ok {
			a.addFact(id.Value+"."+prop.Value, f)
		} else if group == reflect.TypeFor[MemberFacts]() && needOf(f) != 0 {
			a.addFact(memberFactPrefix+prop.Value, f)
		}
	}
	switch n.Property.(type) {
	case *ast.StringNode, *ast.IntegerNode:
	default:
		if n.Node.Nature().Kind != reflect.Map {
			a.refuse(n.Property, "a computed name cannot be looked up here", "")
		}
		a.requireSingle(n.Property)
	}
	if t := n.Node.Type(); t == timeType || t == durationType || n.Nature().Kind == reflect.Func {
		a.refuse(n, "times have no facts of their own", "use hour, weekday or time_of_day")
	}
	return 1 + a.cost(n.Node, true) + a.cost(n.Property, false)
}

func (a *analysis) binaryCost(n *ast.BinaryNode) int {
	steps, singles := 1, []ast.Node{n.Left, n.Right}
	switch n.Operator {
	case "in":
		singles = singles[:1]
		r, binary := n.Right.(*ast.BinaryNode)
		ranged := binary && r.Operator == ".." // a range costs its length
		if k := n.Right.Nature().Kind; !ranged && k != reflect.Map && k != reflect.Struct {
			steps += a.maxLength(n.Right)
		}
	case "..":
		return a.rangeCost(n)
	case "matches":
		lit, ok := n.Right.(*ast.StringNode)
		if !ok {
			a.refuse(n.Right, "a pattern has to be a text in quotes", "")
			return steps
		}
		return steps + a.patternCost(lit) + a.cost(n.Left, false)
	case "??":
		if isLiteralList(n.Right) {
			singles = singles[:1]
		}
	case "+":
		// Joining could double a text in every step.
		if !tree.IsNumeric(n.Left) && !tree.IsNumeric(n.Right) {
			a.refuse(n, "texts are not joined in conditions", "compare them one by one")
		}
	case "%":
		if by, ok := n.Right.(*ast.IntegerNode); ok && by.Value == 0 {
			a.refuse(by, "divides by zero", "")
		}
	case "contains", "startsWith", "endsWith", "<", ">", "<=", ">=":
		if !tree.IsNumeric(n.Left) && !tree.IsNumeric(n.Right) {
			steps += stringSteps
		}
	case "==", "!=":
		if tree.HasUnknownType(n.Left) && tree.HasUnknownType(n.Right) {
			steps += maxDynamic
		}
	}
	a.requireSingle(singles...)
	return steps + a.cost(n.Left, false) + a.cost(n.Right, false)
}

// isLiteralList reports whether n is a list of literals. Such a list may replace a missing one with ??. Any other
// list could be nested in itself again and again.
func isLiteralList(n ast.Node) bool {
	list, ok := n.(*ast.ArrayNode)
	return ok && !slices.ContainsFunc(list.Nodes, func(e ast.Node) bool { return !isLiteral(e) })
}

func isLiteral(n ast.Node) bool {
	switch n.(type) {
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return true
	}
	return false
}
