#!/usr/bin/env bash
# Faults in earnest: 200 kills of the server and 500 simulated days; both say the seed with which they can be
# told again.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/common.sh

cargo run --release --quiet --package causerie-e2e --bin faults ||
  fail "the server did not stand the faults; seed and round are above."
CAUSERIE_SIMULATION_CASES=${CAUSERIE_SIMULATION_CASES:-500} \
  cargo test --release --quiet --package causerie-e2e --test simulation ||
  fail "the simulation found something; the shortest schedule is above."
