package formation

import (
	"cmp"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// order is a stable sort, whatever is to be sorted: also with a few values far from all others.
func TestOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.OneOf(
			rapid.Uint64Range(0, 300), rapid.Uint64(),
			rapid.Map(rapid.Float64Range(1000, 2000), sortable), rapid.Just(sortable(math.MaxFloat64)),
		)
		values := rapid.SliceOfN(value, 0, 400).Draw(t, "values")
		rows := make([]ranked, len(values))
		for i, v := range values {
			rows[i] = ranked{v, int32(i)}
		}
		want := slices.Clone(rows)
		slices.SortStableFunc(want, func(a, b ranked) int { return cmp.Compare(a.by, b.by) })
		order(rows, make([]ranked, len(rows)))
		if !slices.Equal(rows, want) {
			t.Fatalf("order of %v = %v", values, rows)
		}
	})
}
