package overview

import (
	"context"
	"encoding/json"

	"partyline/party/rules"
)

// Rules answers party_admin_rules.
type Rules struct {
	Source   string          `json:"source"` // path of the file; "" = defaults
	Version  uint64          `json:"version"`
	LoadedAt int64           `json:"loaded_at"`
	Error    string          `json:"error"`    // why the newest file is not in force; "" when it is
	Problems []Problem       `json:"problems"` // of the newest file
	Rules    []Rule          `json:"rules"`    // in force, in the order they are asked
	Config   json.RawMessage `json:"config"`   // the whole file in force, defaults filled in
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

// Rules describes the rules in force, having read the file anew first if reload says so.
// A file that cannot be used is no error of the call: the answer says what is wrong.
func (o *Overview) Rules(ctx context.Context, reload bool) (Rules, error) {
	if reload {
		if err := o.Live.Reload(ctx); err != nil && ctx.Err() != nil {
			return Rules{}, err
		}
	}
	report := o.Live.Report()
	config := report.Set.Config()
	text, err := json.Marshal(config)
	if err != nil {
		return Rules{}, err
	}
	out := Rules{
		Source: report.Source, Version: report.Version, LoadedAt: report.LoadedAt.Unix(),
		Problems: make([]Problem, len(report.Problems)), Rules: make([]Rule, len(config.Rules)), Config: text,
	}
	if report.Err != nil {
		out.Error = "the previous rules stay in force: " + report.Problems.Count()
		if len(report.Problems) == 0 {
			out.Error = "the previous rules stay in force: " + report.Err.Error()
		}
	}
	for i, p := range report.Problems {
		severity := "error"
		if p.Severity == rules.Warning {
			severity = "warning"
		}
		out.Problems[i] = Problem{
			Severity: severity, File: p.File, Line: p.Line, Column: p.Col,
			Path: p.Path, Problem: p.What, Allowed: p.Allowed, Excerpt: p.Excerpt,
		}
	}
	for i, h := range report.Set.Hits() {
		r := config.Rules[i]
		out.Rules[i] = Rule{
			ID: r.ID, On: r.On, Deny: r.Deny, Allow: r.Allow, Message: r.Message, Asked: h.Asked, Hits: h.Hits, Errors: h.Errors,
		}
	}
	return out, nil
}
