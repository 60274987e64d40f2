package rules

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

var (
	durationType = reflect.TypeFor[time.Duration]()
	timeType     = reflect.TypeFor[time.Time]()
	rateType     = reflect.TypeFor[Rate]()
	teamSizeType = reflect.TypeFor[TeamSize]()
)

// textTypes are the types that a file writes as text in a special format.
var textTypes = map[reflect.Type]struct {
	parse func(string) (any, error)
	want  string
}{
	durationType: {func(s string) (any, error) { return ParseDuration(s) }, "a duration such as 90s, 10m, 24h or 30d"},
	rateType:     {func(s string) (any, error) { return ParseRate(s) }, "a rate such as 20/m, 5/10s or none"},
	timeType:     {func(s string) (any, error) { return time.Parse(time.RFC3339, s) }, "a time such as 2026-01-31T18:00:00Z"},
}

// decoder fills a Go value from a tree, by the yaml tags of its fields. A key that the tree does not have keeps
// its value, so a file is decoded over the defaults. Decoding goes on after a problem.
type decoder struct {
	src       *source
	problems  Problems
	nodes     map[string]*node // each value's node, by path
	keyPlaces map[string]place // the place of each key of a map, by path
	broken    map[string]bool  // paths with a value that could not be used
	inspect   Inspector        // nil = none
}

func newDecoder(src *source) *decoder {
	return &decoder{src: src, nodes: map[string]*node{}, keyPlaces: map[string]place{}, broken: map[string]bool{}}
}

// fail reports an error at p and excludes path from further checks.
func (d *decoder) fail(p place, path, what, allowed string) {
	d.broken[path] = true
	d.problems = append(d.problems, d.src.problem(Error, p, path, what, allowed))
}

// isSet reports whether the file sets path.
func (d *decoder) isSet(path string) bool {
	_, is := d.nodes[path]
	return is
}

// placeOf returns where the file sets path, or else the nearest group or list around it.
func (d *decoder) placeOf(path string) place {
	for {
		if n, ok := d.nodes[path]; ok {
			return n.at
		}
		cut := strings.LastIndexAny(path, ".[")
		if cut < 0 {
			return place{}
		}
		path = path[:cut]
	}
}

func joinPath(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// indexPath returns the path of a list's entry. Paths count from 1, as people do.
func indexPath(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i+1) }

// isGroup reports whether t is a group of keys. A text in a special format is none.
func isGroup(t reflect.Type) bool {
	_, text := textTypes[t]
	return t.Kind() == reflect.Struct && !text
}

// decode sets v from n. An empty value in the file leaves v unchanged.
func (d *decoder) decode(n *node, v reflect.Value, path, form string) {
	d.nodes[path] = n
	_, noNumber := strconv.ParseFloat(n.text, 64)
	switch kind := v.Kind(); {
	case n.kind == nullNode: // a group may be empty
		one := !isGroup(v.Type()) && !slices.Contains([]reflect.Kind{reflect.Slice, reflect.Map, reflect.Pointer, reflect.Interface}, kind)
		d.warnIf(one, path, "has no value, so the default holds", "write a value, or remove the key")
	case v.Type() == teamSizeType && n.kind != mapNode:
		d.decode(n, v.Field(0), joinPath(path, "max"), "")
		d.broken[path] = d.broken[joinPath(path, "max")]
	case kind == reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
			setDefaults(v.Elem())
		}
		d.decode(n, v.Elem(), path, form)
	case isGroup(v.Type()):
		d.decodeGroup(n, v, path)
	case kind == reflect.Slice:
		d.decodeList(n, v, path, form)
	case kind == reflect.Map:
		d.decodeMap(n, v, path)
	case kind == reflect.Interface:
		v.Set(reflect.ValueOf(untyped(n)))
	case v.Type() == durationType && n.kind == scalarNode && noNumber == nil && n.text != "0":
		d.fail(n.at, path, n.text+" has no unit", fmt.Sprintf("write %ss or %sm", clip(n.text), clip(n.text)))
	default:
		value, want := n.convert(v.Type(), form)
		if want != "" {
			d.fail(n.at, path, "is "+n.describe(), "expected "+want)
			return
		}
		v.Set(reflect.ValueOf(value).Convert(v.Type()))
	}
}

// convert converts a single value to the type t. If it cannot, want names what was expected.
func (n *node) convert(t reflect.Type, form string) (value any, want string) {
	const smallLetters = "true or false in small letters"
	if text, is := textTypes[t]; is {
		value, err := text.parse(n.text)
		if err != nil {
			return nil, text.want
		}
		return value, ""
	}
	switch word := form == "condition" || form == "word"; t.Kind() {
	case reflect.String:
		switch {
		case n.kind == textNode, exponentNumber.MatchString(n.text), n.isBool() && word:
			return n.text, ""
		case n.isBoolWord() && word:
			return nil, smallLetters
		case n.kind == scalarNode:
			return nil, fmt.Sprintf("text: put it in quotes, %q", clip(n.text))
		}
		return nil, "text"
	case reflect.Bool:
		switch {
		case n.isBool():
			return n.text == "true", ""
		case n.isBoolWord():
			return nil, smallLetters
		}
		return nil, "true or false"
	case reflect.Int:
		if i, err := strconv.ParseInt(n.text, 10, 32); err == nil && n.kind == scalarNode {
			return i, ""
		}
		return nil, "a whole number"
	case reflect.Float64:
		if f, ok := Number(n.text); ok && n.kind == scalarNode {
			return f, ""
		}
		return nil, "a number"
	}
	panic("rules: the schema uses " + t.String())
}

