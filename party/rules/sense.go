package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
)

// sense finds comparisons, and chains of them about one fact, whose outcome is the same
// whatever the fact is: a stage that does not exist, a window over midnight written with
// "and", a percentage where progress is 0 to 1. Such a condition is a typing mistake that
// nothing else would ever show.
type sense struct {
	scope    scope
	problems []exprError
	advice   []exprError // single comparisons that always hold: superfluous, and seen at once
}

// senseless lists what can never hold, or always does, in a typed tree.
func senseless(root ast.Node, s scope) (problems, advice []exprError) {
	c := &sense{scope: s}
	c.look(root)
	return c.problems, c.advice
}

func (c *sense) say(n ast.Node, what, allowed string) bool {
	c.problems = append(c.problems, exprError{offset: start(n), what: what, allowed: allowed})
	return true
}

// start is where the text of n begins.
func start(n ast.Node) int {
	switch n := n.(type) {
	case *ast.BinaryNode:
		return min(n.Location().From, start(n.Left))
	case *ast.MemberNode:
		return firstOffset(n)
	}
	return n.Location().From
}

// look reports whether it found something in n.
func (c *sense) look(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.BinaryNode:
		switch joint(n.Operator) {
		case "and", "or":
			return c.chain(n)
		}
		if c.compare(n) {
			return true
		}
		found := c.look(n.Left)
		return c.look(n.Right) || found
	case *ast.UnaryNode:
		return c.look(n.Node)
	case *ast.PredicateNode:
		return c.look(n.Node)
	}
	found := false
	for _, child := range children(n) {
		found = c.look(child) || found
	}
	return found
}

func joint(operator string) string {
	switch operator {
	case "&&":
		return "and"
	case "||":
		return "or"
	}
	return operator
}

// conjuncts are what "and" or "or" joins, in order.
func conjuncts(n ast.Node, operator string) []ast.Node {
	if b, ok := n.(*ast.BinaryNode); ok && joint(b.Operator) == operator {
		return append(conjuncts(b.Left, operator), conjuncts(b.Right, operator)...)
	}
	return []ast.Node{n}
}

// chain looks at the parts of "and" or "or", and at those about the same fact together.
func (c *sense) chain(n *ast.BinaryNode) bool {
	operator, found := joint(n.Operator), false
	var order []string
	groups := map[string][]question{}
	for _, part := range conjuncts(n, operator) {
		found = c.look(part) || found
		if q, ok := c.scope.question(part); ok {
			if groups[q.subject] == nil {
				order = append(order, q.subject)
			}
			groups[q.subject] = append(groups[q.subject], q)
		}
	}
	if found {
		return true
	}
	for _, subject := range order {
		group := groups[subject]
		if len(group) < 2 {
			continue
		}
		all := question{subject: subject, domain: group[0].domain}
		texts := make([]string, len(group))
		for i, q := range group {
			all.written = append(all.written, q.written...)
			if texts[i] = q.node.String(); joins(q.node) {
				texts[i] = "(" + texts[i] + ")"
			}
		}
		all.holds = func(v any) bool {
			if operator == "and" {
				return !slices.ContainsFunc(group, func(q question) bool { return !q.holds(v) })
			}
			return slices.ContainsFunc(group, func(q question) bool { return q.holds(v) })
		}
		switch never, always := all.outcome(); {
		case never && operator == "and":
			found = c.say(group[0].node, strings.Join(texts, " and ")+" can never hold: no value is both", instead(group, "or"))
		case always && operator == "or":
			found = c.say(group[0].node, strings.Join(texts, " or ")+" always holds: every value is one of these", instead(group, "and"))
		}
	}
	return found
}

// instead is what was probably meant.
func instead(group []question, operator string) string {
	texts := make([]string, len(group))
	for i, q := range group {
		texts[i] = q.node.String()
	}
	if subject := group[0].subject; operator == "or" && (strings.HasPrefix(subject, "hour(") || strings.HasPrefix(subject, "time_of_day(")) {
		return "for hours over midnight write (" + strings.Join(texts, " or ") + ")"
	}
	return "join them with " + operator
}

