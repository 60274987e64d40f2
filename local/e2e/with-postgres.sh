#!/bin/sh
# with-postgres.sh COMMAND...: runs a command with NAKAMA_DATABASE set to a new PostgreSQL for this
# command only, in a folder that is deleted afterwards. If NAKAMA_DATABASE is already set, it is used
# unchanged.
set -eu
[ -z "${NAKAMA_DATABASE:-}" ] || exec "$@"

PATH="$PATH:$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)"
for tool in initdb pg_ctl; do
  command -v "$tool" >/dev/null || { echo "with-postgres: $tool is missing: install PostgreSQL, or name a running one in NAKAMA_DATABASE=user@host:port" >&2; exit 1; }
done

data=$(mktemp -d)
as=""
if [ "$(id -u)" = 0 ]; then # PostgreSQL does not run as root
  chown postgres "$data"
  as="runuser -u postgres --"
fi
stop() {
  $as pg_ctl -D "$data/db" -m immediate stop >/dev/null 2>&1 || true
  rm -rf "$data"
}
trap stop EXIT
trap 'exit 1' INT TERM

port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')
$as env PATH="$PATH" initdb -D "$data/db" -A trust -U postgres >/dev/null
cat >> "$data/db/postgresql.conf" <<CONF
port = $port
listen_addresses = '127.0.0.1'
unix_socket_directories = '$data'
max_connections = 500
fsync = off
CONF
$as env PATH="$PATH" pg_ctl -D "$data/db" -l "$data/log" -w start >/dev/null || { cat "$data/log" >&2; exit 1; }
NAKAMA_DATABASE="postgres@127.0.0.1:$port" "$@"
