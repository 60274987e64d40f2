// Package reference describes the rules file to people and editors: every key and fact with its
// meaning, default and allowed values, and the JSON Schema. It reads everything from the Go types
// of package rules and the comments on their fields, so it always agrees with the loader. It has
// no state.
package reference

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"reflect"
	"strings"
	"time"

	"partyline/party/rules"
)

// Entry describes one key of the rules file or one fact of conditions.
type Entry struct {
	Path    string // "parties.max_size.min"; <name> stands for a name that the file chooses
	Kind    string // "duration", "text", ...
	Doc     string
	Default string // as in the file, "" if there is none
	Allowed string // "" if the kind says enough
}

// Keys returns the keys of the rules file that have values, in the order of the schema.
func Keys() ([]Entry, error) {
	s, err := newSchema()
	if err != nil {
		return nil, err
	}
	var out []Entry
	s.walk(reflect.TypeFor[rules.Config](), "", s.defaults, func(f field) {
		if f.leaf() {
			out = append(out, f.entry())
		}
	})
	return out, nil
}

// Facts returns the facts of conditions, in the order of their groups.
func Facts() ([]Entry, error) {
	s, err := newSchema()
	if err != nil {
		return nil, err
	}
	var out []Entry
	s.walk(reflect.TypeFor[rules.Facts](), "", nil, func(f field) {
		if f.leaf() || f.typ.Kind() == reflect.Slice {
			out = append(out, f.entry())
		}
	})
	return out, nil
}

// schema holds the comments from the sources and the values of the default configuration.
type schema struct {
	docs     map[string]string // "Type.Field" -> comment
	defaults map[string]any
}

func newSchema() (*schema, error) {
	s := &schema{docs: map[string]string{}}
	names, err := fs.Glob(rules.Sources, "*.go")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if err := s.read(name); err != nil {
			return nil, err
		}
	}
	text, err := json.Marshal(rules.Default())
	if err != nil {
		return nil, err
	}
	return s, json.Unmarshal(text, &s.defaults)
}

// read collects the field comments of one source file.
func (s *schema) read(name string) error {
	src, err := fs.ReadFile(rules.Sources, name)
	if err != nil {
		return err
	}
	file, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ParseComments)
	if err != nil {
		return err
	}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok {
			return true
		}
		if st, ok := spec.Type.(*ast.StructType); ok {
			for _, f := range st.Fields.List {
				for _, id := range f.Names {
					s.docs[spec.Name.Name+"."+id.Name] = strings.Join(strings.Fields(f.Doc.Text()), " ")
				}
			}
		}
		return true
	})
	return nil
}

// field is one key that walk visits.
type field struct {
	path  string
	typ   reflect.Type
	tag   reflect.StructTag
	doc   string
	value any // default, as JSON
}

func (f field) leaf() bool {
	t := f.typ
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Struct:
		return t == reflect.TypeFor[rules.Rate]() || t == reflect.TypeFor[rules.TeamSize]() || t == reflect.TypeFor[time.Time]()
	case reflect.Slice, reflect.Map:
		return t.Elem().Kind() != reflect.Struct
	}
	return true
}

// walk visits every key below t, each group before its keys. Queues and list entries appear once,
// as <name> and [].
func (s *schema) walk(t reflect.Type, path string, defaults map[string]any, visit func(field)) {
	for i := range t.NumField() {
		sf := t.Field(i)
		key := sf.Tag.Get("yaml")
		if key == "-" || sf.Tag.Get("expr") == "-" {
			continue
		}
		f := field{path: key, typ: sf.Type, tag: sf.Tag, doc: s.docs[t.Name()+"."+sf.Name], value: defaults[key]}
		if path != "" {
			f.path = path + "." + key
		}
		visit(f)
		below, _ := f.value.(map[string]any)
		switch inner := sf.Type; {
		case f.leaf():
		case inner.Kind() == reflect.Struct:
			s.walk(inner, f.path, below, visit)
		case inner.Kind() == reflect.Pointer:
			s.walk(inner.Elem(), f.path, defaultsOf(inner.Elem()), visit)
		case inner.Kind() == reflect.Map:
			s.walk(inner.Elem(), f.path+".<name>", defaultsOf(inner.Elem()), visit)
		case inner.Kind() == reflect.Slice:
			s.walk(inner.Elem(), f.path+"[]", nil, visit)
		}
	}
}

