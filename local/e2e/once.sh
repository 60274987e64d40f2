#!/usr/bin/env bash
# go test -exec: runs a package's tests, and then each of its benchmarks once with small sizes, in the same
# linked program. It shows the output of the benchmarks only if one fails.
set -euo pipefail
"$@"
grep -qs '^func Benchmark' ./*_test.go || exit 0
out=$("$1" -test.short -test.run='^$' -test.bench=. -test.benchtime=1x 2>&1) || { echo "$out"; exit 1; }
