# One target for each thing people do here. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:

# The same flags everywhere, so that nothing is compiled twice. Debug information makes the build much slower.
DEBUG_FLAGS   := -debug-info-format none
RELEASE_FLAGS := -c release --static-swift-stdlib -debug-info-format none
VENV          := .venv/bin
PYTHON        ?= python3
CLIENTS       := 2.22.5 3.17.2
RELEASE       := .build/release/martlet
DEBUG         := .build/debug/martlet

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

.PHONY: build
build: prerequisites ## the release binary, .build/release/martlet
	swift build $(RELEASE_FLAGS) --product martlet

.PHONY: debug
debug: prerequisites ## the debug binary, .build/debug/martlet
	swift build $(DEBUG_FLAGS) --build-tests

.PHONY: run
run: build assets engines ## start the server on http://127.0.0.1:5000
	$(RELEASE) up

.PHONY: demo
demo: build assets ## the whole loop once, on the flights of 2013
	$(RELEASE) demo

.PHONY: test
test: ## install what is missing, then everything that CI runs
	scripts/test.sh

.PHONY: unit
unit: debug engines ## unit and in-process tests, over SQLite and PostgreSQL
	swift test $(DEBUG_FLAGS) --no-parallel

.PHONY: e2e
e2e: debug venv assets engines flights ## end-to-end tests with the debug binary and real clients
	MARTLET=$(abspath $(DEBUG)) $(VENV)/pytest Tests/EndToEnd

.PHONY: bench
bench: build venv engines ## start-up, memory, predictions, tracking; BENCH=--peer measures MLflow beside it
	@$(PYTHON) scripts/fetch-flights.py --raw
	MARTLET=$(abspath $(RELEASE)) $(VENV)/python Benchmarks/bench.py $(BENCH)

.PHONY: bench-tracking
bench-tracking: build venv ## tracking against stock MLflow, on the same work in one go; BENCH="--only search --json"
	@MARTLET=$(abspath $(RELEASE)) $(VENV)/python Benchmarks/bench_tracking.py $(BENCH)

.PHONY: format
format: ## format all Swift files in place
	swift format --in-place --recursive --parallel Package.swift Sources Tests

.PHONY: lint
lint: ## formatting and style of all Swift files
	swift format lint --strict --recursive --parallel Package.swift Sources Tests

.PHONY: check
check: prerequisites ## the house: arrows between modules, imports, file sizes, formatting
	$(PYTHON) scripts/check-house.py
	swift build $(DEBUG_FLAGS) --build-tests --explicit-target-dependency-import-check error
	$(MAKE) lint

.PHONY: dist
dist: build assets ## a tarball that runs on a machine without Swift
	scripts/dist.sh

.PHONY: clean
clean: ## remove what was built; what was fetched stays in .cache
	rm -rf .build dist assets Examples/flights/build Examples/flights/.martlet

# What the targets above need; each does nothing when it is there.
.PHONY: prerequisites test-prerequisites assets engines flights venv lock
prerequisites:
	@scripts/install-prerequisites.sh build

test-prerequisites:
	@scripts/install-prerequisites.sh build test

assets:
	@$(PYTHON) scripts/fetch-assets.py

flights:
	@$(PYTHON) scripts/fetch-flights.py

engines:
	@if [ -x $(RELEASE) ]; then $(RELEASE) engines install; else $(DEBUG) engines install; fi

venv: test-prerequisites .venv/.installed $(CLIENTS:%=.cache/clients/mlflow-skinny-%/.installed)
.venv/.installed: Tests/EndToEnd/requirements.txt
	$(PYTHON) -m venv .venv
	$(VENV)/pip install --quiet --disable-pip-version-check uv==0.13.8
	$(VENV)/uv pip install --quiet --requirement $< || $(VENV)/pip install --quiet --requirement $<
	touch $@

# MLflow's client of other generations, each by itself.
.cache/clients/mlflow-skinny-%/.installed: .venv/.installed
	$(VENV)/uv venv --quiet --clear --python $(VENV)/python $(@D)
	$(VENV)/uv pip install --quiet --python $(@D)/bin/python "mlflow-skinny==$*" "setuptools<81"
	touch $@

lock: venv ## resolve Tests/EndToEnd/requirements.in anew
	$(VENV)/uv pip compile --quiet --no-header --no-annotate --python-version 3.11 Tests/EndToEnd/requirements.in -o Tests/EndToEnd/requirements.txt
