package rules

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Diff describes in words what next changes, one change per line. It returns nothing if both files mean the
// same, however they are written.
func Diff(old, next *Set) []string {
	var out []string
	was, is := map[string]string{}, map[string]string{}
	flatten("", toFile(reflect.ValueOf(old.config)), was)
	flatten("", toFile(reflect.ValueOf(next.config)), is)
	keys := maps.Clone(was)
	maps.Copy(keys, is)
	names := slices.Concat(old.queues, next.queues)
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		before, had := old.config.Queues[name]
		after, has := next.config.Queues[name]
		switch {
		case !had:
			out = append(out, fmt.Sprintf("queue %s is new: %s", name, describeTeams(after)))
		case !has:
			out = append(out, fmt.Sprintf("queue %s is gone (it was %s)", name, describeTeams(before)))
		default:
			continue
		}
		maps.DeleteFunc(keys, func(k, _ string) bool { return strings.HasPrefix(k, "queues."+name+".") })
	}
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		if a, b := was[k], is[k]; a != b && k != "version" {
			out = append(out, fmt.Sprintf("%s: %s, was %s", k, cmp.Or(b, "nothing"), cmp.Or(a, "nothing")))
		}
	}
	return append(out, diffRules(old, next)...)
}

func describeTeams(q Queue) string {
	text := fmt.Sprintf("%d teams of %d", q.Teams, q.TeamSize.Max)
	if q.TeamSize.Min > 0 && q.TeamSize.Min < q.TeamSize.Max {
		text += fmt.Sprintf(", %d after %s", q.TeamSize.Min, FormatDuration(q.TeamSize.After))
	}
	return text
}

func diffRules(old, next *Set) []string {
	var out []string
	before := map[string]Rule{}
	for _, r := range old.config.Rules {
		before[r.ID] = r
	}
	var kept, order []string
	for i, r := range next.config.Rules {
		o, had := before[r.ID]
		if !had {
			where := ""
			if i+1 < len(next.config.Rules) {
				where = ", asked before " + next.config.Rules[i+1].ID
			} else if i > 0 {
				where = ", asked last"
			}
			out = append(out, fmt.Sprintf("rule %s is new%s: %s", r.ID, where, describeRule(r)))
			continue
		}
		kept = append(kept, r.ID)
		if a, b := describeRule(o), describeRule(r); a != b {
			out = append(out, fmt.Sprintf("rule %s: %s; before: %s", r.ID, b, a))
		}
		if o.Message != r.Message {
			out = append(out, fmt.Sprintf("rule %s: players read %q, before %q", r.ID, r.Message, o.Message))
		}
	}
	for _, o := range old.config.Rules {
		if slices.Contains(kept, o.ID) {
			order = append(order, o.ID)
		} else {
			out = append(out, fmt.Sprintf("rule %s is gone: it %s", o.ID, describeRule(o)))
		}
	}
	if !slices.Equal(kept, order) {
		out = append(out, fmt.Sprintf("rules are asked in another order: %s; before: %s", strings.Join(kept, ", "), strings.Join(order, ", ")))
	}
	return out
}

// describeRule describes a rule in one line.
func describeRule(r Rule) string {
	verb, cond := "denies", r.Deny
	if cond == "" {
		verb, cond = "allows", r.Allow
	}
	on := slices.DeleteFunc(Actions(), func(a Action) bool { return !slices.Contains(r.On, a) }) // in a fixed order
	return fmt.Sprintf("%s %s when %s", verb, joinWords(actionNames(on), "and"), onOneLine(cond))
}

// quotedOrSpace matches the texts in quotes of a condition, and white space outside of them.
var quotedOrSpace = regexp.MustCompile(`(?s)"(\\.|[^"\\])*"|'(\\.|[^'\\])*'|` + "`[^`]*`" + `|\s+`)

// onOneLine puts a condition into one line. White space in quotes is part of a text and stays.
func onOneLine(cond string) string {
	return strings.TrimSpace(quotedOrSpace.ReplaceAllStringFunc(cond, func(s string) string {
		return cmp.Or(strings.TrimSpace(s), " ")
	}))
}

// flatten sets out to the value of every key of a file's tree except rules, by path.
func flatten(path string, v any, out map[string]string) {
	group, ok := v.(map[string]any)
	if !ok {
		if path != "rules" {
			out[path] = formatInline(v)
		}
		return
	}
	for k, e := range group {
		flatten(joinPath(path, k), e, out)
	}
}

// formatInline formats a value in one line, as a file would have it.
func formatInline(v any) string {
	entries, ok := v.([]any)
	if !ok {
		return fmt.Sprint(v)
	}
	texts := make([]string, len(entries))
	for i, e := range entries {
		texts[i] = formatInline(e)
		if text, is := e.(string); is && (text == "" || strings.ContainsAny(text, ",[]\"")) {
			texts[i] = strconv.Quote(text)
		}
	}
	return "[" + strings.Join(texts, ", ") + "]"
}
