// Package rulebook is for designers who work with rules files away from a server. It runs cases, lists what a
// server checks besides the rules, and replays recorded decisions. It reads no file and knows no terminal, so
// that the command line and the playground in the browser give the same answers.
package rulebook

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"partyline/party/rules"
)

const (
	maxCases    = 2000
	maxCaseLine = 16 << 10
	maxFile     = 256 << 10
)

// Case is one example of what the rules should answer. It is a line of a file of cases:
//
//	join {invited: true, party: {size: 3}} -> allowed
//	create {user: {account_age: 3h}} -> denied by newcomers
//
// Facts that the line leaves out are empty. Lines that begin with # are comments.
type Case struct {
	Line  int
	Text  string // the line without the expected outcome
	Facts rules.Facts
	Want  string // "allowed", "allowed by <rule>", "denied by <rule>", "broken <rule>" or [rules.SizeRefused]
}

// CaseResult is the outcome of a case.
type CaseResult struct {
	Case
	Got string // in the notation of Want
	Err error  // why the rule is broken
}

// LoadCases reads a file of cases. The error is [rules.Problems], as for [rules.Load].
func LoadCases(data []byte, name string) ([]Case, error) {
	var cases []Case
	var problems rules.Problems
	bad := func(line int, what, allowed string) {
		problems = append(problems, rules.Problem{File: name, Line: line, Col: 1, What: what, Allowed: allowed})
	}
	if len(data) > maxFile {
		bad(1, fmt.Sprintf("is longer than %d bytes", maxFile), "")
		return nil, problems
	}
	actions := rules.Actions()
	for i, text := range strings.Split(strings.TrimPrefix(string(data), "\ufeff"), "\n") {
		line := i + 1
		text = strings.TrimSpace(text)
		switch {
		case text == "" || strings.HasPrefix(text, "#"):
			continue
		case len(text) > maxCaseLine:
			bad(line, "the case is too long", fmt.Sprintf("allowed are %d bytes", maxCaseLine))
			continue
		case len(cases) == maxCases:
			bad(line, "there are too many cases", fmt.Sprintf("allowed are %d", maxCases))
			return nil, problems
		}
		at := strings.LastIndex(text, "->")
		if at < 0 {
			bad(line, "has no outcome", "write for example: join {invited: true} -> denied by friends-only")
			continue
		}
		left, want := strings.TrimSpace(text[:at]), strings.TrimSpace(text[at+2:])
		action, body, _ := strings.Cut(left, " ")
		if !slices.Contains(actions, rules.Action(action)) {
			bad(line, fmt.Sprintf("unknown action %.40q", action), fmt.Sprintf("allowed: %v", actions))
			continue
		}
		if verb, rule, _ := strings.Cut(want, " "); want != "allowed" && want != rules.SizeRefused && !(verb == "broken" && rule != "") &&
			!strings.HasPrefix(want, "allowed by ") && !strings.HasPrefix(want, "denied by ") {
			bad(line, fmt.Sprintf("%.40q is not an outcome", want), "write allowed, allowed by <rule>, denied by <rule>, broken <rule> or "+rules.SizeRefused)
			continue
		}
		facts, err := rules.LoadFacts([]byte(body), name)
		if err != nil {
			first, _, _ := strings.Cut(err.Error(), "\n")
			_, what, _ := strings.Cut(first, ": ")
			bad(line, "the facts cannot be used: "+what, "")
			continue
		}
		facts.Action = rules.Action(action)
		cases = append(cases, Case{Line: line, Text: left, Facts: facts, Want: want})
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return cases, nil
}

// RunCases decides each case without counting. A size that the file refuses comes before the rules, as on a server.
// Other checks of a server, such as bans and full parties, are left out. undecided lists the rules that decided no case.
func RunCases(ctx context.Context, s *rules.Set, cases []Case) (results []CaseResult, undecided []string) {
	decided := map[string]bool{}
	for _, c := range cases {
		facts, fits := applyShape(s, c.Facts)
		if !fits {
			results = append(results, CaseResult{Case: c, Got: rules.SizeRefused})
			continue
		}
		d, err := s.Try(ctx, facts, nil)
		decided[d.Rule] = true
		results = append(results, CaseResult{Case: c, Got: d.Outcome(err), Err: err})
	}
	for _, r := range s.Config().Rules {
		if !decided[r.ID] {
			undecided = append(undecided, r.ID)
		}
	}
	return results, undecided
}

// CasesBeside returns the path of the file of cases for a rules file: "rules.cases" next to "rules.yml".
func CasesBeside(path string) string {
	at := strings.LastIndexAny(path, "./\\")
	if at <= 0 || path[at] != '.' {
		return path + ".cases"
	}
	return path[:at] + ".cases"
}
