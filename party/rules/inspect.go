package rules

import (
	"fmt"
	"reflect"
	"slices"

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

// Inspector looks for further problems of a condition in which no error was found. It must not change the condition.
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

// checkLiterals refuses comparisons with a text or an hour that the other side never is.
func (c Condition) checkLiterals() (found []Finding) {
	ast.Walk(&c.Root, tree.Visitor(func(n *ast.Node) {
		b, ok := (*n).(*ast.BinaryNode)
		if !ok || !slices.Contains([]string{"==", "!=", "<", "<=", ">", ">=", "in"}, b.Operator) {
			return
		}
		for _, sides := range [][2]ast.Node{{b.Left, b.Right}, {b.Right, b.Left}} {
			known, hint := c.ClosedSet(sides[0])
			compared, list := sides[1].(*ast.ArrayNode)
			if !list {
				compared = &ast.ArrayNode{Nodes: sides[1:]}
			}
			for _, e := range compared.Nodes {
				f := Finding{At: *n}
				if list { // the fact may have one of the other values
					f.At = e
				}
				switch e := e.(type) {
				case *ast.StringNode:
					if known != nil && !slices.Contains(known, e.Value) {
						f.What, f.Allowed = fmt.Sprintf("%s is never %q%s", sides[0], clip(e.Value), suggest(e.Value, known)), hint
						found = append(found, f)
					}
				case *ast.IntegerNode:
					call, ok := sides[0].(*ast.CallNode)
					if ok && call.Callee.String() == "hour" && (e.Value < 0 || e.Value > 23) && (b.Operator == "==" || b.Operator == "in") {
						f.What, f.Allowed = fmt.Sprintf("%s is never %d", sides[0], e.Value), "hour is a whole number from 0 to 23"
						found = append(found, f)
					}
				}
			}
		}
	}))
	return found
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
