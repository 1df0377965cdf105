# What can be done here; `make` alone prints this list.
#
# Everything that is built or fetched goes to the user's cache folder, in a folder keyed by the Rust toolchain and the
# lock files, so that a clone stays clean and a second clone builds nothing twice. CARGO_TARGET_DIR wins when it is set.

.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
RUN := $(PYTHON) tests/tools/run.py

.PHONY: help
help: ## print what there is
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: ## build faceiot and run the main job: two devices, two clouds, real photos; DEMO="--keep" leaves it running
	@$(PYTHON) tests/tools/demo.py $(DEMO)

.PHONY: test
test: ## everything: lint, build, all tests, the wheel in a clean environment, acceptance
	@$(RUN) test

.PHONY: lint
lint: ## formatting, clippy, docs, ruff, licences
	@$(RUN) lint

.PHONY: fmt
fmt: ## format the Rust and Python sources in place
	@$(RUN) --tool ruff format .
	@cargo fmt --all

.PHONY: notices
notices: ## write THIRD-PARTY-NOTICES.txt anew, after a change of Cargo.lock
	@cargo fetch --locked --quiet && $(PYTHON) tests/tools/thirdparty.py

.PHONY: bench
bench: ## ratios against named peers, release build; prints a table
	@$(RUN) bench

.PHONY: wheel
wheel: ## the wheel for users, release build, into dist/
	@$(RUN) wheel

.PHONY: wheels
wheels: wheel wheel-aarch64 wheel-armv7l ## the same and those for the Raspberry Pi (64-bit, 32-bit), tried under qemu-user

.PHONY: wheel-aarch64 wheel-armv7l
wheel-aarch64 wheel-armv7l:
	@$(RUN) $@

.PHONY: firmware
firmware: ## the C library for this computer and for microcontrollers, into dist/c/; prints what each part costs
	@$(PYTHON) tests/tools/firmware.py $(FIRMWARE)

.PHONY: fuzz
fuzz: ## the fuzz targets, longer than the smoke run inside `make test`; FUZZ_SECONDS=60 each
	@FUZZ_SECONDS=$${FUZZ_SECONDS:-60} $(RUN) fuzz

.PHONY: doc
doc: ## the Rust documentation, into the cache folder; prints where
	@$(RUN) doc
