#!/usr/bin/env bash
# Builds the console into dist/ with Trunk, for release.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/common.sh

[[ -x target/tools/bin/trunk ]] || STEPS=4 scripts/tools.sh

# Files and lines of panics cost the program 11 KB that every visitor of the console would load, and only an
# unstable flag leaves them out. The compiler's version is pinned in rust-toolchain.toml, so the flag means the
# same everywhere. (The first flag is that of .cargo/config.toml, which this replaces.)
export RUSTC_BOOTSTRAP=1
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="--cfg erase_components -Zlocation-detail=none"

# Trunk builds offline, so the crates have to be there first.
quietly "the crates could not be fetched; is crates.io reachable?" cargo fetch
echo "      building it (some minutes the first time)"
RUST_BACKTRACE=0 quietly "the console could not be built; the reason is above." trunk --offline --color never build --release
