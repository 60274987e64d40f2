package overview

import (
	"context"
	"encoding/json"
	"fmt"

	"partyline/party"
	"partyline/party/judge"
	"partyline/party/rules"
)

// Rules is the answer of party_admin_rules.
type Rules struct {
	Source   string          `json:"source"` // path of the file; "" = defaults
	Version  uint64          `json:"version"`
	LoadedAt int64           `json:"loaded_at"`
	Hash     string          `json:"hash"`           // SHA-256 of the file in force; "" for defaults
	Error    string          `json:"error"`          // why the newest file is not in force; "" if it is
	Problems []Problem       `json:"problems"`       // of the newest file
	Rules    []Rule          `json:"rules"`          // in force, in the order they are asked
	Config   json.RawMessage `json:"config"`         // the whole file in force, with defaults filled in
	Next     *Next           `json:"next,omitempty"` // the next rules, which are tried too; absent if there are none

	Record     *judge.RecordReport `json:"record,omitempty"`     // the state of the recording; absent if there is none
	Playground string              `json:"playground,omitempty"` // address of the page to try rules on; absent if the operator sets none
	History    []judge.Version     `json:"history"`              // files that were in force on any node, also before restarts, the newest first

	HistoryProblem string `json:"history_problem,omitempty"` // why history is empty; absent if it could be read
}

// Next is a file that is not in force yet, and what it would have answered.
type Next struct {
	Source   string              `json:"source"`
	Version  uint64              `json:"version"`
	LoadedAt int64               `json:"loaded_at"` // 0 with version 0: before the first file, nothing is asked
	Error    string              `json:"error"`     // why the newest file is not asked, and which one is; "" if it is
	Problems []Problem           `json:"problems"`  // of the newest file
	Changes  []string            `json:"changes"`   // from the rules in force, in words
	Asked    uint64              `json:"asked"`
	Differs  uint64              `json:"differs"`  // how many of these were answered differently
	Dropped  uint64              `json:"dropped"`  // questions that came faster than they could be asked
	Counts   []judge.ShadowCount `json:"counts"`   // by action and the two answers
	Examples []Example           `json:"examples"` // answered differently, the newest first
}

// Example is one question that the next rules answer differently.
type Example struct {
	judge.Difference
	Explanation rules.Explanation `json:"-"` // of the next answer
}

// Problem is one problem of the file.
type Problem struct {
	Severity string `json:"severity"` // error | warning
	rules.Problem
}

// Rule is one rule in force, with its counts since it was first loaded.
type Rule struct {
	rules.Rule
	rules.Hit
}

// Rules returns the rules in force. If reload is true, it reads the file again first. A file that cannot be used is
// not an error of the call: the answer says what is wrong.
func (o *Overview) Rules(ctx context.Context, reload bool) (Rules, error) {
	if reload {
		_ = o.Live.Reload() // errors are in the reports below
		if o.Next != nil {
			_ = o.Next.Reload()
		}
	}
	report := o.Live.Report()
	config := report.Set.Config()
	text, err := party.PlainJSON(config)
	if err != nil {
		return Rules{}, err
	}
	out := Rules{
		Source: report.Source, Version: report.Version, LoadedAt: report.LoadedAt.Unix(), Hash: report.Hash, Playground: o.Playground,
		Problems: problems(report.Problems), Rules: make([]Rule, len(config.Rules)), Config: json.RawMessage(text),
	}
	if out.History, err = o.History.List(ctx); err != nil {
		out.HistoryProblem = err.Error()
	}
	if report.Err != nil {
		out.Error = "the previous rules stay in force: " + cause(report)
	}
	if o.Next != nil {
		out.Next = o.next(ctx, report.Set)
	}
	if o.Record != nil {
		r := o.Record.Report()
		out.Record = &r
	}
	for i, hit := range report.Set.Hits() {
		out.Rules[i] = Rule{config.Rules[i], hit}
	}
	return out, nil
}

func (o *Overview) next(ctx context.Context, inForce *rules.Set) *Next {
	report, seen := o.Next.Report(), o.Shadow.Report()
	out := &Next{
		Source: report.Source, Version: report.Version, Problems: problems(report.Problems),
		Changes: []string{}, Dropped: seen.Dropped, Counts: seen.Counts, Asked: seen.Other, Examples: []Example{},
	}
	if report.Version > 0 {
		out.LoadedAt, out.Changes = report.LoadedAt.Unix(), append(out.Changes, rules.Diff(inForce, report.Set)...)
	}
	if report.Err != nil {
		out.Error = "not asked: " + cause(report)
		if report.Version > 0 {
			out.Error = fmt.Sprintf("the newest file cannot be used, version %d is still asked: %s", report.Version, cause(report))
		}
	}
	for _, c := range seen.Counts {
		out.Asked += c.Times
		if c.Now != c.Next {
			out.Differs += c.Times
		}
	}
	for _, d := range seen.Examples {
		out.Examples = append(out.Examples, Example{d, d.Explain(ctx)})
	}
	return out
}

// cause returns why the newest file of a report is not in force.
func cause(report rules.Report) string {
	if len(report.Problems) > 0 {
		return report.Problems.Count()
	}
	return report.Err.Error()
}

func problems(ps rules.Problems) []Problem {
	out := make([]Problem, len(ps))
	for i, p := range ps {
		severity := "error"
		if p.Severity == rules.Warning {
			severity = "warning"
		}
		out[i] = Problem{severity, p}
	}
	return out
}
