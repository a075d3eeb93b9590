#!/usr/bin/env bash
# Installs the peers that the bench compares with into target/peers, once, at the versions of e2e/peers.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/common.sh

have npm || fail "npm is missing: install Node.js 20 or newer, then run this again."
mkdir -p target/peers
if ! cmp --silent e2e/peers/package-lock.json target/peers/package-lock.json || [[ ! -d target/peers/node_modules ]]; then
  cp e2e/peers/package.json e2e/peers/package-lock.json target/peers/
  quietly "the peers could not be installed; is the npm registry reachable?" \
    npm ci --no-audit --no-fund --prefix target/peers
fi
cp e2e/peers/*.mjs target/peers/
