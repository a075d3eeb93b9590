#!/usr/bin/env bash
# What the tests need of the system: a browser, its driver, a database and one font.
# Installs Debian's packages as root; otherwise says what is missing.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/common.sh

missing=()
have chromium || missing+=(chromium)
have chromedriver || missing+=(chromium-driver)
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || have initdb || missing+=(postgresql)
# Screenshots and line breaks are the same everywhere only with the same font.
{ have fc-list && [[ $(fc-list : family) == *Inter* ]]; } || missing+=(fonts-inter)
[[ ${#missing[@]} -gt 0 ]] || exit 0

if [[ $(id -u) -ne 0 ]] || ! have apt-get; then
  fail "the tests need ${missing[*]}: install them (on Debian: sudo apt-get install ${missing[*]}), then run this again."
fi
echo "      installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
quietly "apt-get update failed; is the network there?" apt-get update
quietly "apt-get could not install ${missing[*]}." apt-get install --yes --no-install-recommends fontconfig "${missing[@]}"
