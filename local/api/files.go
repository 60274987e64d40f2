package api

import (
	"bytes"
	"slices"
	"strings"
)

// Files returns every generated file by name. The bytes depend on the sources alone.
func (a *API) Files() map[string][]byte {
	files := map[string][]byte{
		"partyline.schema.json": a.Schema(), "openapi.json": a.OpenAPI(),
		"partyline.ts": a.TypeScript(), "Partyline.cs": a.CSharp(), "partyline.gd": a.GDScript(),
	}
	for name, text := range files {
		files[name] = append(bytes.TrimRight(text, "\n"), '\n')
	}
	return files
}

// methodName returns a call's name in typed clients, without the prefixes that all calls or all calls of a kind share.
func methodName(c Call) string {
	return strings.TrimPrefix(camelCase(strings.TrimPrefix(c.ID, "party_")), "Admin")
}

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }

func reasonValues(reasons []Reason) []Value {
	values := make([]Value, len(reasons))
	for i, r := range reasons {
		values[i] = Value{r.Name, r.Doc}
	}
	return values
}

func repeat(s string, n int) []string { return slices.Repeat([]string{s}, n) }

// suffixOfLast returns mark for the last of n items, else "".
func suffixOfLast(i, n int, mark string) string {
	if i == n-1 {
		return mark
	}
	return ""
}
