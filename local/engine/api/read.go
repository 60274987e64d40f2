package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// readRequest fills a request message from the body, the path and the query, as Nakama's gateway does. The query sets
// only fields that neither body nor path sets. Unknown names are ignored.
func readRequest(r *http.Request, in proto.Message, body string, path map[string]string) error {
	m := in.ProtoReflect()
	fields := m.Descriptor().Fields()
	taken := map[protoreflect.Name]bool{}
	switch body {
	case "":
	case "*":
		if err := readJSON(r.Body, in); err != nil {
			return err
		}
	default:
		field := fields.ByName(protoreflect.Name(body))
		taken[field.Name()] = true
		if err := readJSON(r.Body, m.Mutable(field).Message().Interface()); err != nil {
			return err
		}
	}
	for name, value := range path {
		field := fields.ByName(protoreflect.Name(name))
		taken[field.Name()] = true
		if err := setField(m, field, []string{value}); err != nil {
			return err
		}
	}
	if body == "*" {
		return nil
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	for name, values := range query {
		key, inMap := "", false
		if open := strings.IndexByte(name, '['); open > 0 && strings.HasSuffix(name, "]") {
			name, key, inMap = name[:open], name[open+1:len(name)-1], true
		}
		field := fields.ByName(protoreflect.Name(name))
		if field == nil {
			field = fields.ByJSONName(name)
		}
		switch {
		case field == nil || taken[field.Name()] || field.IsMap() != inMap:
		case inMap:
			if err := setEntry(m, field, key, values); err != nil {
				return err
			}
		default:
			if err := setField(m, field, values); err != nil {
				return err
			}
		}
	}
	return nil
}

// readJSON reads the first JSON value of a body into a message. An empty body gives an empty message.
func readJSON(body io.Reader, into proto.Message) error {
	var text json.RawMessage
	switch err := json.NewDecoder(body).Decode(&text); {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return err
	}
	return protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(text, into)
}

// setField sets a field from all values of one name.
func setField(m protoreflect.Message, field protoreflect.FieldDescriptor, values []string) error {
	if field.IsList() {
		list := m.Mutable(field).List()
		for _, value := range values {
			v, err := parseValue(field, value)
			if err != nil {
				return fmt.Errorf("parsing list %q: %w", field.Name(), err)
			}
			list.Append(v)
		}
		return nil
	}
	if len(values) > 1 {
		return fmt.Errorf("too many values for field %q: %s", field.Name(), strings.Join(values, ", "))
	}
	target := m
	scalar := field
	if field.Kind() == protoreflect.MessageKind { // a wrapper message around a scalar: it can be unset
		target = m.NewField(field).Message()
		if scalar = target.Descriptor().Fields().ByName("value"); scalar == nil {
			return fmt.Errorf("parsing field %q: unsupported message type: %q", field.Name(), target.Descriptor().FullName())
		}
	}
	v, err := parseValue(scalar, values[0])
	if err != nil {
		return fmt.Errorf("parsing field %q: %w", field.Name(), err)
	}
	target.Set(scalar, v)
	if target != m {
		m.Set(field, protoreflect.ValueOfMessage(target))
	}
	return nil
}

func setEntry(m protoreflect.Message, field protoreflect.FieldDescriptor, key string, values []string) error {
	if len(values) != 1 {
		return fmt.Errorf("more than one value provided for key %q in map %q", key, field.FullName())
	}
	k, err := parseValue(field.MapKey(), key)
	if err != nil {
		return fmt.Errorf("parsing map key %q: %w", field.Name(), err)
	}
	v, err := parseValue(field.MapValue(), values[0])
	if err != nil {
		return fmt.Errorf("parsing map value %q: %w", field.Name(), err)
	}
	m.Mutable(field).Map().Set(k.MapKey(), v)
	return nil
}

// parseValue parses a scalar of one of the kinds that requests use.
func parseValue(field protoreflect.FieldDescriptor, text string) (protoreflect.Value, error) {
	switch field.Kind() {
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(text), nil
	case protoreflect.BoolKind:
		v, err := strconv.ParseBool(text)
		return protoreflect.ValueOfBool(v), err
	case protoreflect.Int32Kind:
		v, err := strconv.ParseInt(text, 10, 32)
		return protoreflect.ValueOfInt32(int32(v)), err
	case protoreflect.Int64Kind:
		v, err := strconv.ParseInt(text, 10, 64)
		return protoreflect.ValueOfInt64(v), err
	}
	return protoreflect.Value{}, fmt.Errorf("unsupported kind: %s", field.Kind())
}
