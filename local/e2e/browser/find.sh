#!/bin/sh
# find.sh: prints the path of a Chromium for the suites. It prefers one without windows, which needs only
# half of the processor time. If there is none, it installs Debian's package if this user may, else the
# browser from a registry package, into build/browser.
set -eu
cd "$(dirname "$0")"

found() {
  for name in "${CHROMIUM:-}" chromium-headless-shell chromium chromium-browser google-chrome-stable google-chrome; do
    if [ -n "$name" ] && command -v "$name"; then exit 0; fi
  done
}
found

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "no browser: installing Debian's Chromium" >&2
  if apt-get update -qq >/dev/null 2>&1; then
    for package in chromium-headless-shell chromium; do
      DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $package fonts-dejavu-core >/dev/null 2>&1 && break
    done
  fi
  found
fi

folder=$(cd ../../.. && pwd)/build/browser
if [ ! -x "$folder/chromium" ]; then
  echo "no browser: getting one from the npm registry into $folder" >&2
  mkdir -p "$folder"
  npm install --prefix "$folder" --no-save --ignore-scripts --no-audit --no-fund --silent @sparticuz/chromium@153.0.0 >&2
  # The package unpacks its browser into the folder for temporary files.
  (cd "$folder" && TMPDIR="$folder" node --input-type=module -e 'import c from "@sparticuz/chromium"; await c.executablePath()') >&2
fi
if ! "$folder/chromium" --headless --no-sandbox --version >/dev/null 2>&1; then
  echo "the browser in $folder does not start: it needs libraries of the system (ldd names them)." >&2
  echo "Install Chromium (Debian: apt-get install chromium), or name one: CHROMIUM=/path/to/chromium make test" >&2
  exit 1
fi
echo "$folder/chromium"
