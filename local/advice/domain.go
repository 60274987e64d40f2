package advice

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"time"

	"github.com/expr-lang/expr/ast"

	"partyline/party/rules"
	"partyline/party/rules/tree"
)

// scope is a condition, and what is known about the values of its parts.
type scope struct{ rules.Condition }

// domain is the set of values that an expression can have.
type domain struct {
	values []any             // all values; nil if there are too many to list
	lo, hi float64           // the range of numbers; 0 and 0 if unknown
	whole  bool              // numbers have no fraction
	fits   func(string) bool // whether a text is possible; nil = any text
	hint   string            // describes the values for the designer
}

// with returns d with one more value, such as the "" of a fact that nobody has reported yet.
func (d domain) with(v any) domain {
	x, number := v.(float64)
	switch text, fits := textOf(v), d.fits; {
	case d.contains(v):
	case d.values != nil:
		d.values = append(slices.Clone(d.values), v)
	case number:
		d.lo, d.hi, d.whole = min(d.lo, x), max(d.hi, x), d.whole && x == math.Floor(x)
	default:
		d.fits = func(s string) bool { return s == text || fits(s) }
	}
	return d
}

func nonNegative(what string) domain {
	return domain{hi: math.Inf(1), whole: true, hint: what + " is not below 0"}
}

func wholeUpTo(what string, hi float64) domain {
	return domain{hi: hi, whole: true, hint: fmt.Sprintf("%s is a whole number from 0 to %v", what, hi)}
}

// domainOf returns the domain of a part of a condition. ok is false if nothing useful is known about its value.
func (s scope) domainOf(n ast.Node) (domain, bool) {
	name := n.String()
	if texts, hint := s.ClosedSet(n); texts != nil {
		d := domain{hint: hint}
		for _, t := range texts {
			d.values = append(d.values, t)
		}
		return d, true
	}
	switch n := n.(type) {
	case *ast.ChainNode:
		return s.domainOf(n.Node)
	case *ast.CallNode:
		switch n.Callee.String() {
		case "hour":
			return wholeUpTo("hour", 23), true
		case "hash":
			return nonNegative("hash"), true
		}
	case *ast.BuiltinNode:
		return s.builtinDomain(n)
	case *ast.BinaryNode:
		if v, literal := literalValue(n.Right); literal && n.Operator == "??" {
			if d, ok := s.domainOf(n.Left); ok {
				return d.with(v), true
			}
		}
		if by, ok := n.Right.(*ast.IntegerNode); ok && n.Operator == "%" && by.Value > 0 {
			if left, known := s.domainOf(n.Left); known && left.values == nil && left.lo >= 0 && left.hi > 0 { // 0 and 0: unknown
				return wholeUpTo(name, float64(by.Value-1)), true
			}
		}
	case *ast.MemberNode:
		if d, ok := factDomain(n, name); ok {
			return d, true
		}
	}
	return typeDomain(n)
}

// factDomain returns the domain of a fact that is a number within bounds.
func factDomain(n *ast.MemberNode, name string) (domain, bool) {
	prop, named := n.Property.(*ast.StringNode)
	of := n.Node.Nature().Type
	if !named || of == nil {
		return domain{}, false
	}
	switch of.Name() + "." + prop.Value {
	case "MemberFacts.progress":
		return domain{lo: 0, hi: 1, hint: name + " is a number from 0 to 1, so half is 0.5"}, true
	case "PartyFacts.size", "PartyFacts.max_size", "PartyFacts.held", "PartyFacts.on_the_way", "RequestFacts.max_size":
		return wholeUpTo(name, maxMembers), true
	case "RequestFacts.data_size":
		return nonNegative(name), true
	}
	return domain{}, false
}

func (s scope) builtinDomain(n *ast.BuiltinNode) (domain, bool) {
	change := tree.TextChanges[n.Name]
	switch {
	case n.Name == "len" || n.Name == "count":
		return nonNegative(n.Name), true
	case n.Name == "string" && n.Arguments[0].Nature().Kind == reflect.String:
		return s.domainOf(n.Arguments[0])
	case change != nil && len(n.Arguments) == 1:
		return domain{fits: func(s string) bool { return change(s) == s }, hint: "what " + n.Name + " gives"}, true
	}
	return typeDomain(n)
}

