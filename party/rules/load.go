package rules

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Load reads a rules file. Problems use name as the file's name. An empty file gives the defaults. If the file
// has an error, the error is [Problems], with all errors and warnings. Load never panics. It takes bounded time
// and memory for any data.
func Load(data []byte, name string) (*Set, error) { return Check(data, name, nil) }

// Check is Load with more checks of each condition, by inspect.
func Check(data []byte, name string, inspect Inspector) (*Set, error) {
	d := newDecoder(data, name)
	d.inspect = inspect
	return d.load()
}

// LoadRecorded is Load for a configuration from a recording. A recording writes out all defaults, so it may be
// longer than a file.
func LoadRecorded(data []byte, name string) (*Set, error) {
	d := newDecoder(data, name)
	d.src.boundFactor = recordedBoundFactor
	return d.load()
}

func (d *decoder) load() (*Set, error) {
	c := Default()
	if root := d.parse(); root != nil {
		if !d.checkVersion(root) {
			return nil, d.sortedProblems(nil)
		}
		d.decode(root, reflect.ValueOf(&c).Elem(), "", "")
	}
	d.completeDefaults(&c)
	d.check(&c)
	s := &Set{config: c, queues: slices.Sorted(maps.Keys(c.Queues)), file: d}
	var compiled []*rule
	for i := range c.Rules {
		if r := d.compileRule(&c, i, c.Rules[i]); r != nil {
			compiled = append(compiled, r)
		}
	}
	s.setRules(compiled)
	d.checkBudget(s)
	s.warnings = d.sortedProblems(c.Rules)
	if len(s.warnings.Errors()) > 0 {
		return nil, s.warnings
	}
	return s, nil
}

// LoadFacts reads a file of facts, as JSON or YAML, under the names that conditions use. Facts that are left
// out are empty. It is for trying rules out. The error is [Problems], as for [Load].
func LoadFacts(data []byte, name string) (Facts, error) {
	d := newDecoder(data, name)
	var f Facts
	if root := d.parse(); root != nil {
		d.decode(root, reflect.ValueOf(&f).Elem(), "", "")
	}
	if bad := d.sortedProblems(nil).Errors(); len(bad) > 0 {
		return Facts{}, bad
	}
	return f, nil
}

// checkVersion reports whether decoding the file makes sense: it is a group of keys of version 1, or only lacks a
// version.
func (d *decoder) checkVersion(root *node) bool {
	at := slices.IndexFunc(root.keys, func(e entry) bool { return e.name == "version" })
	switch {
	case root.kind != mapNode:
		d.fail(root.at, "", "the file is "+root.describe(), "expected keys, beginning with version: 1")
		return false
	case at < 0:
		d.fail(root.at, "version", "is missing", "write version: 1 as the first line")
		return true
	}
	version := root.keys[at].val
	if version.text != "1" || version.kind != numberNode {
		d.fail(version.at, "version", "is "+version.describe(), "this server reads version 1")
		return false
	}
	return true
}

// completeDefaults fills in defaults that depend on other keys.
func (d *decoder) completeDefaults(c *Config) {
	if d.isSet("status.stages") {
		// The defaults name the default stages. If the file sets its own stages, only names among those stay.
		if !d.isSet("status.ready") && !slices.Contains(c.Status.Stages, c.Status.Ready) {
			c.Status.Ready = ""
		}
		if !d.isSet("status.final") {
			c.Status.Final = slices.DeleteFunc(c.Status.Final, func(s string) bool { return !slices.Contains(c.Status.Stages, s) })
		}
	}
	c.Parties.KickBanJoins = d.isSet("parties.kick_ban")
	for name, q := range c.Queues {
		at := joinPath("queues", name)
		if !d.isSet(at + ".max_party") {
			q.MaxParty = q.TeamSize.Max
		}
		if q.Skill != nil {
			if !d.isSet(at + ".skill.max") {
				q.Skill.Max = q.Skill.Window
			}
			q.Skill.Storage.Field = cmp.Or(q.Skill.Storage.Field, q.Skill.Property)
		}
		if q.Latency != nil && !d.isSet(at+".latency.max") {
			q.Latency.Max = q.Latency.Start
		}
		c.Queues[name] = q
	}
}

// sortedProblems returns all problems in the order of lines. Paths use the names of rules: "rules.friends-only.deny"
// for "rules[3].deny", if the name is valid.
func (d *decoder) sortedProblems(rules []Rule) Problems {
	var named []string
	for i, r := range rules {
		if nameForm.valid(r.ID) {
			named = append(named, indexPath("rules", i), "rules."+r.ID)
		}
	}
	names := strings.NewReplacer(named...)
	out := slices.Clone(d.problems)
	for i := range out {
		out[i].Path = names.Replace(out[i].Path)
	}
	slices.SortStableFunc(out, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
	out = slices.Compact(out)
	if d.more > 0 {
		last := Problem{Severity: Warning, File: d.src.name, What: fmt.Sprintf("%d more problems are not listed", d.more), Allowed: "correct the listed ones first"}
		if d.refused {
			last.Severity = Error
		}
		out = append(out, last)
	}
	return out
}
