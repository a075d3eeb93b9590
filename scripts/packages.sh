#!/usr/bin/env bash
# Installs what only the tests need: from npm the accessibility checker and clients of the channels, from crates.io
# cargo-deny and Firefox's driver, and from the system three browsers, the other drivers, a database and one font. Installs Debian's
# packages as root; otherwise prints which are missing.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/common.sh

readonly AXE=4.14.1
# A separate prefix, because npm removes packages from a prefix that the command does not name.
readonly AXE_ROOT=target/tools/axe
package=$AXE_ROOT/node_modules/axe-core/package.json
if [[ ! -f $package || $(node -p "require('./$package').version") != "$AXE" ]]; then
  mkdir -p "$AXE_ROOT"
  quietly "axe-core $AXE could not be installed; is the npm registry reachable?" \
    npm install --no-save --no-audit --no-fund --prefix "$AXE_ROOT" "axe-core@$AXE"
fi

# Clients and an emulator of providers' APIs, against which the fake providers are checked.
readonly CLIENTS=(@kapso/whatsapp-cloud-api@0.3.0 messaging-api-messenger@1.1.0 telegram-test-api@4.2.1)
readonly CLIENTS_ROOT=target/tools/clients
if [[ ! -f $CLIENTS_ROOT/installed || $(<"$CLIENTS_ROOT/installed") != "${CLIENTS[*]}" ]]; then
  mkdir -p "$CLIENTS_ROOT"
  quietly "${CLIENTS[*]} could not be installed; is the npm registry reachable?" \
    npm install --no-save --no-audit --no-fund --ignore-scripts --prefix "$CLIENTS_ROOT" "${CLIENTS[@]}"
  echo "${CLIENTS[*]}" >"$CLIENTS_ROOT/installed"
fi

# Checks licences, bans and sources. The package on PyPI is too old to read the list of targets.
readonly DENY=0.20.2
readonly DENY_BIN=target/tools/bin/cargo-deny
if [[ ! -x $DENY_BIN || $("$DENY_BIN" --version | awk '{ print $2 }') != "$DENY" ]]; then
  echo "      building cargo-deny $DENY, once (about a minute on two cores)"
  quietly "cargo-deny $DENY could not be installed; is crates.io reachable?" \
    env -u CARGO_TARGET_DIR CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=off \
    CARGO_PROFILE_RELEASE_CODEGEN_UNITS=64 \
    cargo install cargo-deny --version "$DENY" --locked --root target/tools --force
fi

# ALL_ENGINES=1 adds what the core stories need in Firefox and WebKit (`docs/browsers.md`).
if [[ ${ALL_ENGINES:-0} == 1 ]]; then
  # Firefox's driver, which Debian does not package. It only passes messages on, so the build is tuned for a short
  # compile time.
  readonly GECKODRIVER=0.37.1
  readonly GECKODRIVER_BIN=target/tools/bin/geckodriver
  if [[ ! -x $GECKODRIVER_BIN || $("$GECKODRIVER_BIN" --version | awk 'NR == 1 { print $2 }') != "$GECKODRIVER" ]]; then
    echo "      building geckodriver $GECKODRIVER, once (about two minutes on two cores)"
    quietly "geckodriver $GECKODRIVER could not be installed; is crates.io reachable?" \
      env -u CARGO_TARGET_DIR CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=off \
      CARGO_PROFILE_RELEASE_CODEGEN_UNITS=64 \
      cargo install geckodriver --version "$GECKODRIVER" --locked --root target/tools --force
  fi
fi

missing=()
have chromium || missing+=(chromium)
have chromedriver || missing+=(chromium-driver)
if [[ ${ALL_ENGINES:-0} == 1 ]]; then
  have firefox-esr || have firefox || missing+=(firefox-esr)
  have WebKitWebDriver || missing+=(webkit2gtk-driver)
  # WebKit's browser needs a screen.
  have Xvfb || missing+=(xvfb)
fi
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || have initdb || missing+=(postgresql)
# Screenshots and line breaks are the same on every machine only with the same font.
{ have fc-list && [[ $(fc-list : family) == *Inter* ]]; } || missing+=(fonts-inter)
[[ ${#missing[@]} -gt 0 ]] || exit 0

if [[ $(id -u) -ne 0 ]] || ! have apt-get; then
  fail "the tests need ${missing[*]}: install them (on Debian: sudo apt-get install ${missing[*]}), then run this again."
fi
echo "      installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
quietly "apt-get update failed; is the network there?" apt-get update
quietly "apt-get could not install ${missing[*]}." apt-get install --yes --no-install-recommends fontconfig "${missing[@]}"
