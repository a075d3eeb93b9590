#!/usr/bin/env bash
# Runs the long fault tests: 200 kills of the server, 500 simulated days, 20,000 chats for 200 agents whose servers die,
# and 1,000 races. Random tests print the seed that repeats them.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/common.sh

cargo run --locked --release --quiet --package causerie-e2e --bin faults ||
  fail "the server did not stand the faults; seed and round are above."
CAUSERIE_SIMULATION_CASES=${CAUSERIE_SIMULATION_CASES:-500} \
  cargo test --locked --release --quiet --workspace --test it -- simulation:: ||
  fail "the simulation found something; the shortest schedule is above."
CAUSERIE_DISPATCHER_CHATS=${CAUSERIE_DISPATCHER_CHATS:-20000} \
  scripts/postgres.sh cargo test --locked --release --quiet --workspace --test it -- dispatcher:: --nocapture ||
  fail "the dispatcher broke a promise; the seed is above."
CAUSERIE_RACE_ROUNDS=${CAUSERIE_RACE_ROUNDS:-1000} \
  scripts/postgres.sh cargo test --locked --release --quiet -p causerie-server --test it -- races:: ||
  fail "a race had no winner, or two; the round is above."