// decodeGroup decodes a mapping into a struct. Unknown keys are errors.
func (d *decoder) decodeGroup(n *node, v reflect.Value, path string) {
	if n.kind != mapNode {
		d.fail(n.at, path, "is "+n.describe(), "expected the keys "+joinWords(tagValues(v.Type(), "yaml"), "and"))
		return
	}
	for _, e := range n.keys {
		if f, known := fieldByTag(v.Type(), "yaml", e.name); known {
			d.decode(e.val, v.FieldByIndex(f.Index), joinPath(path, e.name), formOf(f))
		} else {
			d.unknownKey(v.Type(), e, path)
		}
	}
}

// formOf returns the form of a field's values. It is "word" if true is one of the choices: then true and false
// need no quotes.
func formOf(f reflect.StructField) string {
	if strings.Contains("|"+f.Tag.Get("oneof")+"|", "|true|") {
		return "word"
	}
	return f.Tag.Get("form")
}

func (d *decoder) unknownKey(t reflect.Type, e entry, path string) {
	known := tagValues(t, "yaml")
	hint := suggest(e.name, known)
	if other := findKey(reflect.TypeFor[Config](), "", e.name, path); hint == "" && other != "" {
		hint = `, did you mean "` + other + `"?`
	}
	d.fail(e.at, joinPath(path, clip(e.name)), "unknown key"+hint, "known here: "+joinWords(known, "and"))
}

// findKey returns the path of a key with that name in the group t at path, or in a group within it. It skips
// the group notIn.
func findKey(t reflect.Type, path, key, notIn string) string {
	for f := range t.Fields() {
		at := joinPath(path, f.Tag.Get("yaml"))
		if f.Tag.Get("yaml") == key && path != notIn {
			return at
		}
		if isGroup(f.Type) {
			if found := findKey(f.Type, at, key, notIn); found != "" {
				return found
			}
		}
	}
	return ""
}

func (d *decoder) decodeList(n *node, v reflect.Value, path, form string) {
	if n.kind != listNode {
		d.fail(n.at, path, "is "+n.describe(), "expected a list, such as [a, b]")
		return
	}
	out := reflect.MakeSlice(v.Type(), len(n.items), len(n.items))
	for i, item := range n.items {
		setDefaults(out.Index(i))
		d.decode(item, out.Index(i), indexPath(path, i), form)
		if item.kind == nullNode {
			d.fail(item.at, indexPath(path, i), "is empty", "")
		}
	}
	v.Set(out)
}

func (d *decoder) decodeMap(n *node, v reflect.Value, path string) {
	if n.kind != mapNode {
		d.fail(n.at, path, "is "+n.describe(), "expected names with values")
		return
	}
	out := reflect.MakeMapWithSize(v.Type(), len(n.keys))
	for _, e := range n.keys {
		val := reflect.New(v.Type().Elem()).Elem()
		setDefaults(val)
		if val.Kind() == reflect.Struct && e.val.kind == nullNode {
			e.val = &node{kind: mapNode, at: e.at} // use all defaults
		}
		d.keyPlaces[joinPath(path, e.name)] = e.at
		d.decode(e.val, val, joinPath(path, e.name), "")
		out.SetMapIndex(reflect.ValueOf(e.name), val)
	}
	v.Set(out)
}

// untyped converts a tree to untyped Go values, as json.Unmarshal does, but whole numbers become int.
func untyped(n *node) any {
	switch n.kind {
	case textNode:
		return n.text
	case scalarNode:
		if n.isBool() {
			return n.text == "true"
		}
		if i, err := strconv.Atoi(n.text); err == nil {
			return i
		}
		if f, err := strconv.ParseFloat(n.text, 64); err == nil {
			return f
		}
		return n.text
	case listNode:
		out := make([]any, len(n.items))
		for i, item := range n.items {
			out[i] = untyped(item)
		}
		return out
	case mapNode:
		out := make(map[string]any, len(n.keys))
		for _, e := range n.keys {
			out[e.name] = untyped(e.val)
		}
		return out
	}
	return nil
}

// tagValues returns the values of a tag over the fields of a group.
func tagValues(t reflect.Type, tag string) (names []string) {
	for f := range t.Fields() {
		if name := f.Tag.Get(tag); name != "" && name != "-" {
			names = append(names, name)
		}
	}
	return names
}

// fieldByTag returns the field of a group with that value of the tag.
func fieldByTag(t reflect.Type, tag, name string) (field reflect.StructField, ok bool) {
	for f := range t.Fields() {
		if f.Tag.Get(tag) == name && name != "-" {
			return f, true
		}
	}
	return field, false
}

// joinWords joins words for a sentence, such as "a, b and c".
func joinWords(words []string, and string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " " + and + " " + words[last]
}
