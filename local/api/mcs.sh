#!/bin/sh
# mcs.sh: prints the path of Mono's C# compiler, which the test of the typed client needs. Where
# there is none and this user may, Debian's package is installed.
set -eu

found() {
  if [ -n "${MCS:-}" ] && command -v "$MCS"; then exit 0; fi
  if command -v mcs; then exit 0; fi
}
found

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "no C# compiler: installing Debian's mono-mcs" >&2
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends mono-mcs; } >/dev/null 2>&1 || true
  found
fi
echo "no C# compiler: install mono-mcs (Debian: apt-get install mono-mcs; macOS: brew install mono)," >&2
echo "or name one: MCS=/path/to/mcs make test" >&2
exit 1
