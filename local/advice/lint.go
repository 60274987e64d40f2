package advice

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"partyline/party/rules"
	"partyline/party/rules/tree"
)

// linter finds comparisons whose outcome is the same for every value of the fact. It also checks comparisons
// with one fact that "and" or "or" joins. Examples are a stage that does not exist, a time window over midnight
// that is written with "and", or a percentage where progress is 0 to 1. Such a condition is a typing mistake
// that nothing else detects.
type linter struct {
	scope scope
	found []rules.Finding
}

// lint lists the parts of a typed tree that never hold or always hold.
func lint(of rules.Condition) []rules.Finding {
	c := &linter{scope: scope{of}}
	c.walk(of.Root)
	return c.found
}

// report records a problem at n. It returns true for an error. A warning is for a part that is only superfluous.
func (c *linter) report(severity rules.Severity, n ast.Node, what, allowed string) (found bool) {
	c.found = append(c.found, rules.Finding{Severity: severity, At: n, What: what, Allowed: allowed})
	return severity == rules.Error
}

// walk checks n and its parts. It reports whether it found an error.
func (c *linter) walk(n ast.Node) bool {
	if b, ok := n.(*ast.BinaryNode); ok {
		switch {
		case joinOperators[b.Operator] != "":
			return c.checkJoined(b)
		case c.checkComparison(b):
			return true
		}
	}
	found := false
	for _, child := range tree.Children(n) {
		found = c.walk(child) || found
	}
	return found
}

// joinOperators maps each spelling of the operators that join conditions to its word.
var joinOperators = map[string]string{"and": "and", "&&": "and", "or": "or", "||": "or"}

// operandsOf returns the conditions that the operator joins, in order.
func operandsOf(n ast.Node, operator string) []ast.Node {
	if b, ok := n.(*ast.BinaryNode); ok && joinOperators[b.Operator] == operator {
		return append(operandsOf(b.Left, operator), operandsOf(b.Right, operator)...)
	}
	return []ast.Node{n}
}

// checkJoined checks each condition that "and" or "or" joins. Then it checks all conditions on one fact together.
func (c *linter) checkJoined(n *ast.BinaryNode) bool {
	operator, found := joinOperators[n.Operator], false
	var subjects []string
	about := map[string][]ast.Node{} // the conditions, by fact
	for _, part := range operandsOf(n, operator) {
		found = c.walk(part) || found
		if q, ok := c.scope.predicate(part); ok {
			if about[q.fact] == nil {
				subjects = append(subjects, q.fact)
			}
			about[q.fact] = append(about[q.fact], part)
		}
	}
	if found {
		return true
	}
	for _, subject := range subjects {
		parts := about[subject]
		q, ok := c.scope.predicate(joinNodes(parts, operator))
		if len(parts) < 2 || !ok { // a single condition is checked already
			continue
		}
		switch never, always := q.outcome(); {
		case never && operator == "and":
			found = c.report(rules.Error, q.node, q.node.String()+" can never hold: no value is both", suggestInstead(subject, parts))
		case always && operator == "or":
			found = c.report(rules.Error, q.node, q.node.String()+" always holds: every value is one of these", "join them with and")
		}
	}
	return found
}

func joinNodes(parts []ast.Node, operator string) ast.Node {
	all := parts[0]
	for _, part := range parts[1:] {
		both := &ast.BinaryNode{Operator: operator, Left: all, Right: part}
		both.SetLocation(all.Location())
		all = both
	}
	return all
}

// suggestInstead suggests what the designer probably meant by conditions that exclude each other.
func suggestInstead(subject string, parts []ast.Node) string {
	if strings.HasPrefix(subject, "hour(") || strings.HasPrefix(subject, "time_of_day(") {
		return "for hours over midnight write (" + joinNodes(parts, "or").String() + ")"
	}
	return "join them with or"
}

