// Package radix sorts rows by a number in linear time.
package radix

import (
	"cmp"
	"iter"
	"math"
	"math/bits"
	"slices"
	"time"
)

// Row stands for one item to be sorted.
type Row struct {
	By    uint64 // the sort key
	Index int32  // index of the item
}

const (
	// spareBits is how many more bits are sorted by than would tell evenly spread rows apart.
	spareBits = 3
	// shortRun is how many rows are sorted by comparing them.
	shortRun = 48
)

// Sort is a stable sort; scratch must be as long as rows. It sorts by the highest bits in which rows differ, a byte at
// a time, by as many as usually tell the rows apart, and then the runs with the same high bits.
func Sort(rows, scratch []Row) {
	if len(rows) <= shortRun {
		slices.SortStableFunc(rows, func(a, b Row) int { return cmp.Compare(a.By, b.By) })
		return
	}
	differ := uint64(0)
	for i := range rows {
		differ |= rows[i].By ^ rows[0].By
	}
	shift := max(0, bits.Len64(differ)-bits.Len(uint(len(rows)))-spareBits)
	from, to := rows, scratch[:len(rows)]
	for s := shift; s < bits.Len64(differ); s += 8 {
		var starts [256]int32
		for _, r := range from {
			starts[byte(r.By>>s)]++
		}
		at := int32(0)
		for b, n := range starts {
			starts[b] = at
			at += n
		}
		for _, r := range from {
			b := byte(r.By >> s)
			to[starts[b]] = r
			starts[b]++
		}
		from, to = to, from
	}
	copy(rows, from)
	if shift > 0 {
		for run := range Runs(rows, shift) {
			Sort(run, scratch)
		}
	}
}

// Runs yields the runs of two or more neighbouring rows that have equal bits from bit lowest up.
func Runs(rows []Row, lowest int) iter.Seq[[]Row] {
	return func(yield func([]Row) bool) {
		for first := 0; first < len(rows); {
			last := first + 1
			for last < len(rows) && rows[last].By>>lowest == rows[first].By>>lowest {
				last++
			}
			if last-first > 1 && !yield(rows[first:last]) {
				return
			}
			first = last
		}
	}
}

// Nanos returns a time as a number. The sign bit is inverted so that times before 1970 come first.
func Nanos(t time.Time) uint64 { return uint64(t.UnixNano()) ^ 1<<63 }

// Float returns a number whose order as an integer is the order of the floats.
func Float(f float64) uint64 {
	bits := math.Float64bits(f + 0) // -0 is 0
	if bits>>63 != 0 {
		return ^bits
	}
	return bits | 1<<63
}
