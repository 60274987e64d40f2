package radix_test

import (
	"cmp"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"partyline/internal/radix"
)

// Sort is a stable sort for any rows, also with a few values far from all others.
func TestSort(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.OneOf(
			rapid.Uint64Range(0, 300), rapid.Uint64(),
			rapid.Map(rapid.Float64Range(1000, 2000), radix.Float), rapid.Just(radix.Float(math.MaxFloat64)),
		)
		values := rapid.SliceOfN(value, 0, 400).Draw(t, "values")
		rows := make([]radix.Row, len(values))
		for i, v := range values {
			rows[i] = radix.Row{By: v, Index: int32(i)}
		}
		want := slices.Clone(rows)
		slices.SortStableFunc(want, func(a, b radix.Row) int { return cmp.Compare(a.By, b.By) })
		radix.Sort(rows, make([]radix.Row, len(rows)))
		if !slices.Equal(rows, want) {
			t.Fatalf("order of %v = %v", values, rows)
		}
	})
}