// checkComparison checks one comparison. It first looks for values that the fact never has, then checks the outcome.
func (c *linter) checkComparison(n *ast.BinaryNode) bool {
	if equal := splitIn(n); equal != nil {
		return slices.ContainsFunc(equal, c.checkComparison)
	}
	fact, others, how := splitComparison(n)
	q, ok := c.scope.predicate(n)
	d, known := c.scope.domainOf(fact)
	known = known && (ok || how == shapeList || how == shapeMap) && tree.Searches[n.Operator] == nil
	found := false
	for _, e := range others {
		if none := zeroValueOf(fact); isNil(e) && none != "" {
			severity := rules.Error
			if n.Operator == "!=" {
				severity = rules.Warning
			}
			return c.report(severity, n, fact.String()+" is never nil", "without a value it is "+none)
		}
		v, literal := literalValue(e)
		if !known || !literal || d.contains(v) {
			continue
		}
		at := ast.Node(n)
		if how == shapeList { // the fact may have one of the other values
			at = e
		}
		text, isText := v.(string)
		switch {
		case isText:
			found = c.report(rules.Error, at, fmt.Sprintf("%s is never %q", fact, text), d.hint)
		case how == shapeList:
			found = c.report(rules.Error, at, fmt.Sprintf("%s is never %s", fact, e), d.hint)
		case how == shapeMap:
			found = c.report(rules.Error, at, n.String()+" can never hold", d.hint)
		}
	}
	if found || !ok {
		return found
	}
	switch never, always := q.outcome(); {
	case never:
		return c.report(rules.Error, n, n.String()+" can never hold", d.hint)
	case always:
		return c.report(rules.Warning, n, n.String()+" always holds", d.hint)
	}
	return false
}

func isNil(n ast.Node) bool {
	_, is := n.(*ast.NilNode)
	return is
}

// splitIn splits "idle" in [party.state] into comparisons with ==. It returns nil for anything else.
func splitIn(n *ast.BinaryNode) (equal []*ast.BinaryNode) {
	among, ok := n.Right.(*ast.ArrayNode)
	if _, literal := literalValue(n.Left); !ok || !literal || n.Operator != "in" {
		return nil
	}
	for _, e := range among.Nodes {
		one := &ast.BinaryNode{Operator: "==", Left: e, Right: n.Left}
		one.SetLocation(e.Location())
		equal = append(equal, one)
	}
	return equal
}

// shape is the form in which a comparison is written.
type shape int

const (
	shapePlain    shape = iota // party.size > 2
	shapeMirrored              // 2 < party.size
	shapeList                  // party.size in [1, 2]
	shapeRange                 // party.size in 1..2
	shapeMap                   // 2 in map(party.members, .level)
)

// splitComparison returns the fact of a comparison and the values it is compared with. others is empty if the
// comparison names no values.
func splitComparison(n *ast.BinaryNode) (fact ast.Node, others []ast.Node, how shape) {
	_, literal := literalValue(n.Left)
	literal = literal || isNil(n.Left)
	if n.Operator != "in" {
		if literal {
			return n.Right, []ast.Node{n.Left}, shapeMirrored
		}
		return n.Left, []ast.Node{n.Right}, shapePlain
	}
	switch in := n.Right.(type) {
	case *ast.ArrayNode:
		return n.Left, in.Nodes, shapeList
	case *ast.BinaryNode:
		if in.Operator == ".." {
			return n.Left, []ast.Node{in.Left, in.Right}, shapeRange
		}
	case *ast.BuiltinNode:
		if literal && in.Name == "map" && len(in.Arguments) == 2 {
			return tree.LoopBody(in), []ast.Node{n.Left}, shapeMap
		}
	}
	return n.Left, nil, shapePlain
}

// predicate is a part of a condition. Its outcome depends on one fact alone.
type predicate struct {
	node     ast.Node
	fact     string
	domain   domain
	literals []any
	holds    func(fact any) bool
}

