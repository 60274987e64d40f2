package api

import (
	"errors"
	"fmt"
	"go/constant"
	"go/types"
	"reflect"
	"slices"
	"strings"
)

// objectCache maps Go types to the objects and enumerations made of them.
type objectCache map[types.Type]any

// object returns the JSON form of a struct.
func (f *finder) object(name string, t types.Type, sent bool) (*Object, error) {
	named, _ := types.Unalias(t).(*types.Named)
	fields, ok := t.Underlying().(*types.Struct)
	if named == nil || !ok {
		return nil, fmt.Errorf("%s is not a named struct", t)
	}
	o := &Object{Name: name, Doc: f.comments.renamedDoc(f.source.files, named.Obj(), name), Sent: sent}
	return o, f.addFields(o, fields)
}

// addFields adds the fields of a struct. The fields of an embedded struct take its place. An embedded pointer
// may be nil, so its fields are optional.
func (f *finder) addFields(o *Object, s *types.Struct) error {
	var problems []error
	for i := range s.NumFields() {
		v, tag := s.Field(i), reflect.StructTag(s.Tag(i)).Get("json")
		name, options, _ := strings.Cut(tag, ",")
		embedded := v.Type()
		pointer, absent := embedded.(*types.Pointer)
		if absent {
			embedded = pointer.Elem()
		}
		inner, isStruct := embedded.Underlying().(*types.Struct)
		switch {
		case v.Embedded() && name == "" && isStruct:
			before := len(o.Fields)
			problems = append(problems, f.addFields(o, inner))
			for i := range o.Fields[before:] {
				o.Fields[before+i].Optional = o.Fields[before+i].Optional || absent
			}
			continue
		case name == "-" || !v.Exported():
			continue
		case name == "":
			problems = append(problems, fmt.Errorf("the field %s has no JSON name", v.Name()))
			continue
		}
		field := Field{Name: name, Doc: f.comments.doc(f.source.files, v), Optional: slices.Contains(strings.Split(options, ","), "omitempty")}
		t := v.Type()
		if p, ok := t.(*types.Pointer); ok {
			t, field.Pointer, field.Nullable = p.Elem(), true, !field.Optional && !o.Sent
		}
		var err error
		if field.Type, err = f.jsonType(t, o.Sent); err != nil {
			problems = append(problems, fmt.Errorf("the field %s: %w", name, err))
		}
		o.Fields = append(o.Fields, field)
	}
	return errors.Join(problems...)
}

// jsonType returns the JSON form of a Go type.
func (f *finder) jsonType(t types.Type, sent bool) (Type, error) {
	if named, ok := types.Unalias(t).(*types.Named); ok {
		if path := named.Obj().Pkg().Path(); path+"."+named.Obj().Name() == "encoding/json.RawMessage" {
			return Type{Kind: Any}, nil
		}
		for _, method := range []string{"MarshalJSON", "MarshalText"} {
			if has, _, _ := types.LookupFieldOrMethod(named, true, named.Obj().Pkg(), method); has != nil {
				return Type{}, fmt.Errorf("%s writes itself by %s, so its form is not known", t, method)
			}
		}
		return f.namedType(named, sent)
	}
	switch t := t.(type) {
	case *types.Basic:
		return basicType(t)
	case *types.Slice:
		elem, err := f.jsonType(t.Elem(), sent)
		return Type{Kind: List, Elem: &elem}, err
	case *types.Array:
		elem, err := f.jsonType(t.Elem(), sent)
		return Type{Kind: List, Elem: &elem, Length: int(t.Len())}, err
	case *types.Map:
		elem, err := f.jsonType(t.Elem(), sent)
		return Type{Kind: Map, Elem: &elem}, err
	case *types.Interface:
		return Type{Kind: Any}, nil
	case *types.Pointer:
		return f.jsonType(t.Elem(), sent)
	}
	return Type{}, fmt.Errorf("%s has no known JSON form", t)
}

func basicType(t *types.Basic) (Type, error) {
	switch info := t.Info(); {
	case info&types.IsString != 0:
		return Type{Kind: Text}, nil
	case info&types.IsBoolean != 0:
		return Type{Kind: Bool}, nil
	case info&types.IsInteger != 0:
		return Type{Kind: Whole}, nil
	case info&types.IsFloat != 0:
		return Type{Kind: Number}, nil
	}
	return Type{}, fmt.Errorf("%s has no known JSON form", t)
}

// namedType returns the form of a named type: an object, an enumeration, or the form of its underlying type.
func (f *finder) namedType(named *types.Named, sent bool) (Type, error) {
	name := camelCase(named.Obj().Name())
	if pkg := named.Obj().Pkg(); pkg.Path() != partyPackage && pkg.Path() != rpcPackage {
		name = camelCase(pkg.Name()) + name
	}
	switch known := f.objects[named].(type) {
	case *Object:
		known.Sent = known.Sent || sent
		return Type{Kind: Known, Object: known}, nil
	case *Enum:
		return Type{Kind: Text, Enum: known}, nil
	}
	switch under := named.Underlying().(type) {
	case *types.Struct:
		o := &Object{Name: name, Doc: f.comments.renamedDoc(f.source.files, named.Obj(), name), Sent: sent}
		f.objects[named] = o
		return Type{Kind: Known, Object: o}, f.addFields(o, under)
	case *types.Basic:
		values := f.values(named.Obj().Pkg(), named)
		if under.Info()&types.IsString == 0 || len(values) == 0 {
			return basicType(under)
		}
		e := &Enum{Name: name, Doc: f.comments.renamedDoc(f.source.files, named.Obj(), name), Values: values}
		f.objects[named] = e
		return Type{Kind: Text, Enum: e}, nil
	default:
		return f.jsonType(under, sent)
	}
}

// values returns the constants of a type in source order.
func (f *finder) values(pkg *types.Package, t types.Type) []Value {
	var constants []*types.Const
	for _, name := range pkg.Scope().Names() {
		if c, ok := pkg.Scope().Lookup(name).(*types.Const); ok && types.Identical(c.Type(), t) {
			constants = append(constants, c)
		}
	}
	slices.SortFunc(constants, func(a, b *types.Const) int { return int(a.Pos() - b.Pos()) })
	values := make([]Value, len(constants))
	for i, c := range constants {
		values[i] = Value{constant.StringVal(c.Val()), strings.TrimPrefix(f.comments.doc(f.source.files, c), c.Name()+": ")}
	}
	return values
}

// mergeObjects returns an object that has one of two forms. Fields that only one form has are optional.
func mergeObjects(a, b *Object) *Object {
	has := func(o *Object, name string) bool {
		return slices.ContainsFunc(o.Fields, func(f Field) bool { return f.Name == name })
	}
	for i := range a.Fields {
		a.Fields[i].Optional = a.Fields[i].Optional || !has(b, a.Fields[i].Name)
	}
	for _, field := range b.Fields {
		if !has(a, field.Name) {
			field.Optional = true
			a.Fields = append(a.Fields, field)
		}
	}
	return a
}

// camelCase converts a name in snake case to camel case with a capital first letter.
func camelCase(name string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(name, "_") {
		if word != "" {
			b.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return b.String()
}
