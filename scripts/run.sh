#!/usr/bin/env bash
# Builds and starts the product with a demo workspace from a fresh clone. The build is fast, not small: `make console`
# and `cargo build --release` make the builds that are published.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/common.sh

readonly STEPS=4
number=0

# Runs a step and prints how long it took. On failure, prints the sentence in $2.
step() {
  local name=$1 sentence=$2 start=$SECONDS
  shift 2
  number=$((number + 1))
  printf '[%s/%s] %s' "$number" "$STEPS" "$name"
  quietly "$sentence" "$@"
  printf '  %s s\n' "$((SECONDS - start))"
}

target=${CARGO_TARGET_DIR:-target}
step "Rust" "Rust is not ready; the reason is above." rust
step "xtask, which builds the console" "xtask could not be built; the reason is above." \
  cargo build --locked --package xtask --no-default-features
step "Console" "the console could not be built; the reason is above." make quick-console
step "Server" "the server could not be built; the reason is above." \
  env QUICK_CONSOLE=1 cargo build --locked --profile quick --package causerie-server --bin causerie-server

CAUSERIE_DEMO=1 exec "$target/quick/causerie-server"
