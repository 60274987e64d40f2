package landing

import (
	"maps"
	"slices"
)

// Languages returns the languages that come with the module, sorted.
func Languages() []string { return slices.Sorted(maps.Keys(translations)) }
