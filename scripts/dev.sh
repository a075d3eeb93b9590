#!/usr/bin/env bash
# The server with the demo workspace, and the console rebuilt at every change.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/common.sh

scripts/tools.sh
echo "[5/6] Server"
cargo fetch --quiet
# The server embeds this folder; here it may be empty, since Trunk serves the console.
mkdir -p dist
cargo build --package causerie-server --bin causerie-server --quiet

# The browser talks to Trunk, so that is the origin which the server has to trust.
CAUSERIE_DEMO=1 CAUSERIE_PUBLIC_URL=http://127.0.0.1:8081 "${CARGO_TARGET_DIR:-target}/debug/causerie-server" &
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT
trap 'exit 130' INT TERM

echo "[6/6] Console at http://127.0.0.1:8081/app/"
# A folder of its own: dist/ stays the release build that `make run` and the tests use.
trunk --color never serve --dist target/dist-dev
