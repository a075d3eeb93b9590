#!/usr/bin/env bash
# From a fresh clone to the running product with a demo workspace.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/common.sh

step() {
  printf '[%s/6] %s\n' "$1" "$2"
}

scripts/tools.sh

step 5 "Console"
make --no-print-directory console

step 6 "Server"
server=${CARGO_TARGET_DIR:-target}/release/causerie-server
[[ -x $server ]] || echo "      building it (some minutes the first time)"
cargo build --release --package causerie-server --bin causerie-server --quiet

CAUSERIE_DEMO=1 exec "$server"
