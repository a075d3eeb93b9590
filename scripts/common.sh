# Sourced by the other scripts. `fail` prints one sentence that names the problem, and exits.
# shellcheck shell=bash

fail() {
  echo "causerie: $*" >&2
  exit 1
}

have() {
  command -v "$1" >/dev/null 2>&1
}

# Runs a command quietly. On failure, prints the command's output, then the sentence in $1.
quietly() {
  local sentence=$1 log
  shift
  log=$(mktemp)
  if ! "$@" >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    fail "$sentence"
  fi
  rm -f "$log"
}

# Installs what every build needs: the toolchain of rust-toolchain.toml with its target. Fails without a C compiler,
# which SQLite needs.
rust() (
  have rustup || fail "rustup is missing: install it from https://rustup.rs, then run this again."
  have cc || fail "a C compiler is missing: install one (on Debian: apt-get install build-essential), then run this again."
  toolchain=$(awk -F'"' '/^channel/ { print $2 }' rust-toolchain.toml)
  if [[ $(rustup target list --installed --toolchain "$toolchain" 2>/dev/null) != *wasm32-unknown-unknown* ]] ||
    ! cargo clippy --version >/dev/null 2>&1 || ! cargo fmt --version >/dev/null 2>&1 ||
    [[ ! -d $(rustc --print sysroot)/lib/rustlib/src/rust/library ]]; then
    quietly "rustup could not install Rust $toolchain; is the network there?" \
      rustup toolchain install "$toolchain" --profile minimal --component clippy,rust-src,rustfmt --target wasm32-unknown-unknown
  fi
)
