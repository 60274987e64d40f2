package rules

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Bounds of a file of cases.
const (
	maxCases    = 2000
	maxCaseLine = 16 << 10
)

// Case is one example of what the rules should answer, a line of a file of cases:
//
//	join {invited: true, party: {size: 3}} -> allowed
//	create {user: {account_age: 3h}} -> denied by newcomers
//
// What the facts leave out is empty. Lines that begin with # say nothing.
type Case struct {
	Line  int
	Text  string // the line without what is expected
	Facts Facts
	Want  string // "allowed", "allowed by <rule>", "denied by <rule>" or "broken <rule>"
}

// CaseResult is what became of a case.
type CaseResult struct {
	Case
	Got string // in the words of Want
	Err error  // why the rule is broken
}

// LoadCases reads a file of cases. The error is [Problems], as for [Load].
func LoadCases(data []byte, name string) ([]Case, error) {
	src := newSource(data, name)
	var cases []Case
	var problems Problems
	bad := func(line int, what, allowed string) {
		problems = append(problems, src.problem(Error, place{line, 1}, "", what, allowed))
	}
	if len(data) > maxFileBytes {
		bad(1, fmt.Sprintf("the file is %d bytes long", len(data)), fmt.Sprintf("allowed are %d", maxFileBytes))
		return nil, problems
	}
	for i, text := range src.lines {
		line := i + 1
		text = strings.TrimSpace(text)
		switch {
		case text == "" || strings.HasPrefix(text, "#"):
			continue
		case len(text) > maxCaseLine:
			bad(line, "the case is too long", fmt.Sprintf("allowed are %d characters", maxCaseLine))
			continue
		case len(cases) == maxCases:
			bad(line, "there are too many cases", fmt.Sprintf("allowed are %d", maxCases))
			return nil, problems
		}
		at := strings.LastIndex(text, "->")
		if at < 0 {
			bad(line, "says no outcome", "write for example: join {invited: true} -> denied by friends-only")
			continue
		}
		left, want := strings.TrimSpace(text[:at]), strings.TrimSpace(text[at+2:])
		action, body, _ := strings.Cut(left, " ")
		if !slices.Contains(Actions(), Action(action)) {
			known := words(Actions())
			bad(line, fmt.Sprintf("unknown action %q%s", clip(action), suggest(action, known)), "allowed: "+list(known, "or"))
			continue
		}
		if verb, rule, _ := strings.Cut(want, " "); want != "allowed" && !(verb == "broken" && rule != "") &&
			!strings.HasPrefix(want, "allowed by ") && !strings.HasPrefix(want, "denied by ") {
			bad(line, fmt.Sprintf("%q is no outcome", clip(want)), "write allowed, allowed by <rule> or denied by <rule>")
			continue
		}
		facts, err := LoadFacts([]byte(body), name)
		if err != nil {
			first, _, _ := strings.Cut(err.Error(), "\n")
			_, what, _ := strings.Cut(first, ": ")
			bad(line, "the facts cannot be used: "+what, "")
			continue
		}
		facts.Action = Action(action)
		cases = append(cases, Case{Line: line, Text: left, Facts: facts, Want: want})
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return cases, nil
}

// Words is the decision as cases write it; err is what came with it.
func (d Decision) Words(err error) string {
	switch {
	case err != nil:
		return "broken " + d.Rule
	case d.Allowed && d.Rule == "":
		return "allowed"
	case d.Allowed:
		return "allowed by " + d.Rule
	}
	return "denied by " + d.Rule
}

// RunCases decides each case, counting nothing, and lists the rules that no case came to:
// what nobody has tried.
func (s *Set) RunCases(ctx context.Context, cases []Case) (results []CaseResult, undecided []string) {
	decided := map[string]bool{}
	for _, c := range cases {
		d, err := s.Try(ctx, c.Facts, nil)
		decided[d.Rule] = true
		results = append(results, CaseResult{Case: c, Got: d.Words(err), Err: err})
	}
	for _, r := range s.rules {
		if !decided[r.ID] {
			undecided = append(undecided, r.ID)
		}
	}
	return results, undecided
}

// CasesBeside is the name of the file of cases that belongs to a rules file:
// "rules.cases" beside "rules.yml".
func CasesBeside(path string) string {
	at := strings.LastIndexAny(path, "./\\")
	if at <= 0 || path[at] != '.' {
		return path + ".cases"
	}
	return path[:at] + ".cases"
}
