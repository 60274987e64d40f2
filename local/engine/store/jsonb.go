package store

import (
	"bytes"
	"encoding/json"
	"io"
	"math/big"
	"slices"
	"strings"
)

// formatJSONB formats JSON text as PostgreSQL's jsonb type does: keys sorted by length and then by bytes, the last of
// equal keys, one space after ':' and ',', numbers without exponent. A real server returns values, metadata and
// notification contents in this form, so code that compares text must get the same form here.
func formatJSONB(text string) (string, error) {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return "", newDatabaseError("invalid input syntax for type json (SQLSTATE 22P02)")
	}
	if _, err := dec.Token(); err != io.EOF {
		return "", newDatabaseError("invalid input syntax for type json (SQLSTATE 22P02)")
	}
	var out bytes.Buffer
	if err := writeJSONB(&out, v); err != nil {
		return "", err
	}
	return out.String(), nil
}

func writeJSONB(out *bytes.Buffer, v any) error {
	switch v := v.(type) {
	case map[string]any:
		return writeObject(out, v)
	case []any:
		out.WriteByte('[')
		for i, item := range v {
			if i > 0 {
				out.WriteString(", ")
			}
			if err := writeJSONB(out, item); err != nil {
				return err
			}
		}
		out.WriteByte(']')
		return nil
	case string:
		return writeText(out, v)
	case json.Number:
		return writeNumber(out, v.String())
	case bool:
		if v {
			out.WriteString("true")
		} else {
			out.WriteString("false")
		}
		return nil
	default: // only nil is left
		out.WriteString("null")
		return nil
	}
}

func writeObject(out *bytes.Buffer, object map[string]any) error {
	keys := make([]string, 0, len(object))
	for key := range object {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b string) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	})
	out.WriteByte('{')
	for i, key := range keys {
		if i > 0 {
			out.WriteString(", ")
		}
		if err := writeText(out, key); err != nil {
			return err
		}
		out.WriteString(": ")
		if err := writeJSONB(out, object[key]); err != nil {
			return err
		}
	}
	out.WriteByte('}')
	return nil
}

func writeText(out *bytes.Buffer, text string) error {
	const hex = "0123456789abcdef"
	out.WriteByte('"')
	for _, r := range text {
		switch {
		case r == 0:
			return newDatabaseError("unsupported Unicode escape sequence (SQLSTATE 22P05)")
		case r == '"' || r == '\\':
			out.WriteByte('\\')
			out.WriteRune(r)
		case r == '\b':
			out.WriteString(`\b`)
		case r == '\f':
			out.WriteString(`\f`)
		case r == '\n':
			out.WriteString(`\n`)
		case r == '\r':
			out.WriteString(`\r`)
		case r == '\t':
			out.WriteString(`\t`)
		case r < ' ':
			out.WriteString(`\u00`)
			out.WriteByte(hex[r>>4])
			out.WriteByte(hex[r&0xf])
		default:
			out.WriteRune(r)
		}
	}
	out.WriteByte('"')
	return nil
}

// maxExponent limits how long a number may become without its exponent.
const maxExponent = 4096

// writeNumber writes a JSON number without an exponent and keeps all its digits after the point.
func writeNumber(out *bytes.Buffer, number string) error {
	mantissa, exponent := number, 0
	if i := strings.IndexAny(number, "eE"); i >= 0 {
		e, ok := new(big.Int).SetString(strings.TrimPrefix(number[i+1:], "+"), 10)
		if !ok || !e.IsInt64() || e.Int64() < -maxExponent || e.Int64() > maxExponent {
			return newDatabaseError("value overflows numeric format (SQLSTATE 22003)")
		}
		mantissa, exponent = number[:i], int(e.Int64())
	}
	digits, negative := strings.CutPrefix(mantissa, "-")
	whole, fraction, _ := strings.Cut(digits, ".")
	for ; exponent > 0; exponent-- {
		if fraction == "" {
			whole += "0"
			continue
		}
		whole, fraction = whole+fraction[:1], fraction[1:]
	}
	for ; exponent < 0; exponent++ {
		if whole == "" {
			whole = "0"
		}
		whole, fraction = whole[:len(whole)-1], whole[len(whole)-1:]+fraction
	}
	if whole = strings.TrimLeft(whole, "0"); whole == "" {
		whole = "0"
	}
	if negative && strings.Trim(whole+fraction, "0") != "" {
		out.WriteByte('-')
	}
	out.WriteString(whole)
	if fraction != "" {
		out.WriteByte('.')
		out.WriteString(fraction)
	}
	return nil
}

// mergeJSONB does what jsonb's operator || does for two objects: keys of right replace those of left.
func mergeJSONB(left, right string) (string, error) {
	var l, r map[string]json.RawMessage
	if json.Unmarshal([]byte(left), &l) != nil || json.Unmarshal([]byte(right), &r) != nil || l == nil || r == nil {
		return "", newDatabaseError("invalid input syntax for type json (SQLSTATE 22P02)")
	}
	for key, value := range r {
		l[key] = value
	}
	merged, err := json.Marshal(l)
	if err != nil {
		return "", newDatabaseError("invalid input syntax for type json (SQLSTATE 22P02)")
	}
	return formatJSONB(string(merged))
}
