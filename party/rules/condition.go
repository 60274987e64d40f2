package rules

import (
	"errors"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/checker"
	"github.com/expr-lang/expr/compiler"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/optimizer"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"

	"github.com/expr-lang/expr/ast"
)

// env is what conditions are checked against and run on: the facts, under the names
// designers write. It has no methods and holds nothing but values.
type env struct {
	Facts  `expr:"-"` // no name leads to all of them
	Action string     `expr:"action"` // a text, which the engine compares
}

// maxExprNodes bounds one condition.
const maxExprNodes = 250

// builtins are the functions of expr that conditions may call. Left out are all
// that build larger values than they are given, reach a clock, or make sense
// only together with these.
var builtins = []string{
	"all", "any", "none", "one", "count", "filter", "map", "sum",
	"len", "lower", "upper", "trim", "int", "float", "string", "abs", "min", "max",
}

// condition is a compiled, checked and bounded condition. Immutable.
type condition struct {
	source  string
	program *vm.Program
	facts   []string       // full names of those it uses
	needs   need           // what has to be read or parsed for them
	steps   int            // at most this many steps of evaluation, see analysis
	sent    map[int]string // by place: the fact of request there, on whose value the condition can break
}

// exprError is something wrong with a condition at a character of its text.
type exprError struct {
	severity Severity
	offset   int // in characters
	what     string
	allowed  string
}

func newExprConfig() *conf.Config {
	opts := []expr.Option{expr.Env(env{}), expr.MaxNodes(maxExprNodes), expr.DisableAllBuiltins()}
	for _, name := range builtins {
		opts = append(opts, expr.EnableBuiltin(name))
	}
	for name, f := range functions {
		opts = append(opts, expr.Function(name, f.call, f.types...))
	}
	for name, compare := range map[string]func(a, b any) (bool, error){sameFunction: same, inFunction: among} {
		opts = append(opts, expr.Function(name, func(args ...any) (any, error) { return compare(args[0], args[1]) }, new(func(any, any) bool)))
	}
	c := conf.CreateNew()
	for _, o := range opts {
		o(c)
	}
	for name := range c.Disabled {
		delete(c.Builtins, name)
	}
	return c
}

// parseCondition parses and checks a condition; what it names in the facts and
// costs at most is in the analysis. Warnings come beside a good condition.
func parseCondition(src string) (tree *parser.Tree, a *analysis, bad *exprError) {
	defer func() {
		if r := recover(); r != nil {
			tree, a, bad = nil, nil, &exprError{what: "cannot be read as a condition"}
		}
	}()
	if strings.TrimSpace(src) == "" {
		return nil, nil, &exprError{what: "is empty", allowed: "expected a condition such as party.size > 4"}
	}
	config := newExprConfig()
	tree, err := parser.ParseWithConfig(src, config)
	if err != nil {
		return nil, nil, asExprError(err, src)
	}
	a = &analysis{}
	if bad := a.allowed(tree.Node); bad != nil {
		return nil, nil, bad
	}
	if _, err := checker.Check(tree, config); err != nil {
		return nil, nil, asExprError(err, src)
	}
	if bad := a.run(tree.Node); bad != nil {
		return nil, nil, bad
	}
	if t := tree.Node.Type(); t.Kind() != reflect.Bool {
		return nil, nil, &exprError{what: "is not true or false but " + typeName(tree.Node), allowed: "compare it with something, such as == true"}
	}
	return tree, a, nil
}

var requestFact = regexp.MustCompile(`\brequest\.(\w+)`)

// newCondition compiles a condition; nil where something in found is an error.
func newCondition(src string, in scope) (c *condition, found []exprError) {
	tree, a, bad := parseCondition(src)
	if bad != nil {
		return nil, []exprError{*bad}
	}
	found = append(a.warnings, senseless(tree.Node, in)...)
	sent := map[int]string{}
	ast.Walk(&tree.Node, visitor(func(n *ast.Node) {
		if fact := requestFact.FindStringSubmatch((*n).String()); fact != nil {
			sent[(*n).Location().From] = fact[1]
		}
	}))
	program, err := assemble(tree)
	if err != nil {
		found = append(found, *asExprError(err, src))
	}
	if slices.ContainsFunc(found, func(e exprError) bool { return e.severity == Error }) {
		return nil, found
	}
	c = &condition{source: src, program: program, facts: a.facts, needs: a.needs, steps: a.steps, sent: sent}
	return c, found
}

// assemble turns a checked tree into a program.
func assemble(tree *parser.Tree) (p *vm.Program, err error) {
	defer func() {
		if r := recover(); r != nil {
			p, err = nil, errors.New("the engine gave up")
		}
	}()
	for _, change := range []visitor{literals, byValue, numbered, present} {
		ast.Walk(&tree.Node, change)
	}
	config := newExprConfig()
	if err := optimizer.Optimize(&tree.Node, config); err != nil {
		return nil, err
	}
	return compiler.Compile(tree, config)
}

// numbered keeps the engine from searching for filter(...)[0], by which it loses what kind of entry that is.
func numbered(n *ast.Node) {
	if m, ok := (*n).(*ast.MemberNode); ok {
		if i, number := m.Property.(*ast.IntegerNode); number {
			constant(&m.Property, i.Value)
		}
	}
}

// present takes ?. away behind a group and a list of facts, which are never missing: to the engine a list that is nil
// would be, and not an empty one.
func present(n *ast.Node) {
	switch m := (*n).(type) {
	case *ast.MemberNode:
		t := m.Node.Nature().Type
		if t != nil && t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		m.Optional = m.Optional && !slices.Contains(factGroups, t)
	case *ast.ChainNode:
		for inner, ok := m.Node.(*ast.MemberNode); ok; inner, ok = inner.Node.(*ast.MemberNode) {
			if inner.Optional {
				return
			}
		}
		*n = m.Node
	}
}

// called reports whether the name at offset is followed by a parenthesis.
func called(src string, offset int, name string) bool {
	runes := []rune(src)
	rest := string(runes[min(len(runes), offset+len([]rune(name))):])
	return strings.HasPrefix(strings.TrimSpace(rest), "(")
}

var factGroups = []reflect.Type{
	reflect.TypeFor[UserFacts](), reflect.TypeFor[GroupFacts](), reflect.TypeFor[PartyFacts](),
	reflect.TypeFor[MemberFacts](), reflect.TypeFor[SkillFacts](), reflect.TypeFor[RelationFacts](), reflect.TypeFor[RequestFacts](),
}
