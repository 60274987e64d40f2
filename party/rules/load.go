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
	d := newDecoder(newSource(data, name))
	d.inspect = inspect
	return d.load()
}

// LoadRecorded is Load for a configuration from a recording. A recording writes out all defaults, so it may be
// longer than a file.
func LoadRecorded(data []byte, name string) (*Set, error) {
	src := newSource(data, name)
	src.boundFactor = recordedBoundFactor
	return newDecoder(src).load()
}

func (d *decoder) load() (*Set, error) {
	root := d.parse()
	c := Default()
	if root != nil && d.checkVersion(root) {
		d.decode(root, reflect.ValueOf(&c).Elem(), "", "")
	} else if root != nil {
		return nil, d.sortedProblems(&c)
	}
	return d.finish(c)
}

// LoadFacts reads a file of facts, as JSON or YAML, under the names that conditions use. Facts that are left
// out are empty. It is for trying rules out. The error is [Problems], as for [Load].
func LoadFacts(data []byte, name string) (Facts, error) {
	d := newDecoder(newSource(data, name))
	root := d.parse()
	var f Facts
	if root != nil {
		d.decode(root, reflect.ValueOf(&f).Elem(), "", "")
	}
	if bad := d.sortedProblems(&Config{}).Errors(); len(bad) > 0 {
		return Facts{}, bad
	}
	return f, nil
}

// New makes a Set from a configuration written in Go, with the same checks as for a file. Start queues and the
// groups in them from [DefaultOf].
func New(c Config) (*Set, error) {
	return newDecoder(newSource(nil, "config")).finish(c)
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
	if version.text != "1" || version.kind != scalarNode {
		d.fail(version.at, "version", "is "+version.describe(), "this server reads version 1")
		return false
	}
	return true
}

// finish checks the configuration and compiles its rules.
func (d *decoder) finish(c Config) (*Set, error) {
	d.completeDefaults(&c)
	d.check(&c)
	s := &Set{config: c, byAction: map[Action][]*rule{}, queues: slices.Sorted(maps.Keys(c.Queues)), empty: len(d.nodes) == 0}
	for i := range c.Rules {
		r := d.compileRule(&c, i, c.Rules[i])
		if r == nil {
			continue
		}
		s.rules = append(s.rules, r)
		for _, a := range r.On {
			s.byAction[a] = append(s.byAction[a], r)
		}
	}
	d.checkBudget(s)
	all := d.sortedProblems(&c)
	if len(all.Errors()) > 0 {
		return nil, all
	}
	s.warnings = all
	const font = "invites.page.font"
	s.fontProblem = d.src.problem(Warning, d.placeOf(font), font, "", "")
	return s, nil
}

// completeDefaults fills in defaults that depend on other keys.
func (d *decoder) completeDefaults(c *Config) {
	if d.isSet("status.stages") {
		// The defaults name the default stages. If the file sets its own stages, only names among those stay.
		if !d.isSet("status.ready") && !slices.Contains(c.Status.Stages, c.Status.Ready) {
			c.Status.Ready = ""
		}
		if !d.isSet("status.final") {
			c.Status.Final = slices.DeleteFunc(slices.Clone(c.Status.Final), func(s string) bool {
				return !slices.Contains(c.Status.Stages, s)
			})
		}
	}
	c.Parties.KickBanJoins = c.Parties.KickBanJoins || d.isSet("parties.kick_ban")
	queues := make(map[string]Queue, len(c.Queues))
	for name, q := range c.Queues {
		at := joinPath("queues", name)
		if q.MaxParty == 0 && !d.isSet(at+".max_party") {
			q.MaxParty = max(1, q.TeamSize.Max)
		}
		if q.Skill != nil {
			skill := *q.Skill
			if skill.Max == 0 && !d.isSet(at+".skill.max") {
				skill.Max = skill.Window
			}
			if skill.Storage.Field == "" {
				skill.Storage.Field = skill.Property
			}
			q.Skill = &skill
		}
		if q.Latency != nil {
			latency := *q.Latency
			if latency.Max == 0 && !d.isSet(at+".latency.max") {
				latency.Max = latency.Start
			}
			q.Latency = &latency
		}
		queues[name] = q
	}
	c.Queues = queues
}

// sortedProblems returns all problems in the order of lines. Paths use the names of rules.
func (d *decoder) sortedProblems(c *Config) Problems {
	out := slices.Clone(d.problems)
	for i := range out {
		out[i].Path = withRuleName(out[i].Path, c.Rules)
	}
	slices.SortStableFunc(out, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
	return slices.Compact(out)
}

// withRuleName turns "rules[3].deny" into "rules.friends-only.deny" if the rule has a valid name.
func withRuleName(path string, rules []Rule) string {
	var i int
	if n, _ := fmt.Sscanf(path, "rules[%d]", &i); n != 1 || i < 1 || i > len(rules) {
		return path
	}
	id := rules[i-1].ID
	if !forms["name"].valid(id) {
		return path
	}
	_, rest, _ := strings.Cut(path, "]")
	return "rules." + id + rest
}
