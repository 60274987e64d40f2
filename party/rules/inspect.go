package rules

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"partyline/party/rules/tree"
)

// Condition is a condition whose names and types are checked, and what the rules file says about it.
type Condition struct {
	Root   ast.Node
	Facts  []string // full names of the facts it uses
	On     []Action // of the rule
	Stages []string
	Queues []string // empty = the server's own matchmaking, which accepts any name
}

// Finding is a problem of a condition.
type Finding struct {
	Severity      Severity
	At            ast.Node
	What, Allowed string
}

// Inspector looks for further problems of a condition. It must not change the condition.
type Inspector func(Condition) []Finding

var weekdays = []string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}

var clockTimes = func() (out []string) {
	for minute := range 24 * 60 {
		out = append(out, fmt.Sprintf("%02d:%02d", minute/60, minute%60))
	}
	return out
}()

// ClosedSet returns the texts that a part of the condition can have, and a hint that describes them. It returns nil
// if they are not known.
func (c Condition) ClosedSet(n ast.Node) (texts []string, hint string) {
	what, canBeUnset := n.String(), false
	switch n := n.(type) {
	case *ast.ChainNode:
		return c.ClosedSet(n.Node)
	case *ast.BinaryNode:
		texts, hint = c.ClosedSet(n.Left)
		if text, is := n.Right.(*ast.StringNode); is && n.Operator == "??" && texts != nil {
			return append(slices.Clone(texts), text.Value), hint
		}
		return nil, ""
	case *ast.BuiltinNode:
		change, changes := tree.TextChanges[n.Name]
		switch {
		case n.Name == "map" && len(n.Arguments) == 2: // for "in"
			return c.ClosedSet(tree.LoopBody(n))
		case n.Name == "string":
			return c.ClosedSet(n.Arguments[0])
		case changes && len(n.Arguments) == 1:
			texts, hint = c.ClosedSet(n.Arguments[0])
			texts = slices.Clone(texts)
			for i := range texts {
				texts[i] = change(texts[i])
			}
		}
		return texts, hint
	case *ast.IdentifierNode:
		if n.Value == "action" {
			texts, what = actionNames(c.On), "action in this rule"
		}
	case *ast.CallNode:
		switch n.Callee.String() {
		case "weekday":
			texts, what = weekdays, "weekday"
		case "time_of_day":
			return clockTimes, `time_of_day is a text of five characters, "00:00" to "23:59"`
		}
	case *ast.MemberNode:
		prop, named := n.Property.(*ast.StringNode)
		group := n.Node.Nature().Type
		switch {
		case !named:
		case group == reflect.TypeFor[MemberFacts]() && prop.Value == "stage":
			texts, canBeUnset = c.Stages, true
		case group == reflect.TypeFor[PartyFacts]() && prop.Value == "state":
			texts = []string{StateIdle, StateMatchmaking, StateInMatch}
		case group == reflect.TypeFor[RequestFacts]() && prop.Value == "queue":
			texts, canBeUnset = c.Queues, true
		}
	}
	if len(texts) == 0 {
		return nil, ""
	}
	hint = what + " is one of " + JoinWords(texts, "or")
	if canBeUnset {
		texts = append(slices.Clone(texts), "")
	}
	return texts, hint
}

// compared is a part of a condition, and a literal that it is compared with.
type compared struct {
	fact, literal, at ast.Node
}

// checkLiterals refuses comparisons with a text or an hour that the other side never is.
func (c Condition) checkLiterals() (found []Finding) {
	ast.Walk(&c.Root, tree.Visitor(func(n *ast.Node) {
		b, ok := (*n).(*ast.BinaryNode)
		if !ok {
			return
		}
		for _, pair := range comparedIn(b) {
			if f := c.checkLiteral(b, pair); f.What != "" {
				found = append(found, f)
			}
		}
	}))
	return found
}

// comparedIn returns what a comparison compares. In a list, each entry has a problem of its own: the fact may have one of
// the other values.
func comparedIn(b *ast.BinaryNode) (pairs []compared) {
	switch list, isList := b.Right.(*ast.ArrayNode); {
	case b.Operator == "in" && isList:
		for _, e := range list.Nodes {
			pairs = append(pairs, compared{b.Left, e, e}, compared{e, b.Left, e})
		}
	case b.Operator == "in", slices.Contains([]string{"==", "!=", "<", "<=", ">", ">="}, b.Operator):
		pairs = append(pairs, compared{b.Left, b.Right, b}, compared{b.Right, b.Left, b})
	case tree.Searches[b.Operator] != nil:
		pairs = append(pairs, compared{b.Left, b.Right, b})
	}
	return pairs
}

func (c Condition) checkLiteral(b *ast.BinaryNode, pair compared) Finding {
	if e, isText := pair.literal.(*ast.StringNode); isText {
		known, hint := c.ClosedSet(pair.fact)
		found := tree.Searches[b.Operator]
		switch {
		case known == nil:
		case found != nil && !slices.ContainsFunc(known, func(text string) bool { return found(text, e.Value) }):
			return Finding{At: pair.at, What: b.String() + " can never hold", Allowed: hint}
		case found == nil && !slices.Contains(known, e.Value):
			return Finding{At: pair.at, What: fmt.Sprintf("%s is never %q%s", pair.fact, clip(e.Value), suggestText(e.Value, known)), Allowed: hint}
		}
		return Finding{}
	}
	call, is := pair.fact.(*ast.CallNode)
	if !is || call.Callee.String() != "hour" || b.Operator != "==" && b.Operator != "in" {
		return Finding{}
	}
	const hours = "hour is a whole number from 0 to 23"
	if x, is := tree.Number(pair.literal); is && (x < 0 || x > 23 || x != math.Trunc(x)) {
		return Finding{At: pair.at, What: fmt.Sprintf("%s is never %s", pair.fact, pair.literal), Allowed: hours}
	}
	if span, is := pair.literal.(*ast.BinaryNode); is && span.Operator == ".." {
		if first, is := tree.Number(span.Left); is && first > 23 {
			return Finding{At: pair.at, What: b.String() + " can never hold", Allowed: hours}
		}
	}
	return Finding{}
}

// suggestText is suggest for a text of a closed set. A time differs from the one that is meant in its form only: another
// time would change what the rule means.
func suggestText(text string, known []string) string {
	if &known[0] == &clockTimes[0] {
		digits := func(s string) string { return strings.TrimLeft(strings.ReplaceAll(s, ":", ""), "0") }
		known = slices.DeleteFunc(slices.Clone(known), func(time string) bool { return digits(time) != digits(text) })
	}
	return suggest(text, known)
}

// startOffset returns the offset at which the text of n begins.
func startOffset(n ast.Node) int {
	switch n := n.(type) {
	case *ast.BinaryNode:
		return min(n.Location().From, startOffset(n.Left))
	case *ast.MemberNode:
		return startOffset(n.Node)
	case *ast.ChainNode:
		return startOffset(n.Node)
	}
	return n.Location().From
}
