package rpc

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"strings"
	"unicode/utf8"

	"partyline/party"
)

// maxPayload limits a request, in bytes. It is several times the largest useful one: a targeted invite with full
// launch data, info and message.
const maxPayload = 32 << 10

// decode reads a request: one JSON object with the fields of the struct that into points to. An empty payload
// counts as {}. decode refuses, with InvalidRequest and the field's path, everything that could mislead a client:
// an unknown field (names are compared exactly), a field given twice, a wrong type, or anything after the object.
// null counts as absent, because many serializers write it for an unset field. Texts with NUL characters are
// refused, because the host's database cannot store them.
func decode(payload string, into any) error {
	if len(payload) > maxPayload {
		return party.Refuse(party.InvalidRequest, "The payload is larger than %d bytes.", maxPayload)
	}
	if !utf8.ValidString(payload) {
		return party.Refuse(party.InvalidRequest, "The payload is not UTF-8 text.")
	}
	if strings.Trim(payload, " \t\r\n") == "" {
		return nil
	}
	source := json.NewDecoder(strings.NewReader(payload))
	source.UseNumber()
	first, err := source.Token()
	if err != nil {
		return refuseMalformed(err)
	}
	if first != json.Delim('{') {
		return party.Refuse(party.InvalidRequest, "The payload is %s; it must be a JSON object.", describeToken(first, reflect.Struct))
	}
	if err := decodeFields(source, reflect.ValueOf(into).Elem(), ""); err != nil {
		return err
	}
	if _, err := source.Token(); !errors.Is(err, io.EOF) {
		return party.Refuse(party.InvalidRequest, "There is something after the JSON object.")
	}
	return nil
}

// refuseMalformed refuses a payload that is not JSON.
func refuseMalformed(err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return party.Refuse(party.InvalidRequest, "The payload is not JSON: byte %d: %v.", syntax.Offset, err)
	}
	return party.Refuse(party.InvalidRequest, "The payload is not JSON: it ends too early.")
}

// decodeFields fills a struct from an object. Its opening brace has been read. The struct limits the depth: deeper
// values fit only into a RawMessage.
func decodeFields(source *json.Decoder, target reflect.Value, path string) error {
	var seen uint64 // one bit for each field; requests have far fewer than 64
	for source.More() {
		token, err := source.Token()
		if err != nil {
			return refuseMalformed(err)
		}
		name := token.(string) // the decoder accepts nothing else here
		index := fieldOf(target.Type(), name)
		switch {
		case index < 0:
			return party.Refuse(party.InvalidRequest, "%s: unknown field.", joinPath(path, party.Clip(name)))
		case seen&(1<<index) != 0:
			return party.Refuse(party.InvalidRequest, "%s: given twice.", joinPath(path, name))
		}
		seen |= 1 << index
		if err := decodeValue(source, target.Field(index), joinPath(path, name)); err != nil {
			return err
		}
	}
	return decodeEnd(source)
}

// decodeEnd reads the closing brace or bracket.
func decodeEnd(source *json.Decoder) error {
	if _, err := source.Token(); err != nil {
		return refuseMalformed(err)
	}
	return nil
}

// decodeValue fills target with the next value. path names it in refusals.
func decodeValue(source *json.Decoder, target reflect.Value, path string) error {
	if raw, ok := target.Addr().Interface().(*json.RawMessage); ok {
		if err := source.Decode(raw); err != nil {
			return refuseMalformed(err)
		}
		if string(*raw) == "null" {
			*raw = nil
		}
		return nil
	}
	token, err := source.Token()
	if err != nil {
		return refuseMalformed(err)
	}
	if token == nil {
		return nil
	}
	if target.Kind() == reflect.Pointer {
		target.Set(reflect.New(target.Type().Elem()))
		target = target.Elem()
	}
	ok := false
	switch target.Kind() {
	case reflect.Struct:
		if ok = token == json.Delim('{'); ok {
			return decodeFields(source, target, path)
		}
	case reflect.Slice:
		if ok = token == json.Delim('['); ok {
			return decodeItems(source, target, path)
		}
	case reflect.String:
		var text string
		if text, ok = token.(string); ok && strings.ContainsRune(text, 0) {
			return party.Refuse(party.InvalidRequest, "%s: a NUL character is not allowed.", path)
		}
		target.SetString(text)
	case reflect.Bool:
		var yes bool
		yes, ok = token.(bool)
		target.SetBool(yes)
	default:
		ok = setNumber(target, token)
	}
	if !ok {
		return party.Refuse(party.InvalidRequest, "%s: wanted %s, got %s.", path, describeKind(target.Kind()), describeToken(token, target.Kind()))
	}
	return nil
}

// decodeItems fills a slice from a list. Its opening bracket has been read.
func decodeItems(source *json.Decoder, target reflect.Value, path string) error {
	list := reflect.MakeSlice(target.Type(), 0, 4)
	for source.More() {
		item := reflect.New(target.Type().Elem()).Elem()
		if err := decodeValue(source, item, fmt.Sprintf("%s[%d]", path, list.Len())); err != nil {
			return err
		}
		list = reflect.Append(list, item)
	}
	target.Set(list)
	return decodeEnd(source)
}

func setNumber(target reflect.Value, token json.Token) bool {
	number, ok := token.(json.Number)
	if !ok {
		return false
	}
	switch {
	case target.CanInt():
		whole, ok := wholeNumber(number)
		if !ok || target.OverflowInt(whole) {
			return false
		}
		target.SetInt(whole)
	case target.CanFloat():
		float, err := number.Float64()
		if err != nil || target.OverflowFloat(float) {
			return false
		}
		target.SetFloat(float)
	default:
		return false
	}
	return true
}

// wholeNumber reads an integer. Many engines write it as a decimal or with an exponent: 300.0 and 3e2 are 300. An
// integer that a float cannot hold exactly must be written with digits only.
func wholeNumber(number json.Number) (int64, bool) {
	if whole, err := number.Int64(); err == nil {
		return whole, true
	}
	const exact = 1 << 53
	float, err := number.Float64()
	if err != nil || float != math.Trunc(float) || math.Abs(float) > exact {
		return 0, false
	}
	return int64(float), true
}

// fieldOf finds a struct's field by its JSON name; -1 if there is none. It ignores fields without a JSON name.
func fieldOf(t reflect.Type, name string) int {
	for i := range t.NumField() {
		if named, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ","); named == name && name != "" && name != "-" {
			return i
		}
	}
	return -1
}

func joinPath(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// describeKind describes what a field accepts, in words for a client developer.
func describeKind(kind reflect.Kind) string {
	return cmp.Or(kindNames[kind], "a whole number")
}

var kindNames = map[reflect.Kind]string{
	reflect.Struct: "an object", reflect.Slice: "a list", reflect.String: "a string", reflect.Bool: "true or false",
	reflect.Float32: "a number", reflect.Float64: "a number",
}

// describeToken describes the value that begins with token, without its content. For a number it says why it was
// refused.
func describeToken(token json.Token, wanted reflect.Kind) string {
	switch token := token.(type) {
	case nil:
		return "null"
	case json.Delim:
		if token == '{' {
			return kindNames[reflect.Struct]
		}
		return kindNames[reflect.Slice]
	case string:
		return kindNames[reflect.String]
	case bool:
		return kindNames[reflect.Bool]
	}
	switch wanted {
	case reflect.Struct, reflect.Slice, reflect.String, reflect.Bool:
		return "a number"
	case reflect.Float32, reflect.Float64:
		return "one that is too large"
	}
	return "a number with a fraction or out of range"
}
