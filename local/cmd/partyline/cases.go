package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"partyline/local/rulebook"
	"partyline/party/rules"
)

// rulesTest runs cases. It exits with 1 if one has another outcome than expected.
func rulesTest(t *terminal, args []string) int {
	if len(args) < 1 || len(args) > 2 || strings.HasPrefix(args[0], "--") {
		return t.misuse("partyline rules test FILE [CASES]")
	}
	path := rulebook.CasesBeside(args[0])
	if len(args) == 2 {
		path = args[1]
	}
	set, code := t.load(args[0])
	if code != exitOK {
		return code
	}
	cases, code := t.loadCases(path)
	if code != exitOK {
		return code
	}
	results, undecided := rulebook.RunCases(context.Background(), set, cases)
	wrong := 0
	for _, r := range results {
		if r.Got == r.Want {
			continue
		}
		wrong++
		fmt.Fprintf(t.out, "%s: %s\n    want %s, got %s\n", t.paint(bold, fmt.Sprintf("%s:%d", path, r.Line)), r.Text, r.Want, t.paint(red, r.Got))
		if r.Err != nil {
			fmt.Fprintf(t.out, "    %v\n", r.Err)
		}
	}
	for _, id := range undecided {
		fmt.Fprintf(t.out, "%s: no case is decided by %s\n", t.paint(yellow, "not covered"), id)
	}
	total := len(set.Config().Rules)
	fmt.Fprintf(t.out, "%s: %s, %d as expected, %d not; %d of %s covered\n", args[0], count(len(cases), "case"), len(cases)-wrong, wrong, total-len(undecided), count(total, "rule"))
	if wrong > 0 {
		return exitProblem
	}
	return exitOK
}

// loadCases reads a file of cases and prints its problems.
func (t *terminal) loadCases(path string) ([]rulebook.Case, int) {
	data, code := t.read(path)
	if code != exitOK {
		return nil, code
	}
	cases, err := rulebook.LoadCases(data, path)
	if err != nil {
		return nil, t.refused(err, "no case was run")
	}
	return cases, exitOK
}

// rulesDiff prints the changes in words, and how the outcomes of the cases beside the new file change.
func rulesDiff(t *terminal, args []string) int {
	if len(args) < 2 || len(args) > 3 || strings.HasPrefix(args[0], "--") {
		return t.misuse("partyline rules diff OLD NEW [CASES]")
	}
	old, code := t.load(args[0])
	if code != exitOK {
		return code
	}
	next, code := t.load(args[1])
	if code != exitOK {
		return code
	}
	changes := rules.Diff(old, next)
	for _, c := range changes {
		fmt.Fprintln(t.out, c)
	}
	if len(changes) == 0 {
		fmt.Fprintln(t.out, "both files mean the same")
	}
	path := rulebook.CasesBeside(args[1])
	if len(args) == 3 {
		path = args[2]
	} else if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return exitOK
	}
	cases, code := t.loadCases(path)
	if code != exitOK {
		return code
	}
	before, _ := rulebook.RunCases(context.Background(), old, cases)
	after, _ := rulebook.RunCases(context.Background(), next, cases)
	changed := 0
	for i, r := range after {
		if r.Got != before[i].Got {
			changed++
			fmt.Fprintf(t.out, "%s: %s: %s, was %s\n", t.paint(bold, fmt.Sprintf("%s:%d", path, r.Line)), r.Text, r.Got, before[i].Got)
		}
	}
	fmt.Fprintf(t.out, "%d of %s have another outcome\n", changed, count(len(cases), "case"))
	return exitOK
}
