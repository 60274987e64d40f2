package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
)

// Fits reports what is wrong with a JSON text that should be an object of this form, or nil.
// Unknown fields are errors, and so are values that an enumeration does not have.
func (o *Object) Fits(text []byte) error {
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		return err
	}
	return Type{Kind: Known, Object: o}.check(o.Name, v)
}

func (t Type) check(path string, v any) error {
	ok := true
	switch t.Kind {
	case Text:
		var text string
		text, ok = v.(string)
		if ok && t.Enum != nil && !slices.ContainsFunc(t.Enum.Values, func(known Value) bool { return known.Text == text }) {
			return fmt.Errorf("%s: %q is no %s", path, text, t.Enum.Name)
		}
	case Bool:
		_, ok = v.(bool)
	case Number, Whole:
		var number float64
		number, ok = v.(float64)
		ok = ok && (t.Kind == Number || number == math.Trunc(number))
	case List:
		list, is := v.([]any)
		ok = is && (t.Length == 0 || len(list) == t.Length)
		for i, item := range list {
			if err := t.Elem.check(fmt.Sprintf("%s[%d]", path, i), item); err != nil {
				return err
			}
		}
	case Map:
		var items map[string]any
		items, ok = v.(map[string]any)
		for key, item := range items {
			if err := t.Elem.check(path+"."+key, item); err != nil {
				return err
			}
		}
	case Known:
		fields, is := v.(map[string]any)
		if is {
			return t.Object.check(path, fields)
		}
		ok = false
	}
	if !ok {
		return fmt.Errorf("%s: %v is of another type", path, v)
	}
	return nil
}

func (o *Object) check(path string, fields map[string]any) error {
	var problems []error
	for _, f := range o.Fields {
		v, given := fields[f.Name]
		switch {
		case !given && !f.Optional:
			problems = append(problems, fmt.Errorf("%s.%s: is not there", path, f.Name))
		case v == nil && given && !f.Nullable:
			problems = append(problems, fmt.Errorf("%s.%s: is null", path, f.Name))
		case v != nil:
			problems = append(problems, f.Type.check(path+"."+f.Name, v))
		}
		delete(fields, f.Name)
	}
	for name := range fields {
		problems = append(problems, fmt.Errorf("%s.%s: is not known", path, name))
	}
	return errors.Join(problems...)
}
