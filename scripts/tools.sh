#!/usr/bin/env bash
# Puts the build tools into target/tools, once: bin/ (cargo install) and npm/ (binaryen).
# Prints a line for each; a tool of the right version is left alone.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/common.sh

readonly TRUNK=0.21.14
readonly BINARYEN=132.0.0
readonly ROOT=target/tools
readonly STEPS=${STEPS:-6}

step() {
  printf '[%s/%s] %s\n' "$1" "$STEPS" "$2"
}

# The command-line tool must be of the very version that the app links.
wasm_bindgen_version() {
  awk '/^name = "wasm-bindgen"$/ { getline; gsub(/"/, "", $3); print $3; exit }' Cargo.lock
}

# Version that an installed binary reports, empty when it is not there.
version_of() {
  [[ -x $ROOT/bin/$1 ]] || return 0
  "$ROOT/bin/$1" --version | awk '{ print $2 }'
}

have rustup || fail "rustup is missing: install it from https://rustup.rs, then run this again."
have npm || fail "npm is missing: install Node.js 20 or newer, then run this again."
have node && [[ $(node -p 'process.versions.node.split(".")[0]') -ge 20 ]] ||
  fail "Node.js is older than version 20: install a newer one, then run this again."
have cc || fail "a C compiler is missing: install one (on Debian: apt-get install build-essential), then run this again."

toolchain=$(awk -F'"' '/^channel/ { print $2 }' rust-toolchain.toml)
step 1 "Rust $toolchain with the wasm target and the library's sources"
if [[ $(rustup target list --installed --toolchain "$toolchain" 2>/dev/null) != *wasm32-unknown-unknown* ]] ||
  ! cargo clippy --version >/dev/null 2>&1 || ! cargo fmt --version >/dev/null 2>&1 ||
  [[ ! -d $(rustc --print sysroot)/lib/rustlib/src/rust/library ]]; then
  quietly "rustup could not install Rust $toolchain; is the network there?" \
    rustup toolchain install "$toolchain" --profile minimal --component clippy,rust-src,rustfmt --target wasm32-unknown-unknown
fi

# Tools run for seconds, so their build is tuned for its own time: four minutes instead of fifteen.
export CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=64
mkdir -p "$ROOT"
unset CARGO_TARGET_DIR

step 2 "Trunk $TRUNK"
if [[ $(version_of trunk) != "$TRUNK" ]]; then
  echo "      building it, once (about four minutes on two cores)"
  quietly "Trunk $TRUNK could not be installed; is crates.io reachable?" \
    cargo install trunk --version "$TRUNK" --locked --no-default-features --features rustls --root "$ROOT" --force
fi

bindgen=$(wasm_bindgen_version)
[[ -n $bindgen ]] || fail "Cargo.lock names no wasm-bindgen: the app's dependencies are not locked."
step 3 "wasm-bindgen $bindgen"
if [[ $(version_of wasm-bindgen) != "$bindgen" ]]; then
  echo "      building it, once (about two minutes on two cores)"
  quietly "wasm-bindgen $bindgen could not be installed; is crates.io reachable?" \
    cargo install wasm-bindgen-cli --version "$bindgen" --root "$ROOT" --force
fi

step 4 "wasm-opt (binaryen $BINARYEN)"
package=$ROOT/npm/node_modules/binaryen/package.json
if [[ ! -f $package || $(node -p "require('./$package').version") != "$BINARYEN" ]]; then
  quietly "binaryen $BINARYEN could not be installed; is the npm registry reachable?" \
    npm install --no-save --no-audit --no-fund --prefix "$ROOT/npm" "binaryen@$BINARYEN"
fi
