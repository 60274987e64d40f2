package rules

import "reflect"

// Default returns the configuration of a missing or empty file. Parties then work as in the stock server,
// except for the holes that docs/operators.md lists.
func Default() Config { return DefaultOf[Config]() }

// DefaultOf returns the defaults of a group of keys, such as a [Queue] or its [Skill]. 0 stands for the value of
// another key: MaxParty of a queue is its team size, Max of Skill is the window, and Max of Latency is the start.
func DefaultOf[T any]() (group T) {
	setDefaults(reflect.ValueOf(&group).Elem())
	return group
}

// setDefaults sets the values of the default tags in a group and in the groups within it.
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
		d := newDecoder([]byte(text), f.Name)
		d.decode(d.parse(), field, "", f.Tag)
		if len(d.problems) > 0 {
			panic("rules: default tag: " + d.problems.Error())
		}
	}
}
