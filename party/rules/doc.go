// Package rules is the designers' file: its schema, loading with every problem
// reported at once, compiled conditions, evaluation and explanation.
//
// It imports nothing of Partyline; package party builds on it. A loaded [Set] is
// immutable and safe for concurrent use; [Live] switches between Sets. Whatever a
// file or a fact holds, loading and deciding take bounded time and memory and
// cannot reach the host.
package rules

import "embed"

// Sources are the files whose field comments document keys and facts. Package
// reference makes the JSON Schema and the tables of docs/designers.md from them.
//
//go:embed schema.go schema_queues.go facts.go
var Sources embed.FS
