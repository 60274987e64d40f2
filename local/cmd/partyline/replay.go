package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"partyline/local/rulebook"
)

// rulesReplay asks a file about recorded decisions; it answers no where lines were left out.
func rulesReplay(t *terminal, args []string) int {
	var out io.Writer
	if len(args) == 3 && args[2] == "--all" {
		out, args = t.out, args[:2]
	}
	if len(args) != 2 || strings.HasPrefix(args[0], "--") {
		return t.misuse("partyline rules replay RECORD FILE [--all]")
	}
	set, code := t.load(args[1])
	if code != exitOK {
		return code
	}
	record, err := os.Open(args[0])
	if err != nil {
		return t.fail(err)
	}
	defer record.Close()
	r, err := rulebook.Replay(context.Background(), set, record, args[0], out)
	if err != nil {
		return t.fail(err)
	}
	for _, p := range r.Problems {
		fmt.Fprintln(t.out, p)
	}
	changed := slices.SortedFunc(maps.Keys(r.Changed), func(a, b [2]string) int {
		return cmp.Or(cmp.Compare(r.Changed[b], r.Changed[a]), slices.Compare(a[:], b[:]))
	})
	for _, c := range changed {
		fmt.Fprintf(t.out, "%d x %s; now %s\n", r.Changed[c], c[0], t.paint(bold, c[1]))
	}
	for _, why := range slices.Sorted(maps.Keys(r.UnknownReasons)) {
		fmt.Fprintf(t.out, "%d x %s: %s\n", r.UnknownReasons[why], t.paint(yellow, "cannot be said"), why)
	}
	fmt.Fprintf(t.out, "%s: %d answered the same, %d otherwise, %d cannot be said", count(r.Decisions, "decision"), r.Same, r.Decisions-r.Same-r.Unknown, r.Unknown)
	if r.Skipped > 0 {
		fmt.Fprintf(t.out, "; %s left out\n", count(r.Skipped, "line"))
		return exitProblem
	}
	fmt.Fprintln(t.out)
	return exitOK
}