// defaultsOf returns the defaults of entries that the file itself adds, such as queues.
func defaultsOf(t reflect.Type) map[string]any {
	q := rules.DefaultOf[rules.Queue]()
	skill := rules.DefaultOf[rules.Skill]()
	parity, latency, accept, fleet := rules.DefaultOf[rules.Parity](), rules.DefaultOf[rules.Latency](), rules.DefaultOf[rules.Accept](), rules.DefaultOf[rules.Fleet]()
	q.Skill, q.Parity, q.Latency, q.Accept, q.Fleet = &skill, &parity, &latency, &accept, &fleet
	c := rules.Config{Queues: map[string]rules.Queue{"q": q}}
	text, err := json.Marshal(c)
	if err != nil {
		panic(err) // a schema type that does not marshal; any test finds this
	}
	var tree struct {
		Queues map[string]map[string]any `json:"queues"`
	}
	if err := json.Unmarshal(text, &tree); err != nil {
		panic(err)
	}
	out := tree.Queues["q"]
	switch t {
	case reflect.TypeFor[rules.Skill]():
		out, _ = out["skill"].(map[string]any)
	case reflect.TypeFor[rules.Parity]():
		out, _ = out["parity"].(map[string]any)
	case reflect.TypeFor[rules.Latency]():
		out, _ = out["latency"].(map[string]any)
	case reflect.TypeFor[rules.Fleet]():
		out, _ = out["fleet"].(map[string]any)
	case reflect.TypeFor[rules.Accept]():
		out, _ = out["accept"].(map[string]any)
	}
	for k, v := range out {
		if v == 0.0 { // zero means the value of another key, or that the key is required
			delete(out, k)
		}
	}
	return out
}

func (f field) entry() Entry {
	e := Entry{Path: f.path, Kind: kind(f.typ), Doc: f.doc, Allowed: f.allowed()}
	if f.value != nil && f.tag.Get("required") != "true" {
		text, err := json.Marshal(f.value)
		if err != nil {
			panic(err)
		}
		e.Default = strings.ReplaceAll(string(text), `","`, `", "`)
		if s, ok := f.value.(string); ok && s != "" {
			e.Default = s
		}
	}
	return e
}

func kind(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[time.Duration]():
		return "duration"
	case reflect.TypeFor[rules.Rate]():
		return "rate"
	case reflect.TypeFor[rules.TeamSize]():
		return "1 to 128, or {max, min, after}"
	case reflect.TypeFor[time.Time]():
		return "time"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "whole number"
	case reflect.Float64:
		return "number"
	case reflect.Slice:
		return "list"
	case reflect.Map:
		return "names with values"
	case reflect.Interface:
		return "any"
	}
	return "text"
}

// allowed describes the values that the tags allow.
func (f field) allowed() string {
	if one := f.tag.Get("oneof"); one != "" {
		return strings.ReplaceAll(one, "|", ", ")
	}
	low, high, ok := strings.Cut(f.tag.Get("limit"), "..")
	if !ok {
		return ""
	}
	unit := ""
	switch f.typ.Kind() {
	case reflect.String:
		unit = " characters"
	case reflect.Slice, reflect.Map:
		unit = " entries"
	}
	switch {
	case low == high:
		return high + unit
	case low == "":
		return "up to " + high + unit
	}
	return fmt.Sprintf("%s to %s%s", low, high, unit)
}
