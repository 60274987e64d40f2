package rules

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/checker"
	"github.com/expr-lang/expr/parser"

	"partyline/party/rules/tree"
)

// Explanation explains a decision step by step, for designers and operators.
type Explanation struct {
	Skipped  bool // the invite overrides the rules, so none is asked
	Decision Decision
	Err      error       // of the rule that could not be evaluated
	Rules    []RuleTrace // every rule about the action, in order
}

// RuleTrace is the result of one rule for the facts.
type RuleTrace struct {
	Rule      string
	Denies    bool // false = it allows
	Condition string
	Outcome   Outcome
	Parts     []Part // of the condition; empty if the rule was not asked
}

// Outcome is the result of a rule.
type Outcome string

const (
	Held     Outcome = "held"      // it decided
	NotHeld  Outcome = "not held"  // the next rule was asked
	Broken   Outcome = "broken"    // its condition could not be evaluated
	NotAsked Outcome = "not asked" // an earlier rule decided
)

// Part is a piece of a condition and its value.
type Part struct {
	Text  string // as designers write it
	Depth int    // the depth of nesting in the condition; 0 for the whole condition
	Value string
	Each  []Part // for a loop: the value for each entry
}

// Explain decides as [Set.Decide] does, but without counting, and explains the decision. It compiles and runs
// each part by itself, so it is for people and not for every request.
func (s *Set) Explain(ctx context.Context, f Facts, load Loader) Explanation {
	out := Explanation{Decision: Decision{Allowed: true}}
	m := machines.New().(*machine)
	m.begin(s, f, load)
	out.Skipped = s.Has(f.Action) && !s.Asks(f.Action, f.Invited)
	decided := out.Skipped
	for _, r := range s.byAction[f.Action] {
		t := RuleTrace{Rule: r.ID, Denies: r.Allow == "", Condition: r.cond.source, Outcome: NotAsked}
		if !decided {
			holds, err := m.eval(ctx, r.cond)
			t.Outcome = NotHeld
			if decided = holds || err != nil; decided {
				t.Outcome = Held
				if err != nil {
					t.Outcome = Broken
				}
				out.Decision, out.Err = r.answer(err, false)
			}
			if r.cond.needs&^m.ready == 0 { // otherwise its facts could not be read
				if tree, _, bad := parseCondition(r.cond.source); bad == nil {
					t.Parts = m.parts(tree.Node, 0)
				}
			}
		}
		out.Rules = append(out.Rules, t)
	}
	return out
}

// parts returns n and the pieces of n that help a reader. It leaves out literals. For a loop it lists the
// entries instead of the pieces. The value of a piece that cannot be evaluated is the error.
func (m *machine) parts(n ast.Node, depth int) []Part {
	part := Part{Text: n.String(), Depth: depth}
	if value, err := m.evaluate(n); err != nil {
		part.Value = "? (" + err.Error() + ")"
	} else {
		part.Value = formatValue(value)
	}
	if loop, ok := n.(*ast.BuiltinNode); ok && len(loop.Arguments) == 2 {
		if _, body := loop.Arguments[1].(*ast.PredicateNode); body {
			part.Each = m.loopEntries(loop)
			return []Part{part}
		}
	}
	parts := []Part{part}
	for _, child := range tree.Children(n) {
		if isShown(child) {
			parts = append(parts, m.parts(child, depth+1)...)
		}
	}
	return parts
}

func isShown(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.NilNode:
		return false
	case *ast.UnaryNode:
		return n.Operator != "-" || isShown(n.Node)
	case *ast.CallNode:
		return constantOf(n) == nil
	case *ast.ArrayNode:
		return slices.ContainsFunc(n.Nodes, isShown)
	case *ast.BinaryNode:
		return n.Operator != ".."
	}
	return !isLiteral(n)
}

// evaluate runs one piece of a condition by itself.
func (m *machine) evaluate(n ast.Node) (any, error) {
	// Compiling changes a tree, and other pieces share this one. So each piece is parsed again from its text.
	config := newExprConfig()
	tree, err := parser.ParseWithConfig(n.String(), config)
	if err == nil {
		_, err = checker.Check(tree, config)
	}
	if err != nil {
		return nil, err
	}
	program, err := compileTree(tree)
	if err != nil {
		return nil, err
	}
	out, err := m.vm.Run(program, &m.facts)
	if err != nil {
		return nil, runError(err)
	}
	return out, nil
}

// maxLoopEntries limits the number of entries that are listed.
const maxLoopEntries = 20

// loopEntries lists a loop's entries with the value of the loop's expression for each.
func (m *machine) loopEntries(loop *ast.BuiltinNode) []Part {
	entries, failed := m.evaluate(loop.Arguments[0])
	values, err := m.evaluate(&ast.BuiltinNode{Name: "map", Arguments: loop.Arguments})
	list, results := reflect.ValueOf(entries), reflect.ValueOf(values)
	if failed != nil || err != nil || list.Kind() != reflect.Slice {
		return nil
	}
	var out []Part
	for i := range min(list.Len(), results.Len(), maxLoopEntries) {
		out = append(out, Part{Text: entryName(list.Index(i).Interface(), i), Value: formatValue(results.Index(i).Interface())})
	}
	return out
}

func entryName(entry any, i int) string {
	switch e := entry.(type) {
	case MemberFacts:
		return cmp.Or(e.Username, e.UserID)
	case GroupFacts:
		return e.Name
	case string:
		return formatValue(e)
	}
	return fmt.Sprintf("entry %d", i+1)
}

// formatValue formats a value as designers write it.
func formatValue(v any) string {
	switch v := v.(type) {
	case nil:
		return "nil (missing)"
	case string:
		return fmt.Sprintf("%q", clip(v))
	case time.Duration:
		return FormatDuration(v.Round(time.Second))
	case time.Time:
		return v.Format(time.RFC3339)
	case MemberFacts, GroupFacts, SkillFacts: // only in "min" in party.skill, which asks for a name and not for a value
		return fmt.Sprintf("&%v", v)
	case map[string]any:
		return plural(len(v), "field")
	}
	if list := reflect.ValueOf(v); list.Kind() == reflect.Slice {
		return formatList(list)
	}
	return fmt.Sprint(v)
}

// formatList formats a list. Of members and groups it says how many there are.
func formatList(list reflect.Value) string {
	var words []string
	for i := range list.Len() {
		switch entry := list.Index(i).Interface().(type) {
		case MemberFacts:
			return plural(list.Len(), "member")
		case GroupFacts:
			return plural(list.Len(), "group")
		default:
			words = append(words, formatValue(entry))
		}
		if i == maxLoopEntries {
			words[i] = "..."
			break
		}
	}
	return "[" + strings.Join(words, ", ") + "]"
}