// compare looks at one comparison with what is written beside it.
func (c *sense) compare(n *ast.BinaryNode) bool {
	if n.Operator == "in" && c.listed(n) {
		return true
	}
	q, ok := c.scope.question(n)
	if !ok {
		return false
	}
	if n.Operator != "matches" && n.Operator != "contains" && n.Operator != "startsWith" && n.Operator != "endsWith" {
		for _, v := range q.written {
			if text, ok := v.(string); ok && !q.domain.has(v) {
				return c.unknown(n, q, text)
			}
		}
	}
	never, always := q.outcome()
	switch {
	case never:
		c.say(n, n.String()+" can never hold", q.domain.hint)
	case always:
		c.advice = append(c.advice, exprError{offset: start(n), what: n.String() + " always holds", allowed: q.domain.hint})
	}
	return never
}

// unknown reports a text that its fact never is.
func (c *sense) unknown(n ast.Node, q question, text string) bool {
	var known []string
	for _, v := range q.domain.values {
		if s, ok := v.(string); ok && s != "" {
			known = append(known, s)
		}
	}
	hint := ""
	if len(known) < len(clockValues) {
		hint = suggest(text, known)
	}
	return c.say(n, fmt.Sprintf("%s is never %q%s", q.subject, clip(text), hint), q.domain.hint)
}

// listed looks at single entries that can never be met: of `fact in [...]`, which may hold
// for others, and `"text" in map(party.members, .fact)`.
func (c *sense) listed(n *ast.BinaryNode) bool {
	if text, ok := written(n.Left); ok {
		m, isMap := n.Right.(*ast.BuiltinNode)
		if !isMap || m.Name != "map" || len(m.Arguments) != 2 {
			return false
		}
		body := m.Arguments[1]
		if p, ok := body.(*ast.PredicateNode); ok {
			body = p.Node
		}
		d, known := c.scope.of(body)
		if known && !d.has(text) {
			if s, isText := text.(string); isText {
				return c.unknown(n, question{subject: body.String(), domain: d}, s)
			}
			return c.say(n, n.String()+" can never hold", d.hint)
		}
		return false
	}
	entries, ok := n.Right.(*ast.ArrayNode)
	if !ok {
		return false
	}
	d, known := c.scope.of(n.Left)
	if !known {
		return false
	}
	found := false
	for _, e := range entries.Nodes {
		v, ok := written(e)
		if !ok || d.has(v) {
			continue
		}
		if text, isText := v.(string); isText {
			found = c.unknown(e, question{subject: n.Left.String(), domain: d}, text)
		} else {
			found = c.say(e, fmt.Sprintf("%s is never %s", n.Left, e), d.hint)
		}
	}
	return found
}

// question is a part of a condition whose outcome depends on one fact alone.
type question struct {
	node    ast.Node
	subject string
	domain  domain
	written []any
	holds   func(v any) bool
}

// outcome tries every value that makes a difference.
func (q question) outcome() (never, always bool) {
	values := q.domain.candidates(q.written)
	if len(values) == 0 {
		return false, false
	}
	never, always = true, true
	for _, v := range values {
		if q.holds(v) {
			never = false
		} else {
			always = false
		}
	}
	return never, always
}

// question reads n as one; false where it is about more than one fact, or where not all
// that it compares with is written down.
func (s scope) question(n ast.Node) (question, bool) {
	switch n := n.(type) {
	case *ast.UnaryNode:
		q, ok := s.question(n.Node)
		if !ok || n.Operator != "not" && n.Operator != "!" {
			return question{}, false
		}
		holds := q.holds
		q.node, q.holds = n, func(v any) bool { return !holds(v) }
		return q, true
	case *ast.BinaryNode:
		if op := joint(n.Operator); op == "and" || op == "or" {
			l, ok1 := s.question(n.Left)
			r, ok2 := s.question(n.Right)
			if !ok1 || !ok2 || l.subject != r.subject {
				return question{}, false
			}
			l.node, l.written = n, append(slices.Clone(l.written), r.written...)
			left, right := l.holds, r.holds
			l.holds = func(v any) bool {
				if op == "and" {
					return left(v) && right(v)
				}
				return left(v) || right(v)
			}
			return l, l.alike()
		}
		return s.comparison(n)
	}
	return question{}, false
}

