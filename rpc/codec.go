package rpc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"partyline/party"
)

// maxPayload bounds a request, in bytes: several times the largest one that means
// anything (a targeted invite with launch data, info and message all full).
const maxPayload = 32 << 10

// decode reads a request: one JSON object with the fields of the struct that into
// points to, an empty payload counting as {}. Strict where a client would otherwise be
// misled: a field that does not exist (names are compared exactly), one given twice, a
// wrong type, or anything after the object is refused with InvalidRequest, naming the
// field by its path. null counts as absent, because many serializers write it for an
// unset field. NUL characters are refused in texts: the host's database cannot keep them.
func decode(payload string, into any) error {
	if len(payload) > maxPayload {
		return party.Refuse(party.InvalidRequest, "The payload is larger than %d bytes.", maxPayload)
	}
	if !utf8.ValidString(payload) {
		return party.Refuse(party.InvalidRequest, "The payload is not UTF-8 text.")
	}
	if strings.TrimLeft(payload, " \t\r\n") == "" {
		payload = "{}"
	}
	reader := json.NewDecoder(strings.NewReader(payload))
	var raw json.RawMessage
	if err := reader.Decode(&raw); err != nil {
		return malformed(err)
	}
	if _, err := reader.Token(); !errors.Is(err, io.EOF) {
		return party.Refuse(party.InvalidRequest, "There is something after the JSON object.")
	}
	if raw[0] != '{' {
		return party.Refuse(party.InvalidRequest, "The payload is %s; it must be a JSON object.", kindOf(raw))
	}
	return decodeValue(raw, reflect.ValueOf(into).Elem(), "")
}

// malformed refuses what is no JSON at all.
func malformed(err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return party.Refuse(party.InvalidRequest, "The payload is not JSON: byte %d: %v.", syntax.Offset, err)
	}
	return party.Refuse(party.InvalidRequest, "The payload is not JSON: it ends too early.")
}

// decodeValue fills target from raw, which is valid JSON; path names it in refusals.
func decodeValue(raw json.RawMessage, target reflect.Value, path string) error {
	raw = bytes.TrimSpace(raw)
	if string(raw) == "null" {
		return nil
	}
	if kept, ok := target.Addr().Interface().(*json.RawMessage); ok {
		*kept = slices.Clone(raw)
		return nil
	}
	switch target.Kind() {
	case reflect.Pointer:
		target.Set(reflect.New(target.Type().Elem()))
		return decodeValue(raw, target.Elem(), path)
	case reflect.Struct:
		return decodeObject(raw, target, path)
	case reflect.Slice:
		return decodeList(raw, target, path)
	}
	if err := json.Unmarshal(raw, target.Addr().Interface()); err != nil {
		return party.Refuse(party.InvalidRequest, "%s: wanted %s, got %s.", path, wanted(target.Kind()), kindOf(raw))
	}
	if target.Kind() == reflect.String && strings.ContainsRune(target.String(), 0) {
		return party.Refuse(party.InvalidRequest, "%s: a NUL character is not allowed.", path)
	}
	return nil
}

func decodeObject(raw json.RawMessage, target reflect.Value, path string) error {
	if raw[0] != '{' {
		return party.Refuse(party.InvalidRequest, "%s: wanted an object, got %s.", path, kindOf(raw))
	}
	reader := json.NewDecoder(bytes.NewReader(raw))
	_, _ = reader.Token() // the opening brace
	seen := map[string]bool{}
	for reader.More() {
		token, err := reader.Token()
		if err != nil {
			return malformed(err)
		}
		name := token.(string) // valid JSON: between the braces every name is a string
		field, ok := fieldNamed(target, name)
		switch {
		case !ok:
			return party.Refuse(party.InvalidRequest, "%s: unknown field.", join(path, clip(name)))
		case seen[name]:
			return party.Refuse(party.InvalidRequest, "%s: given twice.", join(path, name))
		}
		seen[name] = true
		var value json.RawMessage
		if err := reader.Decode(&value); err != nil {
			return malformed(err)
		}
		if err := decodeValue(value, field, join(path, name)); err != nil {
			return err
		}
	}
	return nil
}

func decodeList(raw json.RawMessage, target reflect.Value, path string) error {
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		return party.Refuse(party.InvalidRequest, "%s: wanted a list, got %s.", path, kindOf(raw))
	}
	list := reflect.MakeSlice(target.Type(), len(items), len(items))
	for i, item := range items {
		if err := decodeValue(item, list.Index(i), fmt.Sprintf("%s[%d]", path, i)); err != nil {
			return err
		}
	}
	target.Set(list)
	return nil
}

// fieldNamed finds the field whose json tag is exactly name.
func fieldNamed(target reflect.Value, name string) (reflect.Value, bool) {
	for i := range target.NumField() {
		tag, _, _ := strings.Cut(target.Type().Field(i).Tag.Get("json"), ",")
		if tag != "" && tag == name {
			return target.Field(i), true
		}
	}
	return reflect.Value{}, false
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// clip shortens a client's own text before it is shown back.
func clip(name string) string {
	const most = 64
	if len(name) <= most {
		return name
	}
	return strings.ToValidUTF8(name[:most], "") + "..."
}

// wanted says what a field takes, in a client developer's words.
func wanted(kind reflect.Kind) string {
	switch kind {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number"
	case reflect.Float32, reflect.Float64:
		return "a number"
	}
	return "a " + kind.String()
}

// kindOf says what a JSON value is, never its content.
func kindOf(raw json.RawMessage) string {
	switch raw[0] {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "a string"
	case 't', 'f':
		return "true or false"
	case 'n':
		return "null"
	}
	return "a number"
}
