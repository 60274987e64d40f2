// Package rules is the designers' file: its schema, loading with every problem
// reported at once, compiled conditions, evaluation and explanation.
//
// It imports nothing of Partyline; package party builds on it. A loaded [Set] is
// immutable and safe for concurrent use.
package rules
