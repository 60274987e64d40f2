// Package advice looks for mistakes in conditions that a server can run: comparisons that never or always hold. It is for
// everybody who writes rules: the command line, the playground and the tests of the documentation.
package advice

import "partyline/party/rules"

// Load is [rules.Load] with advice on the conditions. It refuses a file with a condition that never holds, which a
// server would take.
func Load(data []byte, name string) (*rules.Set, error) { return rules.Check(data, name, lint) }
