package rules

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Load reads a rules file, which problems call name; an empty one is the same as none. Where it is not fully
// right the error is [Problems], with everything that is wrong and warnings. Load never panics, and takes
// bounded time and memory, whatever data is.
func Load(data []byte, name string) (*Set, error) { return load(newSource(data, name)) }

// LoadRecorded is Load for a configuration in a recording: with all defaults written out it is longer than
// a file may be.
func LoadRecorded(data []byte, name string) (*Set, error) {
	src := newSource(data, name)
	src.room = recordedRoom
	return load(src)
}

func load(src *source) (*Set, error) {
	d := newDecoder(src)
	root := d.parse()
	c := Default()
	if root != nil && d.version(root) {
		d.decode(root, reflect.ValueOf(&c).Elem(), "", "")
	} else if root != nil {
		return nil, d.report(&c)
	}
	return d.finish(c)
}

// LoadFacts reads a file of facts, JSON or YAML, under the names conditions use;
// what it leaves out is empty. It is for trying rules out. The error is
// [Problems], as for [Load].
func LoadFacts(data []byte, name string) (Facts, error) {
	d := newDecoder(newSource(data, name))
	root := d.parse()
	var f Facts
	if root != nil {
		d.decode(root, reflect.ValueOf(&f).Elem(), "", "")
	}
	if all := d.report(&Config{}); len(all) > 0 {
		return Facts{}, all
	}
	return f, nil
}

// New makes a Set from a configuration written in Go, under the same checks as
// a file. Queues and what is in them are expected to start from [DefaultOf].
func New(c Config) (*Set, error) {
	return newDecoder(newSource(nil, "config")).finish(c)
}

// version reports whether the file is one this package understands; if not,
// nothing else is worth saying about it.
func (d *decoder) version(root *node) bool {
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
	if version.text != "1" || version.kind != wordNode {
		d.fail(version.at, "version", "is "+version.describe(), "this server reads version 1")
		return false
	}
	return true
}

// finish checks the configuration and compiles its rules.
func (d *decoder) finish(c Config) (*Set, error) {
	d.complete(&c)
	d.check(&c)
	s := &Set{config: c, byAction: map[Action][]*rule{}, queues: slices.Sorted(maps.Keys(c.Queues)), blank: len(d.values) == 0}
	for i := range c.Rules {
		r := d.compile(&c, i, c.Rules[i])
		if r == nil {
			continue
		}
		s.rules = append(s.rules, r)
		for _, a := range r.On {
			s.byAction[a] = append(s.byAction[a], r)
		}
	}
	d.budget(s)
	all := d.report(&c)
	if len(all.Errors()) > 0 {
		return nil, all
	}
	s.warnings = all
	const font = "invites.page.font"
	s.font = d.src.problem(Warning, d.place(font), font, "", "")
	return s, nil
}

// complete fills in what depends on other keys.
func (d *decoder) complete(c *Config) {
	if d.written("status.stages") {
		// The defaults name default stages; with stages of one's own they only stay
		// where these exist.
		if !d.written("status.ready") && !slices.Contains(c.Status.Stages, c.Status.Ready) {
			c.Status.Ready = ""
		}
		if !d.written("status.final") {
			c.Status.Final = slices.DeleteFunc(slices.Clone(c.Status.Final), func(s string) bool {
				return !slices.Contains(c.Status.Stages, s)
			})
		}
	}
	c.Parties.KickBanJoins = c.Parties.KickBanJoins || d.written("parties.kick_ban")
	queues := make(map[string]Queue, len(c.Queues))
	for name, q := range c.Queues {
		at := join("queues", name)
		if q.MaxParty == 0 && !d.written(at+".max_party") {
			q.MaxParty = max(1, q.TeamSize.Max)
		}
		if q.Skill != nil {
			skill := *q.Skill
			if skill.Max == 0 && !d.written(at+".skill.max") {
				skill.Max = skill.Window
			}
			if skill.Storage.Field == "" {
				skill.Storage.Field = skill.Property
			}
			q.Skill = &skill
		}
		if q.Latency != nil {
			latency := *q.Latency
			if latency.Max == 0 && !d.written(at+".latency.max") {
				latency.Max = latency.Start
			}
			q.Latency = &latency
		}
		queues[name] = q
	}
	c.Queues = queues
}

// report is everything found, by line, with rules called by their names.
func (d *decoder) report(c *Config) Problems {
	out := slices.Clone(d.problems)
	for i := range out {
		out[i].Path = named(out[i].Path, c.Rules)
	}
	slices.SortStableFunc(out, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
	return slices.Compact(out)
}

// named turns "rules[3].deny" into "rules.friends-only.deny" where the rule has
// a usable name.
func named(path string, rules []Rule) string {
	var i int
	if n, _ := fmt.Sscanf(path, "rules[%d]", &i); n != 1 || i < 1 || i > len(rules) {
		return path
	}
	id := rules[i-1].ID
	if !forms["name"].ok(id) {
		return path
	}
	_, rest, _ := strings.Cut(path, "]")
	return "rules." + id + rest
}
