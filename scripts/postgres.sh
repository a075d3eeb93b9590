#!/usr/bin/env bash
# Runs a command beside a private PostgreSQL: scripts/postgres.sh cargo test …
# The command finds the server's address in CAUSERIE_TEST_POSTGRES. The cluster and its files are removed when the
# command ends.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/common.sh

[[ $# -gt 0 ]] || fail "postgres.sh needs a command to run."

# Debian keeps the server's programs out of PATH, in one folder per version.
bin=$(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
[[ -n $bin ]] || { have initdb && bin=$(dirname "$(command -v initdb)"); } ||
  fail "PostgreSQL is missing: install it (on Debian: apt-get install postgresql), then run this again."

# initdb and the server refuse to run as root.
as_owner=()
home=$(mktemp -d)
if [[ $(id -u) -eq 0 ]]; then
  id postgres >/dev/null 2>&1 || fail "the user postgres is missing: PostgreSQL was not installed from a package."
  as_owner=(runuser -u postgres --)
  chown postgres "$home"
fi
pg() {
  (cd "$home" && "${as_owner[@]}" "$bin/$1" "${@:2}")
}

stop() {
  if [[ -f $home/data/postmaster.pid ]]; then
    pg pg_ctl stop --pgdata="$home/data" --mode=immediate --silent || echo "causerie: PostgreSQL did not stop" >&2
  fi
  rm -rf "$home"
}
trap stop EXIT
trap 'exit 130' INT TERM

port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')
quietly "initdb failed." pg initdb --pgdata="$home/data" --username=postgres --auth=trust --encoding=UTF8 --locale=C --no-sync
quietly "PostgreSQL did not start; its log is above." pg pg_ctl start --pgdata="$home/data" --wait --silent --options="\
 -c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories=$home -c max_connections=200\
 -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c wal_level=minimal -c max_wal_senders=0\
 -c min_wal_size=32MB -c max_wal_size=128MB"

CAUSERIE_TEST_POSTGRES="postgres://postgres@127.0.0.1:$port/postgres" "$@"