// outcome evaluates the predicate for every value that can make a difference.
func (q predicate) outcome() (never, always bool) {
	values := q.domain.candidates(q.literals)
	fails := func(v any) bool { return !q.holds(v) }
	return len(values) > 0 && !slices.ContainsFunc(values, q.holds), len(values) > 0 && !slices.ContainsFunc(values, fails)
}

// predicate converts n to a predicate. ok is false if n depends on several facts or compares with something that
// is not a literal.
func (s scope) predicate(n ast.Node) (predicate, bool) {
	switch n := n.(type) {
	case *ast.UnaryNode:
		q, ok := s.predicate(n.Node)
		holds := q.holds
		q.node, q.holds = n, func(fact any) bool { return !holds(fact) }
		return q, ok && (n.Operator == "not" || n.Operator == "!")
	case *ast.BinaryNode:
		operator := joinOperators[n.Operator]
		if operator == "" {
			return s.comparison(n)
		}
		l, ok1 := s.predicate(n.Left)
		r, ok2 := s.predicate(n.Right)
		q := predicate{node: n, fact: l.fact, domain: l.domain, literals: slices.Concat(l.literals, r.literals)}
		q.holds = func(fact any) bool {
			if operator == "and" {
				return l.holds(fact) && r.holds(fact)
			}
			return l.holds(fact) || r.holds(fact)
		}
		return q, ok1 && ok2 && l.fact == r.fact && q.sameTypes()
	}
	return predicate{}, false
}

func (s scope) comparison(n *ast.BinaryNode) (predicate, bool) {
	fact, others, how := splitComparison(n)
	compare, can := comparisons[n.Operator]
	if _, literal := literalValue(fact); !can || literal || how == shapeMap || len(others) == 0 {
		return predicate{}, false
	}
	var to []any
	for _, e := range others {
		v, ok := literalValue(e)
		if !ok {
			return predicate{}, false
		}
		to = append(to, v)
	}
	d, known := s.domainOf(fact)
	q := predicate{node: n, fact: fact.String(), domain: d, literals: to, holds: func(v any) bool {
		switch how {
		case shapeList:
			return slices.Contains(to, v)
		case shapeRange:
			return compareValues(v, to[0]) >= 0 && compareValues(v, to[1]) <= 0
		case shapeMirrored:
			return compare(to[0], v)
		}
		return compare(v, to[0])
	}}
	// Texts have no bounds. An order or a search in a text has a known outcome only if all values of the fact
	// are known.
	_, text := to[0].(string)
	ordered := n.Operator != "==" && n.Operator != "!=" && n.Operator != "in"
	return q, known && q.sameTypes() && !(text && ordered && d.values == nil)
}

// sameTypes reports whether all literals have the same type.
func (q predicate) sameTypes() bool {
	return !slices.ContainsFunc(q.literals, func(v any) bool { return reflect.TypeOf(v) != reflect.TypeOf(q.literals[0]) })
}

// comparisons are the operators that can be evaluated here.
var comparisons = map[string]func(l, r any) bool{
	"in":         nil, // evaluated by its shape
	"==":         func(l, r any) bool { return l == r },
	"!=":         func(l, r any) bool { return l != r },
	"<":          func(l, r any) bool { return compareValues(l, r) < 0 },
	"<=":         func(l, r any) bool { return compareValues(l, r) <= 0 },
	">":          func(l, r any) bool { return compareValues(l, r) > 0 },
	">=":         func(l, r any) bool { return compareValues(l, r) >= 0 },
	"contains":   searching("contains"),
	"startsWith": searching("startsWith"),
	"endsWith":   searching("endsWith"),
}

func searching(operator string) func(l, r any) bool {
	return func(l, r any) bool { return tree.Searches[operator](textOf(l), textOf(r)) }
}

func textOf(v any) string {
	text, _ := v.(string)
	return text
}

// compareValues compares two values of the same type.
func compareValues(a, b any) int {
	if x, ok := a.(float64); ok {
		y, _ := b.(float64)
		return cmp.Compare(x, y)
	}
	return cmp.Compare(textOf(a), textOf(b))
}
