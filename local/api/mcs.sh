#!/bin/sh
# mcs.sh: prints the path of Mono's C# compiler. The tests of the C# sources need it, with mono
# itself and two of its libraries. If they are missing and this user may install packages, the
# script installs Debian's packages.
set -eu
libraries="-r:System.Numerics.dll -r:System.Runtime.Serialization.dll"

found() {
  compiler=$(command -v "${MCS:-mcs}") && command -v mono >/dev/null || return 0
  folder=$(mktemp -d)
  : > "$folder/empty.cs"
  if "$compiler" -target:library $libraries -out:"$folder/empty.dll" "$folder/empty.cs" >/dev/null 2>&1; then
    rm -r "$folder"
    echo "$compiler"
    exit 0
  fi
  rm -r "$folder"
}
found

packages="mono-mcs mono-runtime libmono-system-numerics4.0-cil libmono-system-runtime-serialization4.0-cil"
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "no C# compiler: installing Debian's $packages" >&2
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages; } >/dev/null 2>&1 || true
  found
fi
echo "no C# compiler: install Mono (Debian: apt-get install $packages; macOS: brew install mono)," >&2
echo "or name its compiler: MCS=/path/to/mcs make test" >&2
exit 1
