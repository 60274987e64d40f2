package rpc

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"math"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"partyline/party"
)

// maxPayload limits a request, in bytes: several times the largest useful one, an invite with full launch data.
const maxPayload = 32 << 10

// decode reads a request: one JSON object with the fields of the struct that into points to. An empty payload counts as
// {}, and null as absent, because many serializers write it for an unset field. Refusals name the field. Texts with NUL
// characters are refused, because the host's database cannot store them.
func decode(payload string, into any) error {
	switch text := strings.Trim(payload, " \t\r\n"); {
	case len(payload) > maxPayload:
		return party.Refuse(party.InvalidRequest, "The payload is larger than %d bytes.", maxPayload)
	case !utf8.ValidString(payload):
		return party.Refuse(party.InvalidRequest, "The payload is not UTF-8 text.")
	case text == "":
		return nil
	case text == "null":
		return errNoObject
	}
	err := decodeStrictly(payload, into)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && strings.HasPrefix(wrong.Value, "number") {
		reflect.ValueOf(into).Elem().SetZero()
		err = decodeStrictly(anyNumber.ReplaceAllStringFunc(payload, wholeNumber), into)
	}
	if err != nil {
		return refuseMalformed(err)
	}
	return cleanTexts(reflect.ValueOf(into).Elem(), "payload")
}

var (
	errNoObject = party.Refuse(party.InvalidRequest, "The payload must be a JSON object.")
	errTrailing = errors.New("there is something after the JSON object")
)

func decodeStrictly(payload string, into any) error {
	source := json.NewDecoder(strings.NewReader(payload))
	source.DisallowUnknownFields()
	if err := source.Decode(into); err != nil {
		return err
	}
	if _, err := source.Token(); !errors.Is(err, io.EOF) {
		return errTrailing
	}
	return nil
}

// anyNumber matches the numbers of a JSON text, and its texts, so that it does not match numbers in them.
var anyNumber = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*`)

// wholeNumber returns a number without its fraction or exponent if it is an integer: many engines write 300 as 300.0
// or 3e2. An integer that a float cannot hold exactly must be written with digits only.
func wholeNumber(token string) string {
	const exact = 1 << 53
	float, err := strconv.ParseFloat(token, 64)
	if err != nil || float != math.Trunc(float) || math.Abs(float) > exact || !strings.ContainsAny(token, ".eE") {
		return token
	}
	return strconv.FormatInt(int64(float), 10)
}

// refuseMalformed turns an error of the JSON decoder into a refusal that names the field.
func refuseMalformed(err error) error {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		if wrong.Field == "" {
			return errNoObject
		}
		return party.Invalid(wrong.Field, "must be %s.", cmp.Or(kindNames[wrong.Type.Kind()], "a whole number"))
	}
	if quoted, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		name, _ := strconv.Unquote(quoted)
		return party.Invalid(party.Clip(name), "unknown field.")
	}
	return party.Refuse(party.InvalidRequest, "The payload is not JSON: %v.", err)
}

// kindNames describe what a field accepts, in words for a client developer. Any other kind is a whole number.
var kindNames = map[reflect.Kind]string{
	reflect.Struct: "an object", reflect.Slice: "a list", reflect.String: "a string", reflect.Bool: "true or false", reflect.Float64: "a number",
}

// cleanTexts refuses NUL characters in a request, and makes raw JSON that is null absent. field names the value.
func cleanTexts(v reflect.Value, field string) error {
	switch v.Kind() {
	case reflect.String:
		if strings.ContainsRune(v.String(), 0) {
			return party.Invalid(field, "must not have a NUL character.")
		}
	case reflect.Pointer:
		if !v.IsNil() {
			return cleanTexts(v.Elem(), field)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			if err := cleanTexts(v.Field(i), cmp.Or(name, field)); err != nil {
				return err
			}
		}
	case reflect.Slice:
		if v.Type() == reflect.TypeFor[json.RawMessage]() {
			if string(v.Bytes()) == "null" {
				v.SetBytes(nil)
			}
			return nil
		}
		for i := range v.Len() {
			if err := cleanTexts(v.Index(i), field); err != nil {
				return err
			}
		}
	}
	return nil
}
