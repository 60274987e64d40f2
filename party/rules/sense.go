package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
)

// sense finds comparisons, and chains of them about one fact, whose outcome is the same whatever the fact is:
// a stage that does not exist, a window over midnight written with "and", a percentage where progress is 0 to
// 1. Such a condition is a typing mistake that nothing else would ever show.
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
		return start(n.Node)
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
	var groups []question // of one fact each
	for _, part := range conjuncts(n, operator) {
		found = c.look(part) || found
		q, ok := c.scope.question(part)
		if !ok {
			continue
		}
		if i := slices.IndexFunc(groups, func(g question) bool { return g.subject == q.subject }); i >= 0 {
			groups[i].add(operator, q)
		} else {
			groups = append(groups, q)
		}
	}
	if found {
		return true
	}
	for _, q := range groups {
		never, always := q.outcome()
		switch {
		case q.parts == nil: // alone, and looked at
		case never && operator == "and":
			found = c.say(q.node, q.node.String()+" can never hold: no value is both", q.instead("or"))
		case always && operator == "or":
			found = c.say(q.node, q.node.String()+" always holds: every value is one of these", q.instead("and"))
		}
	}
	return found
}

// add joins another question about the same fact.
func (q *question) add(operator string, other question) {
	if q.parts == nil {
		q.parts = []string{q.node.String()}
	}
	q.parts = append(q.parts, other.node.String())
	joined := &ast.BinaryNode{Operator: operator, Left: q.node, Right: other.node}
	joined.SetLocation(q.node.Location())
	q.node = joined
	q.written = append(q.written, other.written...)
}

// instead is what was probably meant.
func (q question) instead(operator string) string {
	if operator == "or" && (strings.HasPrefix(q.subject, "hour(") || strings.HasPrefix(q.subject, "time_of_day(")) {
		return "for hours over midnight write (" + strings.Join(q.parts, " or ") + ")"
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
	parts   []string // that it was joined from; nil for one that stands so in the condition
}

// outcome tries every value that makes a difference.
func (q question) outcome() (never, always bool) {
	values := q.domain.candidates(q.written)
	if len(values) == 0 {
		return false, false
	}
	never, always = true, true
	for _, v := range values {
		if holds(q.node, v) {
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
		q.node = n
		return q, ok && (n.Operator == "not" || n.Operator == "!")
	case *ast.BinaryNode:
		if op := joint(n.Operator); op != "and" && op != "or" {
			return s.comparison(n)
		}
		l, ok1 := s.question(n.Left)
		r, ok2 := s.question(n.Right)
		l.node, l.written = n, append(l.written, r.written...)
		return l, ok1 && ok2 && l.subject == r.subject && l.alike()
	}
	return question{}, false
}

func (s scope) comparison(n *ast.BinaryNode) (question, bool) {
	fact, other := n.Left, n.Right
	if _, mirrored := written(fact); mirrored && n.Operator != "in" {
		fact, other = other, fact
	}
	entries, ok := entriesOf(n.Operator, other)
	if _, literal := written(fact); !ok || literal || len(entries) == 0 {
		return question{}, false
	}
	d, known := s.of(fact)
	q := question{node: n, subject: fact.String(), domain: d, written: entries}
	// Texts have no largest and no smallest: order, and looking into them, says
	// something only where all of them are known.
	_, text := entries[0].(string)
	ordered := n.Operator != "==" && n.Operator != "!=" && n.Operator != "in"
	return q, known && q.alike() && slices.Contains(tried, n.Operator) && !(text && ordered && d.values == nil)
}

// entriesOf is what a fact is compared with; false where not all of it is written down.
func entriesOf(operator string, n ast.Node) (values []any, ok bool) {
	nodes := []ast.Node{n}
	if operator == "in" {
		switch in := n.(type) {
		case *ast.ArrayNode:
			nodes = in.Nodes
		case *ast.BinaryNode: // a range
			nodes = []ast.Node{in.Left, in.Right}
			if in.Operator != ".." {
				return nil, false
			}
		default:
			return nil, false
		}
	}
	for _, e := range nodes {
		v, ok := written(e)
		if !ok {
			return nil, false
		}
		values = append(values, v)
	}
	return values, true
}

// alike reports whether everything written is of one kind.
func (q question) alike() bool {
	return !slices.ContainsFunc(q.written, func(v any) bool { return fmt.Sprintf("%T", v) != fmt.Sprintf("%T", q.written[0]) })
}

// tried are the operators that holds knows.
var tried = []string{"==", "!=", "<", "<=", ">", ">=", "in", "contains", "startsWith", "endsWith"}

// holds answers a question for one value of its fact.
func holds(n ast.Node, fact any) bool {
	if not, ok := n.(*ast.UnaryNode); ok {
		return !holds(not.Node, fact)
	}
	b := n.(*ast.BinaryNode)
	value := func(n ast.Node) any {
		if v, ok := written(n); ok {
			return v
		}
		return fact
	}
	switch joint(b.Operator) {
	case "and":
		return holds(b.Left, fact) && holds(b.Right, fact)
	case "or":
		return holds(b.Left, fact) || holds(b.Right, fact)
	case "in":
		entries, _ := entriesOf("in", b.Right)
		if _, list := b.Right.(*ast.ArrayNode); list {
			return slices.Contains(entries, fact)
		}
		return order(fact, entries[0]) >= 0 && order(fact, entries[1]) <= 0
	}
	l, r := value(b.Left), value(b.Right)
	text, _ := l.(string)
	part, _ := r.(string)
	switch b.Operator {
	case "==":
		return l == r
	case "!=":
		return l != r
	case "<":
		return order(l, r) < 0
	case "<=":
		return order(l, r) <= 0
	case ">":
		return order(l, r) > 0
	case ">=":
		return order(l, r) >= 0
	case "contains":
		return strings.Contains(text, part)
	case "startsWith":
		return strings.HasPrefix(text, part)
	}
	return strings.HasSuffix(text, part)
}

// order compares two values of one kind.
func order(a, b any) int {
	if x, ok := a.(float64); ok {
		y, _ := b.(float64)
		return cmp.Compare(x, y)
	}
	x, _ := a.(string)
	y, _ := b.(string)
	return cmp.Compare(x, y)
}
