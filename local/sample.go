// Package local holds what runs on a developer's machine: the embedded engine, the command
// line, the demo, and the sample rules file that they all start with.
package local

import _ "embed"

// SampleRules is local/rules.yml, the commented sample that turns the features on. `partyline
// rules init` prints it, and the embedded run and compose use it.
//
//go:embed rules.yml
var SampleRules []byte
