package contract

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var (
	idPattern    = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(\.[A-Za-z0-9_-]+)?`)
	tokenPattern = regexp.MustCompile(`eyJ[\w-]+\.[\w-]+\.[\w-]+`)
	timePattern  = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)
)

// unorderedLists lists the paths within an answer of lists that the server fills from a map.
var unorderedLists = map[string]bool{
	"status.presences":         true,
	"match.presences":          true,
	"matchmaker_matched.users": true,
	"users":                    true, // of /v2/user, in the database's order
}

// opaqueFields lists fields with values that mean nothing to a client; only their presence matters.
var opaqueFields = map[string]bool{"cursor": true, "cacheable_cursor": true, "next_cursor": true, "prev_cursor": true}

// normaliser replaces values that differ between runs. It keeps state, so it must see the lines of a
// transcript in order.
type normaliser struct {
	replacements []replacement     // longest first
	ids          map[string]string // placeholder by UUID, numbered by first appearance
}

type replacement struct{ value, placeholder string }

func newNormaliser() *normaliser { return &normaliser{ids: make(map[string]string)} }

// add makes value appear as stands from now on.
func (n *normaliser) add(value, stands string) {
	n.replacements = append(n.replacements, replacement{value, stands})
	slices.SortStableFunc(n.replacements, func(a, b replacement) int { return len(b.value) - len(a.value) })
}

// replaceKnown replaces only the values that were added, so its result does not depend on order.
func (n *normaliser) replaceKnown(s string) string {
	for _, k := range n.replacements {
		s = strings.ReplaceAll(s, k.value, k.placeholder)
	}
	return s
}

// text normalises one string.
func (n *normaliser) text(s string) string {
	// Depending on the build, protobuf's error texts deliberately contain one kind of space or the other.
	s = strings.ReplaceAll(n.replaceKnown(s), "\u00a0", " ")
	s = tokenPattern.ReplaceAllString(s, "<token>")
	s = timePattern.ReplaceAllString(s, "<time>")
	return idPattern.ReplaceAllStringFunc(s, func(id string) string {
		const uuidLength = 36
		stands, ok := n.ids[id[:uuidLength]]
		if !ok {
			stands = fmt.Sprintf("<id%d>", len(n.ids)+1)
			n.ids[id[:uuidLength]] = stands
		}
		if len(id) > uuidLength {
			return stands + ".<node>"
		}
		return stands
	})
}

// sortKey orders the elements of an unordered list by the actors in them only.
func (n *normaliser) sortKey(v any) string {
	return idPattern.ReplaceAllString(n.replaceKnown(encode(v)), "")
}

// json normalises a JSON document. Other text becomes a normalised JSON string.
func (n *normaliser) json(raw []byte) string {
	if len(raw) == 0 {
		return ""
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil || d.More() {
		return quote(n.text(string(raw)))
	}
	return encode(n.value("", v))
}

// value walks v in the order of writing, so that placeholders are numbered as a reader sees them.
func (n *normaliser) value(path string, v any) any {
	switch v := v.(type) {
	case string:
		return n.text(v)
	case []any:
		if unorderedLists[path] {
			slices.SortFunc(v, func(a, b any) int {
				return strings.Compare(n.sortKey(a), n.sortKey(b))
			})
		}
		for i := range v {
			v[i] = n.value(path, v[i])
		}
		return v
	case map[string]any:
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		slices.Sort(keys) // as the encoder does
		for _, k := range keys {
			if s, ok := v[k].(string); ok && s != "" && opaqueFields[k] {
				v[k] = "<cursor>"
				continue
			}
			child := k
			if path != "" {
				child = path + "." + k
			}
			v[k] = n.value(child, v[k])
		}
		return v
	default:
		return v
	}
}

// encode writes a decoded JSON value compactly, with sorted keys and readable placeholders.
func encode(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // it came from a decoder
	return strings.TrimSuffix(b.String(), "\n")
}
