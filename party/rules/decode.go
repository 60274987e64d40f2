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

// decoder fills a Go value from a tree and checks it, by the tags of its fields. A key that the tree does not have
// keeps its value, so a file is decoded over the defaults. Decoding goes on after a problem.
type decoder struct {
	src      *source
	problems Problems
	more     int              // problems beyond maxProblems
	refused  bool             // one of them is an error
	nodes    map[string]*node // each value's node, by path
	broken   map[string]bool  // paths with a value that could not be used
	inspect  Inspector        // nil = none
}

func newDecoder(data []byte, name string) *decoder {
	return &decoder{src: newSource(data, name), nodes: map[string]*node{}, broken: map[string]bool{}}
}

// maxProblems is how many problems of a file are listed. The others are counted.
const maxProblems = 200

// listsMore reports whether a further problem is listed.
func (d *decoder) listsMore() bool { return len(d.problems) < maxProblems }

// report adds a problem.
func (d *decoder) report(sev Severity, p place, path, what, allowed string) {
	if d.listsMore() {
		d.problems = append(d.problems, d.src.problem(sev, p, path, what, allowed))
		return
	}
	d.more++
	d.refused = d.refused || sev == Error
}

// fail reports an error at p and excludes path from further checks.
func (d *decoder) fail(p place, path, what, allowed string) {
	d.broken[path] = true
	d.report(Error, p, path, what, allowed)
}

// isSet reports whether the file has a value at path.
func (d *decoder) isSet(path string) bool {
	n, is := d.nodes[path]
	return is && n.kind != nullNode
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

// decodeField sets v, the field of a group with that tag, from n.
func (d *decoder) decodeField(n *node, v reflect.Value, path string, tag reflect.StructTag) {
	d.decode(n, v, path, tag)
	if limit := tag.Get("limit"); limit != "" && d.isSet(path) && !d.broken[path] {
		d.checkLimit(v, limit, path)
	}
}

// decode sets v from n and checks it by the tag of its field. v may also be an entry of the field's list. An empty
// value in the file leaves v unchanged.
func (d *decoder) decode(n *node, v reflect.Value, path string, tag reflect.StructTag) {
	d.nodes[path] = n
	switch kind := v.Kind(); {
	case n.kind == nullNode: // a group may be empty
		one := !isGroup(v.Type()) && !slices.Contains([]reflect.Kind{reflect.Slice, reflect.Map, reflect.Pointer, reflect.Interface}, kind)
		d.warnIf(one, path, "has no value, so the default holds", "write a value, or remove the key")
	case v.Type() == teamSizeType && n.kind != mapNode:
		most := joinPath(path, "max")
		d.decodeField(n, v.Field(0), most, teamSizeType.Field(0).Tag)
		d.broken[path] = d.broken[most]
	case kind == reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
			setDefaults(v.Elem())
		}
		d.decode(n, v.Elem(), path, tag)
	case isGroup(v.Type()) && n.kind == mapNode:
		d.decodeGroup(n, v, path)
	case kind == reflect.Slice && n.kind == listNode:
		d.decodeList(n, v, path, tag)
	case kind == reflect.Map && n.kind == mapNode:
		d.decodeMap(n, v, path, tag)
	case kind == reflect.Interface:
		v.Set(reflect.ValueOf(untyped(n)))
	case v.Type() == durationType && n.lacksUnit():
		d.fail(n.at, path, n.text+" has no unit", fmt.Sprintf("write %ss or %sm", clip(n.text), clip(n.text)))
	default:
		value, ok := n.convert(v.Type(), formOf(tag))
		if !ok {
			d.fail(n.at, path, "is "+n.describe(), "expected "+n.wanted(v.Type()))
			return
		}
		v.Set(reflect.ValueOf(value).Convert(v.Type()))
		if kind == reflect.String {
			d.checkText(v.String(), tag, path)
		}
	}
}

// lacksUnit reports whether n is a number that is a duration once it has a unit.
func (n *node) lacksUnit() bool {
	_, err := ParseDuration(n.text + "s")
	return err == nil && n.kind == numberNode && n.text != "0"
}

