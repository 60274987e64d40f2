package rules

import "reflect"

// Default is the configuration of an absent or empty file: parties as the
// server has them, apart from the holes that docs/operators.md lists.
func Default() Config { return DefaultOf[Config]() }

// DefaultOf is what a group of keys has that the file leaves out, such as a [Queue] or its
// [Skill]. Until the file is loaded, 0 stands for the value of another key: in a queue's
// MaxParty for its team size, in Max of Skill and Latency for the window and the start.
func DefaultOf[T any]() (group T) {
	setDefaults(reflect.ValueOf(&group).Elem())
	return group
}

// setDefaults sets what the default tags of a group, and of the groups in it, say.
func setDefaults(v reflect.Value) {
	if !isGroup(v.Type()) {
		return
	}
	for f, field := range v.Fields() {
		setDefaults(field)
		text, ok := f.Tag.Lookup("default")
		if !ok {
			continue
		}
		d := newDecoder(newSource([]byte(text), f.Name))
		root := &node{kind: wordNode, text: text}
		switch {
		case f.Type.Kind() == reflect.String:
			root.kind = textNode
		case text[0] == '[' || text[0] == '{':
			root = d.parse()
		}
		d.decode(root, field, "", formOf(f))
		if len(d.problems) > 0 {
			panic("rules: default tag: " + d.problems.Error())
		}
	}
}
