package overview

import (
	"context"
	"encoding/json"
	"fmt"

	"partyline/party/judge"
	"partyline/party/rules"
)

// Rules answers party_admin_rules.
type Rules struct {
	Source   string          `json:"source"` // path of the file; "" = defaults
	Version  uint64          `json:"version"`
	LoadedAt int64           `json:"loaded_at"`
	Hash     string          `json:"hash"`           // SHA-256 of the file in force; "" for defaults
	Error    string          `json:"error"`          // why the newest file is not in force; "" when it is
	Problems []Problem       `json:"problems"`       // of the newest file
	Rules    []Rule          `json:"rules"`          // in force, in the order they are asked
	Config   json.RawMessage `json:"config"`         // the whole file in force, defaults filled in
	Next     *Next           `json:"next,omitempty"` // the rules that are tried beside them; absent where there are none

	Record     *judge.RecordReport `json:"record,omitempty"`     // how the recording fares; absent where there is none
	Playground string              `json:"playground,omitempty"` // address of the page to try rules on; absent where the operator names none
	History    []judge.Version     `json:"history"`              // files that were in force, of all nodes and over restarts, the newest first
}

// Next is a file that is not in force, and what it would have answered.
type Next struct {
	Source   string              `json:"source"`
	Version  uint64              `json:"version"`
	LoadedAt int64               `json:"loaded_at"` // 0 with version 0: before the first file, nothing is asked
	Error    string              `json:"error"`     // why the newest file is not asked, and which is; "" when it is
	Problems []Problem           `json:"problems"`  // of the newest file
	Changes  []string            `json:"changes"`   // against the rules in force, in words
	Asked    uint64              `json:"asked"`
	Differs  uint64              `json:"differs"`  // of these
	Dropped  uint64              `json:"dropped"`  // came faster than they could be asked
	Counts   []judge.ShadowCount `json:"counts"`   // by action and the two answers
	Examples []Example           `json:"examples"` // answered otherwise, the newest first
}

// Example is one question that the next rules answer otherwise.
type Example struct {
	At          int64             `json:"at"`
	Action      rules.Action      `json:"action"`
	UserID      string            `json:"user_id"`
	Username    string            `json:"username"`
	PartyID     string            `json:"party_id"`
	Now         string            `json:"now"`
	Next        string            `json:"next"`
	Explanation rules.Explanation `json:"-"` // of the next answer
}

// Problem is one thing wrong with the file.
type Problem struct {
	Severity string `json:"severity"` // error | warning
	File     string `json:"file"`
	Line     int    `json:"line"` // from 1; 0 where it has no place
	Column   int    `json:"column"`
	Path     string `json:"path"`
	Problem  string `json:"problem"`
	Allowed  string `json:"allowed"`
	Excerpt  string `json:"excerpt"` // the line of the file, and one with a caret
}

// Rule is one rule in force with how it fares since it was first loaded.
type Rule struct {
	ID      string         `json:"id"`
	On      []rules.Action `json:"on"`
	Deny    string         `json:"deny,omitempty"` // exactly one of the two
	Allow   string         `json:"allow,omitempty"`
	Message string         `json:"message"`
	Asked   uint64         `json:"asked"`
	Hits    uint64         `json:"hits"`   // it decided
	Errors  uint64         `json:"errors"` // it could not be evaluated
}

// Rules describes the rules in force, having read the file again first if reload says so.
// A file that cannot be used is no error of the call: the answer says what is wrong.
func (o *Overview) Rules(ctx context.Context, reload bool) (Rules, error) {
	if reload {
		if err := o.Live.Reload(ctx); err != nil && ctx.Err() != nil {
			return Rules{}, err
		}
		if o.Next != nil {
			_ = o.Next.Reload(ctx) // in the report below
		}
	}
	report := o.Live.Report()
	config := report.Set.Config()
	text, err := json.Marshal(config)
	if err != nil {
		return Rules{}, err
	}
	out := Rules{
		Source: report.Source, Version: report.Version, LoadedAt: report.LoadedAt.Unix(), Hash: report.Hash, Playground: o.Playground,
		Problems: problems(report.Problems), History: o.History.List(ctx), Rules: make([]Rule, len(config.Rules)), Config: text,
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
	for i, h := range report.Set.Hits() {
		r := config.Rules[i]
		out.Rules[i] = Rule{
			ID: r.ID, On: r.On, Deny: r.Deny, Allow: r.Allow, Message: r.Message, Asked: h.Asked, Hits: h.Hits, Errors: h.Errors,
		}
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
		out.Examples = append(out.Examples, Example{
			At: d.At.Unix(), Action: d.Action, UserID: d.UserID, Username: d.Username, PartyID: d.PartyID,
			Now: d.Now, Next: d.Next, Explanation: d.Explain(ctx),
		})
	}
	return out
}

// cause says why the newest file of a report was not taken.
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
		out[i] = Problem{
			Severity: severity, File: p.File, Line: p.Line, Column: p.Col,
			Path: p.Path, Problem: p.What, Allowed: p.Allowed, Excerpt: p.Excerpt,
		}
	}
	return out
}