// convert converts a single value to the type t. ok is false if it cannot.
func (n *node) convert(t reflect.Type, form string) (value any, ok bool) {
	switch t.Kind() {
	case reflect.String:
		if n.kind == boolNode && (form == "condition" || form == "word") {
			return strings.ToLower(n.text), true
		}
		return n.text, n.kind == textNode || n.kind == numberNode && exponentNumber.MatchString(n.text)
	case reflect.Bool:
		return n.isTrue(), n.kind == boolNode
	case reflect.Int:
		i, err := strconv.ParseInt(n.text, 10, 32)
		return i, err == nil && n.kind == numberNode
	case reflect.Float64:
		f, is := Number(n.text)
		return f, is && n.kind == numberNode
	}
	text, is := textTypes[t]
	if !is {
		return nil, false
	}
	value, err := text.parse(n.text)
	return value, err == nil
}

// wanted says how a value of the type t is written.
func (n *node) wanted(t reflect.Type) string {
	if isGroup(t) {
		return "the keys " + JoinWords(tagValues(t, "yaml"), "and")
	}
	switch t.Kind() {
	case reflect.Slice:
		return "a list, such as [a, b]"
	case reflect.Map:
		return "names with values"
	case reflect.String:
		if n.kind == numberNode || n.kind == boolNode {
			return fmt.Sprintf("text: put it in quotes, %q", clip(n.text))
		}
		return "text"
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	}
	return textTypes[t].want
}

// decodeGroup decodes a mapping into a struct. Unknown keys are errors, and so are missing ones that are required.
func (d *decoder) decodeGroup(n *node, v reflect.Value, path string) {
	known := tagValues(v.Type(), "yaml")
	for _, e := range n.keys {
		if f, is := fieldByTag(v.Type(), "yaml", e.name); is {
			d.decodeField(e.val, v.FieldByIndex(f.Index), joinPath(path, e.name), f.Tag)
			continue
		}
		d.fail(e.at, joinPath(path, clip(e.name)), "unknown key"+suggest(e.name, known), "known here: "+JoinWords(known, "and"))
	}
	for f := range v.Type().Fields() {
		at := joinPath(path, f.Tag.Get("yaml"))
		d.rejectIf(f.Tag.Get("required") == "true" && !d.isSet(at), at, "is missing", "")
	}
}

// formOf returns the form of a field's values. It is "word" if true is one of the choices: then true and false
// need no quotes.
func formOf(tag reflect.StructTag) string {
	if strings.Contains("|"+tag.Get("oneof")+"|", "|true|") {
		return "word"
	}
	return tag.Get("form")
}

func (d *decoder) decodeList(n *node, v reflect.Value, path string, tag reflect.StructTag) {
	out := reflect.MakeSlice(v.Type(), len(n.items), len(n.items))
	words := map[string]bool{}
	for i, item := range n.items {
		e, at := out.Index(i), indexPath(path, i)
		setDefaults(e)
		d.decode(item, e, at, tag)
		if item.kind == nullNode {
			d.fail(item.at, at, "is empty", "")
		}
		if e.Kind() == reflect.String {
			d.rejectIf(words[e.String()], at, fmt.Sprintf("%q is in the list twice", clip(e.String())), "")
			words[e.String()] = true
		}
	}
	v.Set(out)
}

// decodeMap decodes names with values. The tag's form is that of the names. A map without one has facts.
func (d *decoder) decodeMap(n *node, v reflect.Value, path string, tag reflect.StructTag) {
	names, isFile := forms[tag.Get("form")]
	var values reflect.StructTag
	switch of := v.Type().Elem().Kind(); {
	case of == reflect.Map: // the texts of one language
		values = `limit:"..128" form:"page_text"`
	case isFile && of == reflect.String:
		values = `limit:"..280"`
	}
	out := reflect.MakeMapWithSize(v.Type(), len(n.keys))
	for _, e := range n.keys {
		at, val := joinPath(path, e.name), reflect.New(v.Type().Elem()).Elem()
		setDefaults(val)
		if val.Kind() == reflect.Struct && e.val.kind == nullNode {
			e.val = &node{kind: mapNode, at: e.at} // use all defaults
		}
		d.decodeField(e.val, val, at, values)
		if isFile && !names.valid(e.name) {
			d.fail(e.at, at, fmt.Sprintf("%q cannot be a name", clip(e.name)), names.allowed)
		}
		out.SetMapIndex(reflect.ValueOf(e.name), val)
	}
	v.Set(out)
}

// untyped converts a tree to untyped Go values, as json.Unmarshal does.
func untyped(n *node) any {
	switch n.kind {
	case nullNode:
		return nil
	case boolNode:
		return n.isTrue()
	case numberNode:
		if f, ok := Number(n.text); ok {
			return f
		}
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
	return n.text
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

// JoinWords joins words for a sentence, such as "a, b and c".
func JoinWords(words []string, and string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " " + and + " " + words[last]
}
