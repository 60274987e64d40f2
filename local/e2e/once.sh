#!/usr/bin/env bash
# go test -exec: runs a package's tests and then, with its small sizes, each of its benchmarks once, in the
# program that is linked anyway. What the benchmarks print is shown only where one fails.
set -euo pipefail
"$@"
grep -qs '^func Benchmark' ./*_test.go || exit 0
out=$("$1" -test.short -test.run='^$' -test.bench=. -test.benchtime=1x 2>&1) || { echo "$out"; exit 1; }
