# Causerie. `make run` and `make test` are all a newcomer needs; `make` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

TOOLS := $(CURDIR)/target/tools
export PATH := $(TOOLS)/bin:$(TOOLS)/npm/node_modules/.bin:$(PATH)

# Folders count too: their time changes when a file is deleted or renamed.
APP_INPUTS := $(shell find app shared style public xtask -not -name '.*') Cargo.toml Cargo.lock .cargo/config.toml rust-toolchain.toml
# Written at the end of the build; the server reads them too.
APP := dist/build.json
QUICK_APP := target/quick/dist/build.json

.PHONY: help run dev console quick-console test acceptance bench bench-faults bench-peers fmt lint

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

run: ## build everything and start it with a demo workspace
	@scripts/run.sh

dev: ## server and console for development, the console rebuilt at every change
	@scripts/dev.sh

test: ## everything that CI runs
	@scripts/test.sh

acceptance: ## build everything with the addresses for tests from outside, and do not start it
	@scripts/acceptance.sh

bench: ## print the figures of the product, one a line
	@STEPS=5 scripts/tools.sh
	@echo "[5/5] Console"
	@$(MAKE) console
	@cargo run --locked --release --quiet --package causerie-e2e --bin bench

bench-peers: ## print how it compares with its peers under the same load (QUICK=1: only whether it works)
	@scripts/peers.sh
	@cargo run --locked --release --quiet --package causerie-e2e --bin bench-peers

bench-faults: ## kill the server 200 times under load, then simulate for longer than the tests do
	@STEPS=5 scripts/tools.sh
	@echo "[5/5] Console"
	@$(MAKE) console
	@scripts/faults.sh

fmt: ## format the sources
	@cargo fmt --all

lint: $(APP) ## clippy, with warnings as errors
	@cargo clippy --locked --workspace --all-targets -- --deny warnings

console: $(APP) ## build the console into dist/
	@:

quick-console: $(QUICK_APP)
	@:

# They get the time before the build, so that a file saved meanwhile counts as newer.
$(APP): $(APP_INPUTS)
	@[[ -x $(TOOLS)/npm/node_modules/.bin/wasm-opt ]] || STEPS=4 scripts/tools.sh
	@mkdir -p target && touch target/app.started
	@echo "      building it (some minutes the first time)"
	@cargo xtask console
	@touch --reference=target/app.started $@

$(QUICK_APP): $(APP_INPUTS)
	@mkdir -p target && touch target/quick.started
	@cargo run --locked --quiet --package xtask --no-default-features -- console --quick
	@touch --reference=target/quick.started $@
