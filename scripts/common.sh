# Sourced by the other scripts: says what is wrong in one sentence and stops.
# shellcheck shell=bash

fail() {
  echo "causerie: $*" >&2
  exit 1
}

have() {
  command -v "$1" >/dev/null 2>&1
}

# Runs a command quietly; on failure shows what it printed, then the sentence in $1.
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
