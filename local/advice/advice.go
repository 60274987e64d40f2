// Package advice looks for mistakes in conditions that a server can run: comparisons that never or always hold, and fields
// that may be missing where a value is needed. It is for everybody who writes rules: the command line, the playground and
// the tests of the documentation.
package advice

import (
	"slices"

	"github.com/expr-lang/expr/ast"

	"partyline/party/rules"
)

// Load is [rules.Load] with advice on the conditions. It refuses a file with a condition that never holds, which a
// server would take.
func Load(data []byte, name string) (*rules.Set, error) { return rules.Check(data, name, inspect) }

func inspect(c rules.Condition) []rules.Finding { return slices.Concat(missing(c.Root), lint(c)) }

// visitor is a function that ast.Walk calls for each part of a condition.
type visitor func(*ast.Node)

func (v visitor) Visit(n *ast.Node) { v(n) }
