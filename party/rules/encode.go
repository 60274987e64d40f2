package rules

import (
	"bytes"
	"encoding/json"
	"reflect"
	"time"
)

// MarshalJSON writes the configuration as a JSON object with the keys of the file. Durations and rates are
// texts, as in the file. JSON is YAML, so the result is a rules file too: loading it gives the same
// configuration. It is without HTML escapes, unless the encoder of the whole adds them.
func (c Config) MarshalJSON() ([]byte, error) {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	err := e.Encode(toFile(reflect.ValueOf(c)))
	return text.Bytes(), err
}

// toFile converts a value of the schema to the form of the file. It leaves out keys that are not set.
func toFile(v reflect.Value) any {
	switch v.Type() {
	case durationType:
		return FormatDuration(time.Duration(v.Int()))
	case rateType:
		return v.Interface().(Rate).String()
	case teamSizeType:
		if size := v.Interface().(TeamSize); size == (TeamSize{Max: size.Max}) {
			return size.Max
		}
	}
	switch v.Kind() {
	case reflect.Pointer:
		return toFile(v.Elem())
	case reflect.Struct:
		out := make(map[string]any, v.NumField())
		for f, field := range v.Fields() {
			form := f.Tag.Get("form")
			unset := field.Kind() == reflect.Pointer && field.IsNil() || (form == "condition" || form == "sentence") && field.Len() == 0
			if f.Tag.Get("yaml") == "-" || unset {
				continue
			}
			value := toFile(field)
			if formOf(f.Tag) == "word" && (value == "true" || value == "false") {
				value = value == "true" // as YAML writes them
			}
			out[f.Tag.Get("yaml")] = value
		}
		if p, is := v.Interface().(Parties); is && !p.KickBanJoins {
			delete(out, "kick_ban") // writing the default would make the ban hold for native joins
		}
		return out
	case reflect.Slice:
		out := make([]any, v.Len())
		for i := range out {
			out[i] = toFile(v.Index(i))
		}
		return out
	case reflect.Map:
		out := make(map[string]any, v.Len())
		for _, k := range v.MapKeys() {
			out[k.String()] = toFile(v.MapIndex(k))
		}
		return out
	case reflect.String:
		return v.String()
	}
	return v.Interface()
}