func (s scope) comparison(n *ast.BinaryNode) (question, bool) {
	fact, operator := n.Left, n.Operator
	q := question{node: n}
	switch v, mirrored := written(n.Left); {
	case mirrored && operator != "in":
		fact, q.written = n.Right, []any{v}
		operator = map[string]string{"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!="}[operator]
	case operator == "in":
		if r, ok := n.Right.(*ast.BinaryNode); ok && r.Operator == ".." {
			from, ok1 := written(r.Left)
			to, ok2 := written(r.Right)
			if !ok1 || !ok2 {
				return q, false
			}
			q.written = []any{from, to}
			q.holds = func(v any) bool { return order(v, from) >= 0 && order(v, to) <= 0 }
			break
		}
		entries, ok := n.Right.(*ast.ArrayNode)
		if !ok {
			return q, false
		}
		for _, e := range entries.Nodes {
			v, ok := written(e)
			if !ok {
				return q, false
			}
			q.written = append(q.written, v)
		}
		q.holds = func(v any) bool { return slices.Contains(q.written, v) }
	default:
		v, ok := written(n.Right)
		if !ok {
			return q, false
		}
		q.written = []any{v}
	}
	if _, literal := written(fact); literal || len(q.written) == 0 {
		return q, false
	}
	d, ok := s.of(fact)
	q.subject, q.domain = fact.String(), d
	if !ok || !q.alike() {
		return q, false
	}
	if q.holds == nil {
		q.holds = comparing(operator, q.written[0])
	}
	// Texts have no largest and no smallest: order, and looking into them, says
	// something only where all of them are known.
	_, text := q.written[0].(string)
	ordered := operator != "==" && operator != "!=" && operator != "in"
	return q, q.holds != nil && !(text && ordered && d.values == nil)
}

// alike reports whether everything written is of one kind.
func (q question) alike() bool {
	return !slices.ContainsFunc(q.written, func(v any) bool { return fmt.Sprintf("%T", v) != fmt.Sprintf("%T", q.written[0]) })
}

// comparing is the comparison with w, nil for an operator that is none.
func comparing(operator string, w any) func(any) bool {
	text, _ := w.(string)
	in := func(f func(s, sub string) bool) func(any) bool {
		return func(v any) bool { s, _ := v.(string); return f(s, text) }
	}
	switch operator {
	case "==":
		return func(v any) bool { return v == w }
	case "!=":
		return func(v any) bool { return v != w }
	case "<":
		return func(v any) bool { return order(v, w) < 0 }
	case "<=":
		return func(v any) bool { return order(v, w) <= 0 }
	case ">":
		return func(v any) bool { return order(v, w) > 0 }
	case ">=":
		return func(v any) bool { return order(v, w) >= 0 }
	case "contains":
		return in(strings.Contains)
	case "startsWith":
		return in(strings.HasPrefix)
	case "endsWith":
		return in(strings.HasSuffix)
	}
	return nil
}

// order compares two values of one kind.
func order(a, b any) int {
	switch a := a.(type) {
	case float64:
		b, _ := b.(float64)
		switch {
		case a < b:
			return -1
		case a > b:
			return 1
		}
	case string:
		b, _ := b.(string)
		return strings.Compare(a, b)
	}
	return 0
}

// joins reports whether a node joins conditions, so that it needs brackets within another.
func joins(node ast.Node) bool {
	b, is := node.(*ast.BinaryNode)
	return is && slices.Contains([]string{"and", "or", "&&", "||"}, b.Operator)
}
