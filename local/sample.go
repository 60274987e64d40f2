// Package local holds what runs on one machine: the embedded engine, the command
// line, the demo, and the sample rules file they all start from.
package local

import _ "embed"

// SampleRules is local/rules.yml, the commented sample that turns the features
// on. `partyline rules init` prints it, and the embedded run and compose use it.
//
//go:embed rules.yml
var SampleRules []byte
