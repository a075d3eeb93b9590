#!/usr/bin/env bash
# Builds the release with the addresses for tests from outside, at the place where `make run` puts the build without
# them.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/common.sh

scripts/tools.sh

echo "[5/6] Console"
make --no-print-directory console

echo "[6/6] Server"
server=${CARGO_TARGET_DIR:-target}/release/causerie-server
[[ -x $server ]] || echo "      building it (some minutes the first time)"
cargo build --locked --release --package causerie-server --bin causerie-server --features test-api --quiet

echo "Start it with CAUSERIE_TEST_API=1 $server"
