#!/usr/bin/env bash
# Runs every check that a change must pass before it is merged. All steps share one target folder and one profile, so
# nothing is compiled twice.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/common.sh

readonly STEPS=10
export STEPS
# Incremental compilation would fill gigabytes of a new machine's disk.
export CARGO_INCREMENTAL=0

# Prints the checked-out commit if the work tree has no changes.
clean_commit() {
  local changes
  changes=$(git status --porcelain 2>/dev/null) || return 0
  [[ -n $changes ]] || git rev-parse --quiet --verify HEAD || true
}
tested=$(clean_commit)

step() {
  printf '[%s/%s] %s\n' "$1" "$STEPS" "$2"
}

scripts/tools.sh

step 5 "Browser, accessibility checker, database and font"
scripts/packages.sh

step 6 "Formatting"
cargo fmt --all --check || fail "the sources are not formatted: run make fmt."

step 7 "Dependencies: licences, bans, sources, and what the browser program must not have"
quietly "the dependencies break the rules of deny.toml; the reason is above." \
  target/tools/bin/cargo-deny --locked check bans licenses sources
scripts/deny-wasm.sh

step 8 "Console"
make --no-print-directory console

step 9 "Lints"
cargo clippy --locked --workspace --all-targets --quiet -- --deny warnings

step 10 "Tests, with a private PostgreSQL"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
# Two at a time: each end-to-end test drives a browser of its own.
scripts/postgres.sh cargo test --locked --workspace --no-fail-fast -- --test-threads="${TEST_THREADS:-2}" 2>&1 | tee "$log" || status=$?
# What was green is what was tested: nothing was changed or committed meanwhile.
if [[ $status -eq 0 && -n $tested && $tested == "$(clean_commit)" ]]; then
  green=${LAST_GREEN:-target/last-green}
  mkdir -p "$(dirname "$green")"
  printf '%s\n' "$tested" >"$green"
fi
# Cargo's last line covers only its last binary; this line sums up all of them.
awk '/^test result:/ { passed += $4; failed += $6 } END { printf "%d passed, %d failed\n", passed, failed }' "$log"
exit "$status"
