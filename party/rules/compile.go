package rules

import (
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
)

type rule struct {
	Rule
	cond  *condition
	stats *stats
}

// stats counts the outcomes of a rule. Sets of one Live share it for rules with the same name, so that a reload
// does not reset the counts.
type stats struct{ asked, hits, errors atomic.Uint64 }

// defaultMessage is for refused players if the rule has no message.
const defaultMessage = "This is not possible right now."

// compileRule compiles the rule at index i. It returns nil if the rule has an error.
func (d *decoder) compileRule(c *Config, i int, r Rule) *rule {
	key, src := "deny", r.Deny
	if src == "" {
		key, src = "allow", r.Allow
	}
	path := indexPath("rules", i) + "." + key
	if src == "" || d.broken["rules"] || d.broken[path] || d.broken[indexPath("rules", i)] {
		return nil
	}
	cond, found := newCondition(src, Condition{On: r.On, Stages: c.Status.Stages, Queues: slices.Sorted(maps.Keys(c.Queues))}, d.inspect)
	for _, f := range found {
		at := d.placeOf(path)
		if n, ok := d.nodes[path]; ok && d.listsMore() { // a search through the rest of the file
			at = d.src.placeWithin(n.at, n.block, src, f.offset)
		}
		d.report(f.severity, at, path, f.what, f.allowed)
	}
	if cond == nil {
		return nil
	}
	if slices.Contains(cond.facts, "party.skill") {
		d.checkSkillFact(path, c)
	}
	r.On = slices.Clone(r.On)
	return &rule{Rule: r, cond: cond, stats: new(stats)}
}

// checkSkillFact refuses party.skill if no queue has skill, or if a queue reads skill from anywhere but the account.
func (d *decoder) checkSkillFact(path string, c *Config) {
	named := false
	for _, name := range slices.Sorted(maps.Keys(c.Queues)) {
		s := c.Queues[name].Skill
		if s == nil {
			continue
		}
		if named = true; s.Source != SkillFromAccount {
			d.reject(path, fmt.Sprintf("party.skill is read from the account, and queue %q has its skill from %s", clip(name), s.Source), "use source: account, or .metadata of the members")
			return
		}
	}
	d.rejectIf(!named, path,
		"party.skill has no meaning without a queue that has skill", "add skill to a queue, or compare .metadata of the members")
}

func actionNames(as []Action) []string {
	out := make([]string, len(as))
	for i, a := range as {
		out[i] = string(a)
	}
	return out
}

// checkBudget refuses rules if their conditions together could keep one request busy for too long.
func (d *decoder) checkBudget(s *Set) {
	for _, a := range Actions() {
		steps := 0
		for _, r := range s.byAction[a] {
			steps += r.cond.steps
		}
		d.rejectIf(steps > maxActionSum, "rules",
			fmt.Sprintf("the rules for %s could take %d steps together", a, steps), fmt.Sprintf("allowed are %d", maxActionSum))
	}
}
