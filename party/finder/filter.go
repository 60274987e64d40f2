package finder

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"partyline/party"
)

// Limits of a request, and its defaults.
const (
	maxFields    = 16
	maxField     = 64  // bytes of a field's name
	maxValue     = 256 // bytes of a text
	maxFree      = 256
	maxLimit     = 50
	defaultLimit = 20
)

// Filter says which parties fit, and is the payload of party_quick_join.
type Filter struct {
	Label     json.RawMessage `json:"label,omitempty"`      // an object: fields of the party's label with a text, a number, or true or false
	FreeSeats *int            `json:"free_seats,omitempty"` // at least this many
}

// Request is the payload of party_find.
type Request struct {
	Label     json.RawMessage `json:"label,omitempty"`      // an object: fields of the party's label, as for party_quick_join
	FreeSeats *int            `json:"free_seats,omitempty"` // at least this many
	Limit     *int            `json:"limit,omitempty"`      // from 1 to 50
	Cursor    string          `json:"cursor,omitempty"`     // of the previous answer
}

// query is a filter that has been checked.
type query struct {
	keys []string // index keys, one for each field
	free int
}

// check reads a filter. It refuses with InvalidRequest, naming the field.
func (f Filter) check() (w query, err error) {
	if f.FreeSeats != nil {
		if w.free = *f.FreeSeats; w.free < 0 || w.free > maxFree {
			return w, party.Invalid("free_seats", "must be from 0 to %d.", maxFree)
		}
	}
	if f.Label == nil {
		return w, nil
	}
	fields, err := fieldsOf(f.Label)
	switch {
	case err != nil:
		return w, party.Invalid("label", "must be an object.")
	case len(fields) > maxFields:
		return w, party.Invalid("label", "has more than %d fields.", maxFields)
	}
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		if field == "" || len(field) > maxField {
			return w, party.Invalid("label", "a field's name has from 1 to %d bytes.", maxField)
		}
		key, ok := keyOf(field, fields[field])
		if text, isText := fields[field].(string); !ok || isText && len(text) > maxValue {
			return w, party.Invalid("label."+field, "must be a text of at most %d bytes, a number, or true or false.", maxValue)
		}
		w.keys = append(w.keys, key)
	}
	return w, nil
}

func fieldsOf(label []byte) (fields map[string]any, err error) {
	source := json.NewDecoder(bytes.NewReader(label))
	source.UseNumber()
	err = source.Decode(&fields)
	return fields, err
}

// keyOf returns the index key of a label's field and its value. Equal numbers have the same key. ok is false for a
// value that is not a text, a number, true or false.
func keyOf(field string, value any) (key string, ok bool) {
	switch v := value.(type) {
	case string:
		return field + "\x00s" + v, true
	case bool:
		return field + "\x00b" + strconv.FormatBool(v), true
	case json.Number:
		f, err := v.Float64()
		return field + "\x00n" + strconv.FormatFloat(f+0, 'g', -1, 64), err == nil // -0 becomes 0
	}
	return "", false
}

// keysOf returns the index keys of a party's label, sorted.
func keysOf(label string) (keys []string) {
	fields, _ := fieldsOf([]byte(label)) // no fields if it is not an object
	for field, value := range fields {
		if key, ok := keyOf(field, value); ok {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// decodeCursor reads the index number of the last party that was looked at.
func decodeCursor(cursor string) (seq uint64, err error) {
	if cursor == "" {
		return 0, nil
	}
	if seq, err = strconv.ParseUint(cursor, 10, 64); err != nil {
		return 0, party.Invalid("cursor", "it does not belong to this list.")
	}
	return seq, nil
}
