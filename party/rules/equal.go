package rules

import (
	"cmp"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/ast"

	"partyline/party/rules/tree"
)

// Names of the functions that replace == and in for values from metadata or a label. The names have spaces, so
// that no condition can call these functions.
const (
	sameFunction = "same value"
	inFunction   = "one of the values"
)

var valueFunctions = map[string]string{"==": sameFunction, "!=": sameFunction, "in": inFunction}

// mismatch is the error for two values that cannot be compared.
type mismatch struct{ text string }

func (m *mismatch) Error() string { return m.text }

// sameValue compares by value: the number 10 equals the text "10". Two values that cannot be compared are an error,
// and the action is refused. With false instead, a rule would let everybody in as soon as the game stores
// metadata in another form.
func sameValue(a, b any) (bool, error) {
	if a == nil || b == nil {
		return a == nil && b == nil, nil
	}
	x, y := normalize(a, b), normalize(b, a)
	if reflect.TypeOf(x) != reflect.TypeOf(y) {
		return false, &mismatch{fmt.Sprintf("%s is compared with %s", describeValue(a), describeValue(b))}
	}
	return reflect.DeepEqual(x, y), nil
}

// normalize normalizes v for a comparison with beside. It returns a number as float64. A text counts as the
// number it spells unless beside is a text too, and as true or false if beside is a boolean. Other values are
// returned unchanged.
func normalize(v, beside any) any {
	text, isText := v.(string)
	if _, both := beside.(string); !isText || !both {
		if n, is := Number(v); is {
			return n
		}
	}
	if _, is := beside.(bool); is && (text == "true" || text == "false") {
		return text == "true"
	}
	return v
}

func describeValue(v any) string {
	switch v.(type) {
	case string, int, float64, bool:
		return strings.TrimPrefix(describeType(reflect.TypeOf(v).String()), "true or false") + " " + formatValue(v)
	}
	return describeType(reflect.TypeOf(v).String())
}

// Number returns the number that a value of metadata is, or that it spells as a text. ok is false if there is
// none, or if it is not finite. NaN is neither above nor below any bound, so it would pass a rule that compares
// it.
func Number(v any) (n float64, ok bool) {
	switch v := v.(type) {
	case int:
		n = float64(v)
	case float64:
		n = v
	case string:
		var err error
		if n, err = strconv.ParseFloat(strings.TrimSpace(v), 64); err != nil {
			return 0, false
		}
	default:
		return 0, false
	}
	return n, !math.IsNaN(n) && !math.IsInf(n, 0)
}

// isAmong implements "in": v is an entry of a list, or a key of a map.
func isAmong(v, in any) (bool, error) {
	switch in := in.(type) {
	case nil:
		return false, nil
	case map[string]any:
		name, ok := v.(string)
		_, has := in[name]
		return ok && has, nil
	case string:
		return false, &mismatch{"a list is expected behind in, not the text " + formatValue(in)}
	}
	entries := reflect.ValueOf(in)
	if entries.Kind() != reflect.Slice {
		return false, &mismatch{"a list is expected behind in"}
	}
	var failed error
	for i := range entries.Len() {
		equal, err := sameValue(v, entries.Index(i).Interface())
		if equal {
			return true, nil
		}
		failed = cmp.Or(failed, err)
	}
	return false, failed
}

// replaceComparisons replaces ==, != and in if the type of a side is known only when the condition runs.
func replaceComparisons(n *ast.Node) {
	b, ok := (*n).(*ast.BinaryNode)
	if !ok || valueFunctions[b.Operator] == "" || b.Left.Nature().Nil || b.Right.Nature().Nil {
		return
	}
	if !tree.HasUnknownType(b.Left) && !tree.HasUnknownType(b.Right) && !(b.Operator == "in" && hasUnknownEntries(b.Right)) {
		return
	}
	nature := *b.Nature()
	var call ast.Node = &ast.CallNode{Callee: &ast.IdentifierNode{Value: valueFunctions[b.Operator]}, Arguments: []ast.Node{b.Left, b.Right}}
	call.SetNature(nature)
	if b.Operator == "!=" {
		call.SetLocation(b.Location())
		call = &ast.UnaryNode{Operator: "not", Node: call}
		call.SetNature(nature)
	}
	ast.Patch(n, call)
}

// hasUnknownEntries reports whether n is a list with entries whose types are known only when the condition runs.
func hasUnknownEntries(n ast.Node) bool {
	t := n.Nature().Type
	return t != nil && t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Interface && !isLiteralList(n)
}
