#!/usr/bin/env bash
# Installs what the build of the release console and the tests need: Rust, the crates, xtask, and wasm-opt in
# target/tools. Prints a line for each, and leaves alone what is installed already.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/common.sh

readonly BINARYEN=132.0.0
readonly ROOT=target/tools
readonly STEPS=${STEPS:-4}

step() {
  printf '[%s/%s] %s\n' "$1" "$STEPS" "$2"
}

have npm || fail "npm is missing: install Node.js 20 or newer, then run this again."
have node && [[ $(node -p 'process.versions.node.split(".")[0]') -ge 20 ]] ||
  fail "Node.js is older than version 20: install a newer one, then run this again."

step 1 "Rust with the wasm target and the library's sources"
rust

step 2 "Crates"
quietly "the crates could not be fetched; is crates.io reachable?" cargo fetch --locked

step 3 "xtask, which builds the console"
quietly "xtask could not be built; the reason is above." cargo build --locked --package xtask

step 4 "wasm-opt (binaryen $BINARYEN)"
mkdir -p "$ROOT/npm"
package=$ROOT/npm/node_modules/binaryen/package.json
if [[ ! -f $package || $(node -p "require('./$package').version") != "$BINARYEN" ]]; then
  quietly "binaryen $BINARYEN could not be installed; is the npm registry reachable?" \
    npm install --no-save --no-audit --no-fund --prefix "$ROOT/npm" "binaryen@$BINARYEN"
fi
