#!/usr/bin/env bash
# Builds the console into dist/ with Trunk, for release.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/common.sh

[[ -x target/tools/bin/trunk ]] || STEPS=4 scripts/tools.sh

# What everyone who opens the console has to load is worth some unstable flags: the standard library built for size
# saves 28 KB, panics without file and line and `{:?}` without texts 20 KB, and panics that end the program without a
# word 14 KB (`make dev` keeps the words). The compiler's version is pinned in
# rust-toolchain.toml, so they mean the same everywhere. (The first flag is that of .cargo/config.toml, which these
# replace.)
export RUSTC_BOOTSTRAP=1
export CARGO_UNSTABLE_BUILD_STD=std,panic_abort CARGO_UNSTABLE_BUILD_STD_FEATURES=optimize_for_size
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="--cfg erase_components -Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none -Zfmt-debug=none"

# Trunk builds offline, so the crates have to be there first. Those of the standard library are fetched only for a
# target that is named.
quietly "the crates could not be fetched; is crates.io reachable?" cargo fetch
quietly "the crates could not be fetched; is crates.io reachable?" cargo fetch --target wasm32-unknown-unknown
echo "      building it (some minutes the first time)"
RUST_BACKTRACE=0 quietly "the console could not be built; the reason is above." trunk --offline --color never build --release
