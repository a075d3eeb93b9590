#!/usr/bin/env bash
# Installs Trunk, and the wasm-bindgen that it calls, into target/tools/bin, once. Only `make dev` needs them.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/common.sh

readonly TRUNK=0.21.14
readonly ROOT=target/tools

# Prints the version that an installed binary reports, or nothing if it is not installed.
version_of() {
  [[ -x $ROOT/bin/$1 ]] || return 0
  "$ROOT/bin/$1" --version | awk '{ print $2 }'
}

# The tools run for seconds, so their build is tuned for a short compile time: four minutes instead of fifteen.
export CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=64
mkdir -p "$ROOT"
unset CARGO_TARGET_DIR

if [[ $(version_of trunk) != "$TRUNK" ]]; then
  echo "      building Trunk $TRUNK, once (about four minutes on two cores)"
  quietly "Trunk $TRUNK could not be installed; is crates.io reachable?" \
    cargo install trunk --version "$TRUNK" --locked --no-default-features --features rustls --root "$ROOT" --force
fi

# wasm-bindgen must have exactly the version that the app links.
bindgen=$(awk '/^name = "wasm-bindgen"$/ { getline; gsub(/"/, "", $3); print $3; exit }' Cargo.lock)
[[ -n $bindgen ]] || fail "Cargo.lock names no wasm-bindgen: the app's dependencies are not locked."
if [[ $(version_of wasm-bindgen) != "$bindgen" ]]; then
  echo "      building wasm-bindgen $bindgen, once (about two minutes on two cores)"
  quietly "wasm-bindgen $bindgen could not be installed; is crates.io reachable?" \
    cargo install wasm-bindgen-cli --version "$bindgen" --locked --root "$ROOT" --force
fi
