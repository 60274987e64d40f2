#!/bin/sh
# with-server.sh COMMAND...: runs a command with NAKAMA set to a real server for this command only:
# the program NAKAMA_SERVER with the plugin NAKAMA_PLUGIN, on a new database of the PostgreSQL in
# NAKAMA_DATABASE (see with-postgres.sh).
set -eu

dir=$(mktemp -d)
server=""
stop() {
  [ -z "$server" ] || kill -9 "$server" 2>/dev/null || true
  rm -rf "$dir"
}
trap stop EXIT
trap 'exit 1' INT TERM

mkdir "$dir/modules"
cp "$NAKAMA_PLUGIN" "$dir/modules/"
# The server also uses the ports next to its API port.
port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')
database="$NAKAMA_DATABASE/suite_$$"
"$NAKAMA_SERVER" migrate up --database.address "$database" > "$dir/log" 2>&1 || { cat "$dir/log" >&2; exit 1; }
"$NAKAMA_SERVER" --name nakama1 --database.address "$database" --data_dir "$dir/data" --runtime.path "$dir/modules" \
  --socket.address 127.0.0.1 --socket.port "$port" --console.address 127.0.0.1 --console.port $((port + 1)) \
  --session.token_expiry_sec 7200 --matchmaker.interval_sec 1 --logger.level WARN >> "$dir/log" 2>&1 &
server=$!
until curl -fs -o /dev/null "http://127.0.0.1:$port/healthcheck"; do
  kill -0 "$server" 2>/dev/null || { echo "with-server: the server has ended:" >&2; tail -n 20 "$dir/log" >&2; exit 1; }
  sleep 0.1
done
NAKAMA="127.0.0.1:$port" "$@" || { code=$?; tail -n 20 "$dir/log" >&2; exit "$code"; }
