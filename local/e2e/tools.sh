#!/bin/sh
# tools.sh: prints which tools for the tests are missing, and where to get them.
set -eu

missing=
for tool in git gcc node npm; do
  command -v "$tool" >/dev/null || missing="$missing $tool"
done
if [ -n "$missing" ]; then
  echo "make: not installed:$missing; the tests need all of git, gcc, node and npm" >&2
  echo "(Debian: apt-get install git gcc libc6-dev; Node 20.14 or newer with npm: https://nodejs.org)" >&2
  exit 2
fi
if ! echo '#include <stdlib.h>' | gcc -E - >/dev/null 2>&1; then
  echo "make: gcc finds no header files of the C library (Debian: apt-get install libc6-dev)" >&2
  exit 2
fi
if ! node -e 'const [major, minor] = process.versions.node.split("."); process.exit(major > 20 || (major == 20 && minor >= 14) ? 0 : 1)'; then
  echo "make: node is $(node --version); the tests need 20.14 or newer: https://nodejs.org" >&2
  exit 2
fi
