package reference_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"partyline/local"
	"partyline/local/reference"
)

// violations returns what is wrong with a value by a schema. It knows the keywords of JSON Schema
// that ours uses. An unknown keyword is a violation, so none goes unchecked.
func violations(schema map[string]any, v any, at string) []string {
	var out []string
	bad := func(format string, args ...any) { out = append(out, at+": "+fmt.Sprintf(format, args...)) }
	for word, want := range schema {
		switch word {
		case "$schema", "title", "description", "default", "additionalProperties":
		case "type":
			kinds, several := want.([]any)
			if !several {
				kinds = []any{want}
			}
			if !slices.Contains(kinds, any(kindOf(v))) && !(kindOf(v) == "integer" && slices.Contains(kinds, any("number"))) {
				bad("is %s, want %v", kindOf(v), kinds)
			}
		case "enum":
			if !slices.ContainsFunc(want.([]any), func(e any) bool { return fmt.Sprint(e) == fmt.Sprint(v) }) {
				bad("%v is none of %v", v, want)
			}
		case "const":
			if fmt.Sprint(want) != fmt.Sprint(v) {
				bad("%v is not %v", v, want)
			}
		case "pattern":
			if s, ok := v.(string); ok && !regexp.MustCompile(want.(string)).MatchString(s) {
				bad("%q does not match %s", s, want)
			}
		case "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems":
			if n, ok := measure(word, v); ok && (strings.HasPrefix(word, "min") && n < want.(float64) || strings.HasPrefix(word, "max") && n > want.(float64)) {
				bad("%v is beyond %s %v", n, word, want)
			}
		case "uniqueItems":
			items, _ := v.([]any)
			for i, e := range items {
				if slices.ContainsFunc(items[:i], func(o any) bool { return fmt.Sprint(o) == fmt.Sprint(e) }) {
					bad("%v is there twice", e)
				}
			}
		case "items":
			items, _ := v.([]any)
			for i, e := range items {
				out = append(out, violations(want.(map[string]any), e, fmt.Sprintf("%s[%d]", at, i))...)
			}
		case "anyOf":
			if !slices.ContainsFunc(want.([]any), func(o any) bool { return violations(o.(map[string]any), v, at) == nil }) {
				bad("%v fits none of %v", v, want)
			}
		case "required":
			for _, k := range want.([]any) {
				if _, there := v.(map[string]any)[k.(string)]; !there {
					bad("%v is missing", k)
				}
			}
		case "propertyNames":
			group, _ := v.(map[string]any)
			for k := range group {
				out = append(out, violations(want.(map[string]any), k, at)...)
			}
		case "properties":
			group, _ := v.(map[string]any)
			for k, e := range group {
				prop, known := want.(map[string]any)[k].(map[string]any)
				if !known {
					bad("unknown key %s", k)
					continue
				}
				out = append(out, violations(prop, e, at+"."+k)...)
			}
		default:
			bad("the schema uses %q, which this test does not know", word)
		}
	}
	if entries, ok := schema["additionalProperties"].(map[string]any); ok {
		group, _ := v.(map[string]any)
		for k, e := range group {
			out = append(out, violations(entries, e, at+"."+k)...)
		}
	}
	return out
}

func kindOf(v any) string {
	switch v := v.(type) {
	case map[string]any:
		return "object"
	case []any:
		return "array"
	case string:
		return "string"
	case bool:
		return "boolean"
	case float64:
		if v == float64(int(v)) {
			return "integer"
		}
		return "number"
	}
	return "null"
}

func measure(word string, v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, strings.HasSuffix(word, "imum")
	case string:
		return float64(len([]rune(v))), strings.HasSuffix(word, "Length")
	case []any:
		return float64(len(v)), strings.HasSuffix(word, "Items")
	}
	return 0, false
}

// asTree decodes YAML into the values that JSON gives.
func asTree(t *testing.T, text []byte) any {
	t.Helper()
	data, err := yaml.YAMLToJSON(text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	var tree any
	if err := json.Unmarshal(data, &tree); err != nil {
		t.Fatal(err)
	}
	return tree
}

func schemaTree(t *testing.T) map[string]any {
	t.Helper()
	data, err := reference.JSONSchema()
	if err != nil {
		t.Fatal(err)
	}
	var schema map[string]any
	if err := json.Unmarshal(data, &schema); err != nil {
		t.Fatal(err)
	}
	return schema
}

// TestJSONSchema_accepts: an editor marks nothing in files that load, except keys without a value, of which the check
// warns too.
func TestJSONSchema_accepts(t *testing.T) {
	schema := schemaTree(t)
	check := func(name string, text []byte) {
		if bad := violations(schema, asTree(t, text), ""); bad != nil {
			t.Errorf("%s: %v", name, bad)
		}
	}
	check("local/rules.yml", local.SampleRules)
	for _, s := range snippets(t) {
		check(fmt.Sprintf("designers.md:%d", s.line), []byte(s.text))
	}
	paths, err := filepath.Glob("../../party/rules/testdata/load/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	for _, p := range paths {
		input, _, _ := strings.Cut(string(readFile(t, p)), "-----\n")
		name := filepath.Base(p)
		if strings.HasPrefix(name, "warn_") && name != "warn_comments.txt" || name == "ok_json.txt" || name == "ok_conditions.txt" {
			check(name, []byte(input))
		}
	}
}

// TestJSONSchema_refuses: an editor marks common mistakes.
func TestJSONSchema_refuses(t *testing.T) {
	schema := schemaTree(t)
	for name, text := range map[string]string{
		"no_version":    `{}`,
		"version":       `{version: 2}`,
		"unknown_key":   `{version: 1, partys: {}}`,
		"unknown_below": `{version: 1, parties: {max_size: {defualt: 3}}}`,
		"choice":        `{version: 1, parties: {open: closd}}`,
		"range":         `{version: 1, parties: {max_size: {max: 300}}}`,
		"duration":      `{version: 1, parties: {kick_ban: 10}}`,
		"duration_text": `{version: 1, parties: {kick_ban: soon}}`,
		"rate":          `{version: 1, limits: {share: 10}}`,
		"link":          `{version: 1, invites: {app: {web: "https://play.example.com"}}}`,
		"action":        `{version: 1, rules: [{id: a, on: [joyn], deny: "true"}]}`,
		"rule_no_id":    `{version: 1, rules: [{on: [join], deny: "true"}]}`,
		"queue_size":    `{version: 1, queues: {a: {teams: 2}}}`,
		"queue_name":    `{version: 1, queues: {"A b": {teams: 2, team_size: 2}}}`,
		"skill":         `{version: 1, queues: {a: {teams: 2, team_size: 2, skill: {window: 3}}}}`,
		"twice":         `{version: 1, status: {stages: [a, a]}}`,
	} {
		t.Run(name, func(t *testing.T) {
			if violations(schema, asTree(t, []byte(text)), "") == nil {
				t.Errorf("%s passes the schema", text)
			}
		})
	}
}
