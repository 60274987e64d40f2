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
	was, is := meaningsOf(old, next), meaningsOf(next, old)
	both := maps.Clone(was)
	maps.Copy(both, is)
	for _, name := range slices.Sorted(maps.Keys(both)) {
		before, had := was[name]
		after, has := is[name]
		switch {
		case !had:
			out = append(out, fmt.Sprintf("%s is new: %s", name, after))
		case !has:
			out = append(out, fmt.Sprintf("%s is gone; before: %s", name, before))
		case before != after:
			out = append(out, fmt.Sprintf("%s: %s; before: %s", name, after, before))
		}
	}
	if order := ruleNames(next); len(order) > 1 && !slices.Equal(order, ruleNames(old)) {
		out = append(out, "rules are asked in this order: "+strings.Join(order, ", "))
	}
	return out
}

// meaningsOf returns what a file says about each key and each rule. A queue that other lacks is one entry.
func meaningsOf(s, other *Set) map[string]string {
	out := map[string]string{}
	tree, _ := toFile(reflect.ValueOf(s.config)).(map[string]any)
	queues, _ := tree["queues"].(map[string]any)
	for name, q := range s.config.Queues {
		if _, both := other.config.Queues[name]; !both {
			delete(queues, name)
			out["queue "+name] = fmt.Sprintf("%d teams of %s", q.Teams, formatInline(toFile(reflect.ValueOf(q.TeamSize))))
		}
	}
	delete(tree, "version")
	delete(tree, "rules")
	flatten("", tree, out)
	for _, r := range s.config.Rules {
		out["rule "+r.ID] = describeRule(r)
	}
	return out
}

func ruleNames(s *Set) []string {
	var names []string
	for _, r := range s.config.Rules {
		names = append(names, r.ID)
	}
	return names
}

// describeRule describes a rule in one line.
func describeRule(r Rule) string {
	verb, cond := "denies", r.Deny
	if cond == "" {
		verb, cond = "allows", r.Allow
	}
	on := slices.DeleteFunc(Actions(), func(a Action) bool { return !slices.Contains(r.On, a) }) // in a fixed order
	text := fmt.Sprintf("%s %s when %s", verb, JoinWords(actionNames(on), "and"), onOneLine(cond))
	if r.Message != "" {
		text += fmt.Sprintf(" (players read %q)", r.Message)
	}
	return text
}

// quotedOrSpace matches the texts in quotes of a condition, and white space outside of them.
var quotedOrSpace = regexp.MustCompile(`(?s)"(\\.|[^"\\])*"|'(\\.|[^'\\])*'|` + "`[^`]*`" + `|\s+`)

// onOneLine puts a condition into one line. White space in quotes is part of a text and stays.
func onOneLine(cond string) string {
	return strings.TrimSpace(quotedOrSpace.ReplaceAllStringFunc(cond, func(s string) string {
		return cmp.Or(strings.TrimSpace(s), " ")
	}))
}

// flatten sets out to the value of every key of a file's tree, by path.
func flatten(path string, v any, out map[string]string) {
	group, ok := v.(map[string]any)
	if !ok {
		out[path] = formatInline(v)
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
