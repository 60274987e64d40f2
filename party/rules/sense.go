package rules

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
)

// sense finds comparisons whose outcome is the same for every value of the fact. It also checks comparisons
// with one fact that "and" or "or" joins. Examples are a stage that does not exist, a time window over midnight
// that is written with "and", or a percentage where progress is 0 to 1. Such a condition is a typing mistake
// that nothing else detects.
type sense struct {
	scope scope
	found []exprError
}

// senseless lists the parts of a typed tree that never hold or always hold.
func senseless(root ast.Node, s scope) []exprError {
	c := &sense{scope: s}
	c.look(root)
	return c.found
}

// say records a problem at n. It returns true for an error. A warning is for a part that is only superfluous.
func (c *sense) say(severity Severity, n ast.Node, what, allowed string) (found bool) {
	c.found = append(c.found, exprError{severity: severity, offset: start(n), what: what, allowed: allowed})
	return severity == Error
}

// start returns the offset at which the text of n begins.
func start(n ast.Node) int {
	switch n := n.(type) {
	case *ast.BinaryNode:
		return min(n.Location().From, start(n.Left))
	case *ast.MemberNode:
		return start(n.Node)
	}
	return n.Location().From
}

// look checks n and its parts. It reports whether it found an error.
func (c *sense) look(n ast.Node) bool {
	if b, ok := n.(*ast.BinaryNode); ok {
		switch {
		case joints[b.Operator] != "":
			return c.chain(b)
		case c.compare(b):
			return true
		}
	}
	found := false
	for _, child := range children(n) {
		found = c.look(child) || found
	}
	return found
}

// joints maps each spelling of the operators that join conditions to its word.
var joints = map[string]string{"and": "and", "&&": "and", "or": "or", "||": "or"}

// conjuncts returns the conditions that the operator joins, in order.
func conjuncts(n ast.Node, operator string) []ast.Node {
	if b, ok := n.(*ast.BinaryNode); ok && joints[b.Operator] == operator {
		return append(conjuncts(b.Left, operator), conjuncts(b.Right, operator)...)
	}
	return []ast.Node{n}
}

// chain checks each condition that "and" or "or" joins. Then it checks all conditions on one fact together.
func (c *sense) chain(n *ast.BinaryNode) bool {
	operator, found := joints[n.Operator], false
	var subjects []string
	about := map[string][]ast.Node{} // the conditions, by fact
	for _, part := range conjuncts(n, operator) {
		found = c.look(part) || found
		if q, ok := c.scope.question(part); ok {
			if about[q.subject] == nil {
				subjects = append(subjects, q.subject)
			}
			about[q.subject] = append(about[q.subject], part)
		}
	}
	if found {
		return true
	}
	for _, subject := range subjects {
		parts := about[subject]
		q, ok := c.scope.question(joined(parts, operator))
		if len(parts) < 2 || !ok { // a single condition is checked already
			continue
		}
		switch never, always := q.outcome(); {
		case never && operator == "and":
			found = c.say(Error, q.node, q.node.String()+" can never hold: no value is both", instead(subject, parts))
		case always && operator == "or":
			found = c.say(Error, q.node, q.node.String()+" always holds: every value is one of these", "join them with and")
		}
	}
	return found
}

func joined(parts []ast.Node, operator string) ast.Node {
	all := parts[0]
	for _, part := range parts[1:] {
		both := &ast.BinaryNode{Operator: operator, Left: all, Right: part}
		both.SetLocation(all.Location())
		all = both
	}
	return all
}

// instead suggests what the designer probably meant by conditions that exclude each other.
func instead(subject string, parts []ast.Node) string {
	if strings.HasPrefix(subject, "hour(") || strings.HasPrefix(subject, "time_of_day(") {
		return "for hours over midnight write (" + joined(parts, "or").String() + ")"
	}
	return "join them with or"
}

// compare checks one comparison. It first looks for values that the fact never has, then checks the outcome.
func (c *sense) compare(n *ast.BinaryNode) bool {
	if equal := entries(n); equal != nil {
		return slices.ContainsFunc(equal, c.compare)
	}
	fact, others, how := sides(n)
	q, ok := c.scope.question(n)
	d, known := c.scope.of(fact)
	known = known && (ok || how == listed || how == mapped) && !slices.Contains(searches, n.Operator)
	found := false
	for _, e := range others {
		if none := empty(fact); isNil(e) && none != "" {
			severity := Error
			if n.Operator == "!=" {
				severity = Warning
			}
			return c.say(severity, n, fact.String()+" is never nil", "where there is none it is "+none)
		}
		v, literal := written(e)
		if !known || !literal || d.has(v) {
			continue
		}
		at := ast.Node(n)
		if how == listed { // the fact may have one of the other values
			at = e
		}
		text, isText := v.(string)
		switch {
		case isText:
			found = c.say(Error, at, fmt.Sprintf("%s is never %q%s", fact, clip(text), d.suggest(text)), d.hint)
		case how == listed:
			found = c.say(Error, at, fmt.Sprintf("%s is never %s", fact, e), d.hint)
		case how == mapped:
			found = c.say(Error, at, n.String()+" can never hold", d.hint)
		}
	}
	if found || !ok {
		return found
	}
	switch never, always := q.outcome(); {
	case never:
		return c.say(Error, n, n.String()+" can never hold", d.hint)
	case always:
		return c.say(Warning, n, n.String()+" always holds", d.hint)
	}
	return false
}

func isNil(n ast.Node) bool {
	_, is := n.(*ast.NilNode)
	return is
}

