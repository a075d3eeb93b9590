#!/usr/bin/env bash
# Builds the console into dist/ with Trunk, for release.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/common.sh

[[ -x target/tools/bin/trunk ]] || STEPS=4 scripts/tools.sh

# Trunk builds offline, so the crates have to be there first.
quietly "the crates could not be fetched; is crates.io reachable?" cargo fetch
echo "      building it (some minutes the first time)"
RUST_BACKTRACE=0 quietly "the console could not be built; the reason is above." trunk --offline --color never build --release
