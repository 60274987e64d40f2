#!/bin/sh
# nginx.sh: prints the path of nginx, which the test of the proxy's settings needs. If it is missing
# and this user may, it installs Debian's package; RUNLEVEL keeps the package's service from starting.
set -eu

found() {
  if [ -n "${NGINX:-}" ] && command -v "$NGINX"; then exit 0; fi
  if PATH="$PATH:/usr/sbin" command -v nginx; then exit 0; fi
}
found

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "no nginx: installing Debian's nginx-light" >&2
  { apt-get update -qq && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nginx-light; } >/dev/null 2>&1 || true
  found
fi
echo "no nginx: install nginx-light (Debian: apt-get install nginx-light; macOS: brew install nginx)," >&2
echo "or name one: NGINX=/path/to/nginx make test" >&2
exit 1
