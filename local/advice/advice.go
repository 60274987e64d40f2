// Package advice looks for mistakes in rules files that a server can run: comparisons that never or always hold, fields
// that may be missing where a value is needed, facts that are always empty for an action, and keys without effect. It is
// for everybody who writes rules: the command line, the playground and the tests of the documentation.
package advice

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/ast"

	"partyline/party/rules"
	"partyline/party/rules/tree"
)

// Load is [rules.Load] with advice on the conditions. It refuses a file with a condition that never holds, which a
// server would take.
func Load(data []byte, name string) (*rules.Set, error) { return rules.Check(data, name, inspect) }

func inspect(c rules.Condition) []rules.Finding {
	return slices.Concat(emptyFacts(c), missing(c.Root), lint(c))
}

// emptyFacts warns of facts with an on tag that are empty for all actions of the rule. If they are empty for some
// of the actions, it warns only of those that the rule compares without asking for action.
func emptyFacts(c rules.Condition) (found []rules.Finding) {
	compared := comparedFacts(c.Root)
	for _, fact := range c.Facts {
		group, name, _ := strings.Cut(fact, ".")
		on := factOf(reflect.TypeFor[rules.Facts](), group)
		if name != "" {
			if own := factOf(on.Type, name); on.Tag.Get("on") == "" || own.Tag.Get("on") != "" {
				on = own
			}
		}
		useful, what, hint := strings.Fields(on.Tag.Get("on")), "empty", ""
		if fact == "party.state" {
			what = strconv.Quote(rules.StateIdle)
		}
		var empty []string // the actions
		for _, a := range c.On {
			if len(useful) > 0 && !slices.Contains(useful, string(a)) {
				empty = append(empty, string(a))
			}
		}
		if len(empty) < len(c.On) {
			if what != "empty" || slices.Contains(c.Facts, "action") || !slices.Contains(compared, fact) {
				continue
			}
			hint = "; compare action too, or write two rules"
		}
		if len(empty) > 0 {
			found = append(found, rules.Finding{
				Severity: rules.Warning, At: c.Root, What: fmt.Sprintf("%s is always %s for %s", fact, what, rules.JoinWords(empty, "and")),
				Allowed: "it is known for " + rules.JoinWords(useful, "and") + hint,
			})
		}
	}
	return found
}

// factOf returns the field of a fact or a group of facts by its name in group.
func factOf(group reflect.Type, name string) (fact reflect.StructField) {
	for field := range group.NumField() {
		if f := group.Field(field); f.Tag.Get("expr") == name {
			return f
		}
	}
	return fact
}

var factName = regexp.MustCompile(`\b(\w+)\.\w+`)

// comparedFacts returns the facts that comparisons name. It leaves out a group of facts if a comparison with "", 0 or
// nil asks whether it has a value, and facts that ?? gives one for another.
func comparedFacts(root ast.Node) (facts []string) {
	asked := map[string]bool{}
	ast.Walk(&root, tree.Visitor(func(n *ast.Node) {
		b, binary := (*n).(*ast.BinaryNode)
		if !binary {
			return
		}
		if _, compares := comparisons[b.Operator]; !compares && b.Operator != "matches" {
			return
		}
		isEmpty := func(n ast.Node) bool {
			v, _ := literalValue(n)
			return isNil(n) || v == "" || v == 0.0
		}
		names := factName.FindAllStringSubmatch(b.String(), -1)
		if len(names) > 1 && strings.Contains(b.String(), " ?? ") {
			return
		}
		for _, name := range names {
			facts = append(facts, name[0])
			asked[name[1]] = asked[name[1]] || isEmpty(b.Left) || isEmpty(b.Right)
		}
	}))
	return slices.DeleteFunc(facts, func(fact string) bool {
		group, _, _ := strings.Cut(fact, ".")
		return asked[group]
	})
}