// entries splits "idle" in [party.state] into comparisons with ==. It returns nil for anything else.
func entries(n *ast.BinaryNode) (equal []*ast.BinaryNode) {
	among, ok := n.Right.(*ast.ArrayNode)
	if _, literal := written(n.Left); !ok || !literal || n.Operator != "in" {
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
	plainly  shape = iota // party.size > 2
	mirrored              // 2 < party.size
	listed                // party.size in [1, 2]
	ranged                // party.size in 1..2
	mapped                // 2 in map(party.members, .level)
)

// sides returns the fact of a comparison and the values it is compared with. others is empty if the comparison
// names no values.
func sides(n *ast.BinaryNode) (fact ast.Node, others []ast.Node, how shape) {
	_, literal := written(n.Left)
	literal = literal || isNil(n.Left)
	if n.Operator != "in" {
		if literal {
			return n.Right, []ast.Node{n.Left}, mirrored
		}
		return n.Left, []ast.Node{n.Right}, plainly
	}
	switch in := n.Right.(type) {
	case *ast.ArrayNode:
		return n.Left, in.Nodes, listed
	case *ast.BinaryNode:
		if in.Operator == ".." {
			return n.Left, []ast.Node{in.Left, in.Right}, ranged
		}
	case *ast.BuiltinNode:
		if literal && in.Name == "map" && len(in.Arguments) == 2 {
			return bodyOf(in), []ast.Node{n.Left}, mapped
		}
	}
	return n.Left, nil, plainly
}

// question is a part of a condition. Its outcome depends on one fact alone.
type question struct {
	node    ast.Node
	subject string
	domain  domain
	written []any
	holds   func(fact any) bool
}

// outcome evaluates the question for every value that can make a difference.
func (q question) outcome() (never, always bool) {
	values := q.domain.candidates(q.written)
	fails := func(v any) bool { return !q.holds(v) }
	return len(values) > 0 && !slices.ContainsFunc(values, q.holds), len(values) > 0 && !slices.ContainsFunc(values, fails)
}

// question converts n to a question. ok is false if n depends on several facts or compares with something that
// is not a literal.
func (s scope) question(n ast.Node) (question, bool) {
	switch n := n.(type) {
	case *ast.UnaryNode:
		q, ok := s.question(n.Node)
		holds := q.holds
		q.node, q.holds = n, func(fact any) bool { return !holds(fact) }
		return q, ok && (n.Operator == "not" || n.Operator == "!")
	case *ast.BinaryNode:
		operator := joints[n.Operator]
		if operator == "" {
			return s.comparison(n)
		}
		l, ok1 := s.question(n.Left)
		r, ok2 := s.question(n.Right)
		q := question{node: n, subject: l.subject, domain: l.domain, written: slices.Concat(l.written, r.written)}
		q.holds = func(fact any) bool {
			if operator == "and" {
				return l.holds(fact) && r.holds(fact)
			}
			return l.holds(fact) || r.holds(fact)
		}
		return q, ok1 && ok2 && l.subject == r.subject && q.alike()
	}
	return question{}, false
}

func (s scope) comparison(n *ast.BinaryNode) (question, bool) {
	fact, others, how := sides(n)
	compare, can := comparisons[n.Operator]
	if _, literal := written(fact); !can || literal || how == mapped || len(others) == 0 {
		return question{}, false
	}
	var to []any
	for _, e := range others {
		v, ok := written(e)
		if !ok {
			return question{}, false
		}
		to = append(to, v)
	}
	d, known := s.of(fact)
	q := question{node: n, subject: fact.String(), domain: d, written: to, holds: func(v any) bool {
		switch how {
		case listed:
			return slices.Contains(to, v)
		case ranged:
			return order(v, to[0]) >= 0 && order(v, to[1]) <= 0
		case mirrored:
			return compare(to[0], v)
		}
		return compare(v, to[0])
	}}
	// Texts have no bounds. An order or a search in a text has a known outcome only if all values of the fact
	// are known.
	_, text := to[0].(string)
	ordered := n.Operator != "==" && n.Operator != "!=" && n.Operator != "in"
	return q, known && q.alike() && !(text && ordered && d.values == nil)
}

// alike reports whether all literals have the same type.
func (q question) alike() bool {
	return !slices.ContainsFunc(q.written, func(v any) bool { return reflect.TypeOf(v) != reflect.TypeOf(q.written[0]) })
}

// comparisons are the operators that can be evaluated here.
var comparisons = map[string]func(l, r any) bool{
	"in":         nil, // evaluated by its shape
	"==":         func(l, r any) bool { return l == r },
	"!=":         func(l, r any) bool { return l != r },
	"<":          func(l, r any) bool { return order(l, r) < 0 },
	"<=":         func(l, r any) bool { return order(l, r) <= 0 },
	">":          func(l, r any) bool { return order(l, r) > 0 },
	">=":         func(l, r any) bool { return order(l, r) >= 0 },
	"contains":   func(l, r any) bool { return strings.Contains(textOf(l), textOf(r)) },
	"startsWith": func(l, r any) bool { return strings.HasPrefix(textOf(l), textOf(r)) },
	"endsWith":   func(l, r any) bool { return strings.HasSuffix(textOf(l), textOf(r)) },
}

// searches are the operators that look for a part of a text. That part need not be a value of the fact.
var searches = []string{"contains", "startsWith", "endsWith"}

func textOf(v any) string {
	text, _ := v.(string)
	return text
}

// order compares two values of the same type.
func order(a, b any) int {
	if x, ok := a.(float64); ok {
		y, _ := b.(float64)
		return cmp.Compare(x, y)
	}
	return cmp.Compare(textOf(a), textOf(b))
}
