package reference

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"partyline/party/rules"
)

// Patterns of texts that stand for durations and rates.
const (
	durationPattern = `^([0-9]+d|([0-9]+d)?([0-9]+(\.[0-9]+)?(ms|s|m|h))+)$`
	ratePattern     = `^(none|[0-9]+/([smhd]|[0-9]+(ms|s|m|h|d)))$`
)

// JSONSchema returns the schema of the rules file for editors. It uses JSON Schema draft 7, which
// YAML plugins support best. It accepts slightly more than the loader, which also checks keys
// against each other and compiles conditions.
func JSONSchema() ([]byte, error) {
	s, err := newSchema()
	if err != nil {
		return nil, err
	}
	root := s.object(reflect.TypeFor[rules.Config](), s.defaults)
	root["$schema"] = "http://json-schema.org/draft-07/schema#"
	root["title"] = "Partyline rules"
	root["required"] = []string{"version"}
	out, err := json.MarshalIndent(root, "", "  ")
	return append(out, '\n'), err
}

func (s *schema) object(t reflect.Type, defaults map[string]any) map[string]any {
	properties := map[string]any{}
	var required []string
	for i := range t.NumField() {
		f := t.Field(i)
		key := f.Tag.Get("yaml")
		if key == "-" {
			continue
		}
		prop := s.property(f, defaults[key])
		if doc := s.docs[t.Name()+"."+f.Name]; doc != "" {
			prop["description"] = doc
		}
		if f.Tag.Get("required") == "true" {
			required = append(required, key)
		} else if d := defaults[key]; d != nil && f.Type.Kind() != reflect.Struct {
			prop["default"] = d
		}
		properties[key] = prop
	}
	out := map[string]any{"type": "object", "additionalProperties": false, "properties": properties}
	if required != nil {
		out["required"] = required
	}
	return out
}

func (s *schema) property(f reflect.StructField, value any) map[string]any {
	t := f.Type
	below, _ := value.(map[string]any)
	switch t {
	case reflect.TypeFor[time.Duration]():
		return map[string]any{"anyOf": []any{map[string]any{"type": "string", "pattern": durationPattern}, map[string]any{"const": 0}}}
	case reflect.TypeFor[rules.Rate]():
		return map[string]any{"type": "string", "pattern": ratePattern}
	case reflect.TypeFor[rules.TeamSize]():
		sizes := s.object(t, nil)
		short := map[string]any{"type": "integer", "minimum": 1, "maximum": 128}
		return map[string]any{"anyOf": []any{short, sizes}}
	}
	switch t.Kind() {
	case reflect.Struct:
		return s.object(t, below)
	case reflect.Pointer:
		return s.object(t.Elem(), defaultsOf(t.Elem()))
	case reflect.Slice:
		out := map[string]any{"type": "array", "items": s.item(t.Elem(), entryTag(f.Tag))}
		bounds(out, f.Tag, "minItems", "maxItems")
		if t.Elem().Kind() == reflect.String {
			out["uniqueItems"] = true
		}
		return out
	case reflect.Map:
		values := s.item(t.Elem(), "")
		if t.Elem().Kind() == reflect.Map { // languages: the keys of each are the keys of page_text
			values = map[string]any{
				"type": "object", "additionalProperties": map[string]any{"type": "string"},
				"propertyNames": map[string]any{"pattern": formPattern("page_text")},
			}
		}
		out := map[string]any{"type": "object", "additionalProperties": values}
		if p := formPattern(f.Tag.Get("form")); p != "" {
			out["propertyNames"] = map[string]any{"pattern": p}
		}
		return out
	}
	return s.item(t, f.Tag)
}

// item returns the schema of a value without its own key: a list entry, or a plain value.
func (s *schema) item(t reflect.Type, tag reflect.StructTag) map[string]any {
	out := map[string]any{}
	switch t.Kind() {
	case reflect.Struct:
		return s.object(t, defaultsOf(t))
	case reflect.Bool:
		out["type"] = "boolean"
	case reflect.Int:
		out["type"] = "integer"
		bounds(out, tag, "minimum", "maximum")
	case reflect.Float64:
		out["type"] = "number"
		bounds(out, tag, "minimum", "maximum")
	default:
		s.text(out, tag)
	}
	return out
}

// formPattern returns the regular expression of a form, or "" if none describes it. That of page_text lists all keys.
func formPattern(form string) string {
	if form == "page_text" {
		return "^(" + strings.Join(slices.Sorted(maps.Keys(rules.PageTexts())), "|") + "|stage_.+)$"
	}
	return rules.FormPattern(form)
}

func (s *schema) text(out map[string]any, tag reflect.StructTag) {
	out["type"] = "string"
	if one := tag.Get("oneof"); one != "" {
		delete(out, "type")
		var choices []any
		for _, c := range strings.Split(one, "|") {
			switch c {
			case "true", "false":
				choices = append(choices, c == "true")
			default:
				choices = append(choices, c)
			}
		}
		out["enum"] = choices
		return
	}
	if tag.Get("form") == "condition" {
		out["type"] = []string{"string", "boolean"}
	}
	if p := formPattern(tag.Get("form")); p != "" {
		if tag.Get("required") != "true" {
			p = "^$|" + p // empty is the same as left out
		}
		out["pattern"] = p
	}
	bounds(out, tag, "minLength", "maxLength")
}

// entryTag returns the part of a list's tag that concerns each entry, not the length of the list.
func entryTag(tag reflect.StructTag) reflect.StructTag {
	return reflect.StructTag(fmt.Sprintf(`oneof:%q form:%q required:"true"`, tag.Get("oneof"), tag.Get("form")))
}

// bounds copies the limits of the tag if they are numbers. The keys say what the schema counts.
func bounds(out map[string]any, tag reflect.StructTag, low, high string) {
	from, to, ok := strings.Cut(tag.Get("limit"), "..")
	if !ok {
		return
	}
	if n, err := strconv.Atoi(from); err == nil {
		out[low] = n
	}
	if n, err := strconv.Atoi(to); err == nil {
		out[high] = n
	}
}