// typeDomain returns the domain that follows from the type of n alone.
func typeDomain(n ast.Node) (domain, bool) {
	t := n.Nature().Type
	calculated := true // then it can be negative
	switch n.(type) {
	case *ast.MemberNode, *ast.CallNode:
		calculated = false
	}
	switch {
	case n.Nature().Nil:
		return domain{}, false
	case tree.HasUnknownType(n):
		return domain{}, true // metadata and labels
	case t == durationType:
		return domain{lo: 0, hi: math.Inf(1), hint: "a length of time is not below 0"}, !calculated
	case tree.IsNumeric(n):
		return domain{lo: math.Inf(-1), hi: math.Inf(1), whole: n.Nature().IsInteger}, true
	case t.Kind() == reflect.String:
		return domain{}, true // any text
	case t.Kind() == reflect.Bool:
		return domain{values: []any{true, false}}, true
	}
	return domain{}, false
}

var zeroValues = map[reflect.Kind]string{reflect.Int: "0", reflect.Float64: "0", reflect.Bool: "false", reflect.String: `""`}

// zeroValueOf returns the zero value of a fact that is never nil, as designers write it. It returns "" for what can
// be nil, such as metadata.
func zeroValueOf(n ast.Node) string {
	switch n.(type) {
	case *ast.MemberNode, *ast.CallNode, *ast.IdentifierNode:
	default:
		return ""
	}
	if n.Nature().Type == durationType {
		return `duration("0s")`
	}
	return zeroValues[n.Nature().Kind]
}

// contains reports whether the domain contains v.
func (d domain) contains(v any) bool {
	if d.values != nil {
		return slices.Contains(d.values, v)
	}
	switch v := v.(type) {
	case string:
		return d.fits == nil || d.fits(v)
	case float64:
		return d.lo == 0 && d.hi == 0 || v >= d.lo && v <= d.hi && (!d.whole || v == math.Floor(v))
	}
	return true
}

// candidates returns the values of the domain that are enough to test every possible outcome. They are the
// literals, the values next to them, and one value in each gap between them.
func (d domain) candidates(written []any) (out []any) {
	if d.values != nil {
		return d.values
	}
	var numbers []float64
	for _, w := range written {
		if x, is := w.(float64); is {
			numbers = append(numbers, x)
		} else if d.contains(w) {
			out = append(out, w)
		}
	}
	if len(numbers) == 0 {
		return append(out, "\x00") // a text that differs from all literals
	}
	slices.Sort(numbers)
	try := []float64{d.lo, d.hi}
	for i, x := range numbers {
		try = append(try, x, math.Floor(x)-1, math.Floor(x), math.Ceil(x), math.Ceil(x)+1)
		try = append(try, math.Nextafter(x, math.Inf(-1)), math.Nextafter(x, math.Inf(1))) // above 2^53 the rest rounds to x
		if i > 0 {
			try = append(try, (x+numbers[i-1])/2)
		}
	}
	for _, x := range try {
		if !math.IsInf(x, 0) && d.contains(x) {
			out = append(out, x)
		}
	}
	return out
}

// literalValue returns the value of a literal. Numbers, durations and moments become float64.
func literalValue(n ast.Node) (any, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.BoolNode:
		return n.Value, true
	case *ast.IntegerNode, *ast.FloatNode:
		return tree.Number(n)
	case *ast.UnaryNode:
		if v, ok := literalValue(n.Node); ok && n.Operator == "-" {
			if x, number := v.(float64); number {
				return -x, true
			}
		}
	case *ast.CallNode:
		text, is := n.Arguments[0].(*ast.StringNode)
		if !is {
			return nil, false
		}
		switch n.Callee.String() {
		case "duration":
			v, err := rules.ParseDuration(text.Value)
			return float64(v), err == nil
		case "date":
			v, err := rules.ParseDate(text.Value)
			return float64(v.UnixMilli()), err == nil
		}
	}
	return nil, false
}

var (
	durationType = reflect.TypeFor[time.Duration]()
	timeType     = reflect.TypeFor[time.Time]()
)

// maxMembers is the largest size of a party.
const maxMembers = 256
