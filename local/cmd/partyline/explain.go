package main

import (
	"context"
	"fmt"
	"strings"

	"partyline/local/rulebook"
	"partyline/party/rules"
)

// explain prints a decision and, rule by rule, how it came about.
func (t *terminal) explain(set *rules.Set, facts rules.Facts) {
	e := rulebook.Explain(context.Background(), set, facts)
	if e.GatesAfterRules {
		t.verdict(facts.Action, e.Explanation)
		t.gates(facts.Action, e, "after the rules")
	} else {
		t.gates(facts.Action, e, "before the rules")
		t.verdict(facts.Action, e.Explanation)
	}
	width := 0
	for _, r := range e.Rules {
		for _, p := range r.Parts {
			width = max(width, 2*p.Depth+len([]rune(p.Text)))
			for _, each := range p.Each {
				width = max(width, 2*p.Depth+4+len([]rune(each.Text)))
			}
		}
	}
	width = min(width, 72)
	for i, r := range e.Rules {
		fmt.Fprintf(t.out, "\n%d. %s: %s\n", i+1, t.paint(bold, r.Rule), t.outcome(r))
		for _, p := range r.Parts {
			t.part(p.Depth, width, p.Text, p.Value)
			for _, each := range p.Each {
				t.part(p.Depth+2, width, each.Text, each.Value)
			}
		}
	}
}

// gates prints what a server looks at besides the rules.
func (t *terminal) gates(action rules.Action, e rulebook.Explained, when string) {
	if g := e.Refusal(); g != nil {
		fmt.Fprintf(t.out, "%s is %s %s: %s (%s)\n", action, t.paint(red, "refused"), when, g.Reason, g.Text)
		if !e.GatesAfterRules {
			fmt.Fprintln(t.out, t.paint(dim, "if it were not, the rules would say:"))
		}
		return
	}
	looked := make([]string, len(e.Gates))
	for i, g := range e.Gates {
		looked[i] = g.Reason
	}
	if len(looked) > 0 && (!e.GatesAfterRules || e.Decision.Allowed) {
		fmt.Fprintf(t.out, "%s\n", t.paint(dim, when+" nothing refuses: not "+strings.Join(looked, ", not ")))
	}
}

func (t *terminal) verdict(action rules.Action, e rules.Explanation) {
	d := e.Decision
	switch {
	case e.Err != nil:
		fmt.Fprintf(t.out, "%s is %s: %v\n", action, t.paint(red, "refused"), e.Err)
		fmt.Fprintln(t.out, t.paint(dim, "a rule that cannot be evaluated refuses"))
		fmt.Fprintf(t.out, "the player reads: %s\n", d.Message)
	case e.Skipped:
		fmt.Fprintf(t.out, "%s is %s: with invites.overrides_rules an invite passes the rules\n", action, t.paint(green, "allowed"))
	case d.Allowed && d.Rule == "" && len(e.Rules) == 0:
		fmt.Fprintf(t.out, "%s is %s: no rule is about it\n", action, t.paint(green, "allowed"))
	case d.Allowed && d.Rule == "":
		fmt.Fprintf(t.out, "%s is %s: no rule's condition holds\n", action, t.paint(green, "allowed"))
	case d.Allowed:
		fmt.Fprintf(t.out, "%s is %s by %s\n", action, t.paint(green, "allowed"), d.Rule)
	default:
		fmt.Fprintf(t.out, "%s is %s by %s\n", action, t.paint(red, "denied"), d.Rule)
		fmt.Fprintf(t.out, "the player reads: %s\n", d.Message)
	}
}

func (t *terminal) outcome(r rules.RuleTrace) string {
	verb, colour := "allows", green
	if r.Denies {
		verb, colour = "denies", red
	}
	switch r.Outcome {
	case rules.Held:
		return t.paint(colour, "its condition holds, so it "+verb)
	case rules.Broken:
		return t.paint(red, "its condition cannot be evaluated")
	case rules.NotHeld:
		return "its condition does not hold"
	}
	return t.paint(dim, "not asked")
}

// part prints a piece of a condition with its value in a column.
func (t *terminal) part(depth, width int, text, value string) {
	lead := strings.Repeat("  ", depth) + text
	gap := max(1, width-len([]rune(lead))+2)
	fmt.Fprintf(t.out, "   %s%s%s\n", lead, strings.Repeat(" ", gap), t.paint(bold, value))
}
