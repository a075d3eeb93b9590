#!/usr/bin/env bash
# The server with the demo workspace, and the console rebuilt at every change.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/common.sh

STEPS=7 scripts/tools.sh
echo "[5/7] Trunk"
scripts/trunk.sh
echo "[6/7] Server"
# The server embeds this folder; here it may be empty, since Trunk serves the console.
mkdir -p dist
cargo build --locked --package causerie-server --bin causerie-server --quiet

# The browser talks to Trunk, so that is the origin which the server has to trust.
CAUSERIE_DEMO=1 CAUSERIE_PUBLIC_URL=http://127.0.0.1:8081 "${CARGO_TARGET_DIR:-target}/debug/causerie-server" &
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT
trap 'exit 130' INT TERM

echo "[7/7] Console at http://127.0.0.1:8081/app/"
# A folder of its own: dist/ stays the release build that the tests use.
trunk --color never serve --dist target/dist-dev
