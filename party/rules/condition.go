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

	"partyline/party/rules/tree"
)

// env is the environment that conditions are checked against and run on. It holds the facts under the names
// that designers write. It has no methods and contains only values.
type env struct {
	Facts  `expr:"-"` // so that no name returns all facts
	Action string     `expr:"action"` // a string type that the engine can compare
}

// maxExprNodes limits the size of one condition.
const maxExprNodes = 250

// builtins are the functions of expr that conditions may call. All others build values larger than their
// arguments, read a clock, or are useful only together with these.
var builtins = []string{
	"all", "any", "none", "one", "count", "filter", "map", "sum",
	"len", "lower", "upper", "trim", "int", "float", "string", "abs", "min", "max",
}

// condition is a compiled, checked and bounded condition. Immutable.
type condition struct {
	source       string
	program      *vm.Program
	facts        []string       // full names of the facts it uses
	needs        need           // what has to be read or parsed for these facts
	steps        int            // the largest number of steps, see analysis
	requestFacts map[int]string // the request fact at an offset; if evaluation fails there, its value is the cause
}

// exprError is a problem at a character of a condition.
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
	for name, compare := range map[string]func(a, b any) (bool, error){sameFunction: sameValue, inFunction: isAmong} {
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

// parseCondition parses and checks a condition. The analysis has the facts it names and its cost. A valid
// condition can have warnings.
func parseCondition(src string) (parsed *parser.Tree, a *analysis, bad *exprError) {
	defer func() {
		if r := recover(); r != nil {
			parsed, a, bad = nil, nil, &exprError{what: "cannot be read as a condition"}
		}
	}()
	if strings.TrimSpace(src) == "" {
		return nil, nil, &exprError{what: "is empty", allowed: "expected a condition such as party.size > 4"}
	}
	config := newExprConfig()
	parsed, err := parser.ParseWithConfig(src, config)
	if err != nil {
		return nil, nil, toExprError(err, src)
	}
	a = &analysis{}
	if bad := a.checkSyntax(parsed.Node); bad != nil {
		return nil, nil, bad
	}
	if _, err := checker.Check(parsed, config); err != nil {
		return nil, nil, toExprError(err, src)
	}
	if bad := a.check(parsed.Node); bad != nil {
		return nil, nil, bad
	}
	if t := parsed.Node.Type(); t.Kind() != reflect.Bool {
		return nil, nil, &exprError{what: "is not true or false but " + typeName(parsed.Node), allowed: "compare it with something, such as == true"}
	}
	return parsed, a, nil
}

var requestFact = regexp.MustCompile(`\brequest\.(\w+)`)

// newCondition compiles a condition. c is nil if found has an error. in has no Root yet.
func newCondition(src string, in Condition, inspect Inspector) (c *condition, found []exprError) {
	parsed, a, bad := parseCondition(src)
	if bad != nil {
		return nil, []exprError{*bad}
	}
	in.Root, in.Facts = parsed.Node, a.facts
	findings := in.checkLiterals()
	if inspect != nil {
		findings = append(findings, withoutSame(inspect(in), findings)...)
	}
	for _, f := range findings {
		found = append(found, exprError{severity: f.Severity, offset: startOffset(f.At), what: f.What, allowed: f.Allowed})
	}
	sent := map[int]string{}
	ast.Walk(&parsed.Node, tree.Visitor(func(n *ast.Node) {
		if fact := requestFact.FindStringSubmatch((*n).String()); fact != nil {
			sent[(*n).Location().From] = fact[1]
		}
	}))
	program, err := compileTree(parsed)
	if err != nil {
		found = append(found, *toExprError(err, src))
	}
	if slices.ContainsFunc(found, func(e exprError) bool { return e.severity == Error }) {
		return nil, found
	}
	c = &condition{source: src, program: program, facts: a.facts, needs: a.needs, steps: a.steps, requestFacts: sent}
	return c, found
}

// withoutSame removes the errors of further findings that stand where the loader has found one.
func withoutSame(further, own []Finding) []Finding {
	return slices.DeleteFunc(further, func(f Finding) bool {
		return f.Severity == Error && slices.ContainsFunc(own, func(o Finding) bool { return startOffset(o.At) == startOffset(f.At) })
	})
}

// compileTree compiles a checked tree to a program.
func compileTree(parsed *parser.Tree) (p *vm.Program, err error) {
	defer func() {
		if r := recover(); r != nil {
			p, err = nil, errors.New("the engine gave up")
		}
	}()
	for _, change := range []tree.Visitor{foldLiterals, replaceComparisons, protectIndex, setOptional} {
		ast.Walk(&parsed.Node, change)
	}
	config := newExprConfig()
	if err := optimizer.Optimize(&parsed.Node, config); err != nil {
		return nil, err
	}
	return compiler.Compile(parsed, config)
}

// protectIndex hides a constant index from the optimizer. It would turn filter(...)[0] into a search, which loses
// the type of the entry.
func protectIndex(n *ast.Node) {
	if m, ok := (*n).(*ast.MemberNode); ok {
		if i, number := m.Property.(*ast.IntegerNode); number {
			patchConstant(&m.Property, i.Value)
		}
	}
}

// setOptional makes every lookup below an unknown value a ?., so that a field of a missing group is a missing field.
// All other lookups get a plain dot: groups and lists of facts are never missing, and the engine would treat a nil list
// as missing, and not as empty.
func setOptional(n *ast.Node) {
	switch m := (*n).(type) {
	case *ast.ChainNode:
		*n = m.Node
	case *ast.MemberNode:
		if m.Optional = tree.HasUnknownType(m.Node); m.Optional {
			ast.Patch(n, &ast.ChainNode{Node: m})
		}
	}
}

// isCalled reports whether a parenthesis follows the name at offset.
func isCalled(src string, offset int, name string) bool {
	runes := []rune(src)
	rest := string(runes[min(len(runes), offset+len([]rune(name))):])
	return strings.HasPrefix(strings.TrimSpace(rest), "(")
}

var factGroups = []reflect.Type{
	reflect.TypeFor[UserFacts](), reflect.TypeFor[GroupFacts](), reflect.TypeFor[PartyFacts](),
	reflect.TypeFor[MemberFacts](), reflect.TypeFor[SkillFacts](), reflect.TypeFor[RelationFacts](), reflect.TypeFor[RequestFacts](),
}
