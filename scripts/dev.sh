#!/usr/bin/env bash
# Runs the server with the demo workspace, and rebuilds the console at every change.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/common.sh

STEPS=7 scripts/tools.sh
echo "[5/7] Trunk"
scripts/trunk.sh
echo "[6/7] Server"
# The server embeds this folder. It may be empty here, since Trunk serves the console.
mkdir -p dist
cargo build --locked --package causerie-server --bin causerie-server --quiet

# The browser talks to Trunk, so the server has to trust Trunk's origin.
CAUSERIE_DEMO=1 CAUSERIE_PUBLIC_URL=http://127.0.0.1:8081 "${CARGO_TARGET_DIR:-target}/debug/causerie-server" &
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT
trap 'exit 130' INT TERM

echo "[7/7] Console at http://127.0.0.1:8081/app/"
# A separate folder, because dist/ stays the release build that the tests use.
trunk --color never serve --dist target/dist-dev
