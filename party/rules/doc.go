// Package rules is the designers' rules file. It has the schema, loading that reports every problem at once,
// compiled conditions, evaluation and explanation.
//
// It imports no other package of Partyline; package party builds on it. A loaded [Set] is immutable and safe
// for concurrent use. [Live] switches between Sets. Loading and deciding take bounded time and memory for any
// file and any facts, and they cannot reach the host.
package rules

import "embed"

// Sources are the files with the field comments that document keys and facts. Package reference makes the JSON
// Schema and the tables of docs/designers.md from them.
//
//go:embed schema.go schema_queues.go facts.go
var Sources embed.FS
