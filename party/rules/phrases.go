package rules

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"

	"partyline/party/rules/tree"
)

// phrase translates one kind of message of the expression engine for designers. $1 and $2 are the groups of the
// pattern. #1 and #2 are the same groups as types, in words. A message without a phrase is never shown: it
// would be about the engine and not about the rule.
type phrase struct {
	pattern       *regexp.Regexp
	what, allowed string
}

func newPhrase(pattern, what, allowed string) phrase {
	return phrase{regexp.MustCompile("^" + pattern), what, allowed}
}

// checkPhrases are for parsing and checking a condition.
var checkPhrases = []phrase{
	newPhrase(`unexpected token EOF|unexpected end of expression`, "ends too early", ""),
	newPhrase(`unexpected token Operator\("="\)`, `"=" does not compare`, "write == for equal, != for not equal"),
	newPhrase(`unexpected token Operator\("([^"]+)"\)`, `"$1" is out of place: a value is missing before or after it`, ""),
	newPhrase(`unexpected token Bracket\("([^"]+)"\)`, `the bracket "$1" is out of place`, "every bracket that is opened is closed again"),
	newPhrase(`unexpected token String\("([^"]*)"\)`, `the text "$1" is out of place`, "join comparisons with and, or"),
	newPhrase(`unexpected token \w+\("([^"]+)"\)`, `"$1" is out of place`, "join comparisons with and, or; texts stand in quotes"),
	newPhrase(`unexpected token`, "cannot be read from here on", "join comparisons with and, or; texts stand in quotes"),
	newPhrase(`compilation failed: expression exceeds maximum allowed nodes`, "is too long", "split it into several rules"),
	newPhrase(`Operator \((.+)\) and coalesce`, `"??" and "$1" stand side by side`, `put brackets around one of them, such as (user.metadata.level ?? 0)`),
	newPhrase(`literal not terminated`, "a text in quotes does not end", ""),
	newPhrase(`unrecognized character: \S+( '.+')?`, "the character$1 is not used in conditions", ""),
	newPhrase(`unclosed comment`, "a comment does not end", ""),
	newPhrase(`(bad number syntax|invalid (hex|float|binary|octal|integer) literal|integer literal is too large|float literal is too large)`, "is not a number that can be used", ""),
	newPhrase(`(invalid char escape|unable to unescape|too large string)`, `a text has a \ that means nothing`, `write \\ for \`),
	newPhrase(`wrap predicate with brackets|a map key must be|expected name`, "cannot be read from here on", ""),
	newPhrase(`invalid operation: (\S+) \(mismatched types (.+) and (.+)\)`, `"$1" cannot be used between #2 and #3`, "compare values of one kind"),
	newPhrase(`invalid operation: (\S+) \(mismatched type (.+)\)`, `"$1" cannot be used with #2`, ""),
	newPhrase(`cannot use (.+) as argument \(type (.+)\) to call (\S+)`, "$3 takes #2 here, not #1", ""),
	newPhrase(`(not enough|too many) arguments to call (\S+)`, "$2 has $1 values in its brackets", ""),
	newPhrase(`invalid number of arguments`, "has the wrong number of values in its brackets", ""),
	newPhrase(`expected at least`, "has too few values in its brackets", ""),
	newPhrase(`invalid argument for (\w+) \(type (.+)\)`, "$1 does not take #2", ""),
	newPhrase(`no matching overload for (\S+)`, "$1 does not take these values", ""),
	newPhrase(`builtin (\w+) takes only array \(got (.+)\)`, "$1 goes through a list, not through #2", "lists are party.members and user.groups"),
	newPhrase(`predicate should return boolean \(got (.+)\)`, "what is asked of each entry is #1, not true or false", "compare it with something"),
	newPhrase(`type (.+)\[.+\] is undefined`, "a computed name cannot be looked up here", ""),
	newPhrase(`type (.+) (has no field|has no method|does not support indexing)`, "#1 has no facts of its own", ""),
	newPhrase(`type nil has no field (\S+)`, "nil has no facts of its own", ""),
	newPhrase(`cannot use (.+) to get an element from (.+)`, "#1 does not choose an entry of #2", ""),
	newPhrase(`array elements can only be selected`, "an entry of a list is chosen by its number", "the first is 0"),
	newPhrase(`(.+) is not callable`, "is not a function", ""),
	newPhrase(`cannot use (.+) as type (.+) in array`, "a list has entries of one kind, here #1 beside #2", ""),
	newPhrase(`cannot use pointer accessor outside predicate`, "a name that begins with . stands only within any(...), all(...) and the like", "for example any(party.members, .leader)"),
	newPhrase(`cannot use .+ as array`, "is not a list", ""),
	newPhrase(`unknown operator`, "an operator is not used in conditions", ""),
	newPhrase(`non-bool expression \(type (.+)\) used as condition`, "is #1, not true or false", ""),
	newPhrase(`error parsing regexp: (.+)`, "is not a pattern: $1", ""),
	newPhrase(`interface conversion|reflect`, "is not the kind of value that is needed here", ""),
}

// runPhrases are for evaluating a condition for one player.
var runPhrases = []phrase{
	newPhrase(`invalid operation: <nil> (\S+) (.+)`, "a missing value stands before $1", ""),
	newPhrase(`(reflect: call of \S+ on zero Value|invalid operation: [-+] <nil>)`, "a value is missing", ""),
	newPhrase(`reflect: call of reflect.Value.Len on (\w+) Value`, "#1 is no list", ""),
	newPhrase(`invalid operation: (.+) (\S+) <nil>`, "a missing value is after $2", ""),
	newPhrase(`invalid operation: (.+) (\S+) (\S+)$`, `"$2" cannot be used between #1 and #3`, ""),
	newPhrase(`cannot (fetch|get) (\S+) from (.+)`, "$2 is looked up in #3", ""),
	newPhrase(`operator "in" not defined on (.+)`, `"in" looks through #1`, ""),
	newPhrase(`index out of range`, "an entry beyond the end of a list is looked up", ""),
	newPhrase(`runtime error: integer divide by zero|.*divide by zero`, "divides by zero", ""),
	newPhrase(`memory budget exceeded`, "builds lists that are too long", ""),
	newPhrase(`invalid argument for (\w+) \(type (.+)\)`, "$1 is given #2", ""),
	newPhrase(`invalid operation: (\w+)\((.+)\)`, "$1 cannot make a number of #2", ""),
	newPhrase(`interface conversion: .* is (.+), not (.+)`, "a value is #1 and not #2", ""),
}

// translate translates a message. ok is false if no phrase matches.
func translate(message string, known []phrase) (what, allowed string, ok bool) {
	for _, p := range known {
		m := p.pattern.FindStringSubmatch(message)
		if m == nil {
			continue
		}
		var fills []string
		for i, caught := range m[1:] {
			fills = append(fills, fmt.Sprintf("$%d", i+1), clip(caught), fmt.Sprintf("#%d", i+1), clip(describeType(caught)))
		}
		fill := strings.NewReplacer(fills...)
		return fill.Replace(p.what), fill.Replace(p.allowed), true
	}
	return "", "", false
}

var typeNames = map[string]string{
	"int": "a whole number", "int64": "a whole number", "int32": "a whole number", "uint": "a whole number",
	"float64": "a number", "float32": "a number", "string": "a text", "bool": "true or false",
	"time.Duration": "a length of time", "time.Time": "a moment",
	"<nil>": "a missing value", "nil": "a missing value",
	"interface {}": "a value of any kind", "unknown": "a value of any kind",
	"map[string]interface {}": "names with values", "map[string]any": "names with values", "map[string]string": "names with values",
	"rules.MemberFacts": "a member", "rules.GroupFacts": "a group",
}

// describeType returns a Go type in words. It returns anything else unchanged.
func describeType(t string) string {
	t = strings.TrimPrefix(strings.TrimSpace(t), "*")
	name, known := typeNames[t]
	switch {
	case known:
		return name
	case strings.HasPrefix(t, "[]"):
		return "a list"
	case strings.HasPrefix(t, "func("):
		return "a function"
	case strings.HasPrefix(t, "rules."), strings.HasPrefix(t, "map["):
		return "a group of facts"
	}
	return t
}

// toExprError translates an error of the expression engine for designers.
func toExprError(err error, src string) *exprError {
	var fe *file.Error
	if !errors.As(err, &fe) {
		return &exprError{what: "cannot be read as a condition"}
	}
	out := &exprError{offset: fe.From, what: "cannot be read as a condition from here on"}
	group, field, noField := strings.Cut(fe.Message, " has no field ")
	unknown := func(kind, name, intro string, known []string) *exprError {
		out.what = fmt.Sprintf("unknown %s %q%s", kind, clip(name), suggest(name, known))
		out.allowed = intro + JoinWords(known, "and")
		return out
	}
	if name, is := strings.CutPrefix(fe.Message, "unknown name "); is && isCalled(src, fe.From, name) {
		callable := slices.AppendSeq(slices.Clone(builtins), maps.Keys(functions))
		slices.Sort(callable)
		return unknown("function", name, "functions: ", callable)
	} else if is {
		return unknown("fact", name, "facts: ", tagValues(reflect.TypeFor[Facts](), "expr"))
	}
	for _, t := range factGroups {
		if noField && group == "type "+t.String() {
			return unknown("fact", field, "known here: ", tagValues(t, "expr"))
		}
	}
	if strings.Contains(fe.Message, "func(") && !strings.HasPrefix(fe.Message, "cannot use") {
		out.what, out.allowed = "times have no facts of their own", "use hour, weekday or time_of_day"
		return out
	}
	if what, allowed, ok := translate(fe.Message, checkPhrases); ok {
		out.what, out.allowed = what, allowed
	}
	return out
}

// runError translates an evaluation error to one short line. The error may quote facts, and players choose some
// of those.
func runError(err error) error {
	var own *mismatch
	var fe *file.Error
	if !errors.As(err, &fe) {
		return errors.New("cannot be evaluated for these facts")
	}
	what, _, ok := translate(fe.Message, runPhrases)
	switch {
	case errors.As(err, &own):
		what = own.Error()
	case !ok:
		what = "cannot be evaluated for these facts"
	}
	return fmt.Errorf("%s (character %d of the condition)", printable(clipTo(what, 160)), fe.From+1)
}

// typeName returns the type of n in words, with an article.
func typeName(n ast.Node) string {
	switch t := n.Nature().Type; {
	case n.Nature().Nil:
		return "nil"
	case tree.HasUnknownType(n):
		return "a value of any kind"
	case t == reflect.TypeFor[[]MemberFacts]():
		return "a list of members"
	case t == reflect.TypeFor[[]GroupFacts]():
		return "a list of groups"
	default:
		return describeType(t.String())
	}
}
