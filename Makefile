.DEFAULT_GOAL := help
THERE := $(foreach version,3.14 3.13 3.12 3.11,$(shell python$(version) -c 'import ensurepip' 2>/dev/null && echo python$(version)))
# The newest that is there and can make an environment.
PYTHON ?= $(or $(firstword $(THERE)),python3)
VENV ?= .venv
BIN := $(VENV)/bin

help: ## say what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

$(VENV)/.ready: requirements.lock pyproject.toml clients/python/pyproject.toml
	@$(PYTHON) -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo "Blazy Jobs needs Python 3.11 or newer, with its module venv; name one: make $(MAKECMDGOALS) PYTHON=/path/to/python"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e clients/python -e .
	@touch $@

setup: $(VENV)/.ready ## build .venv from the locked list

run: setup ## start the server and do the main job on real input (ARGS=--once ends afterwards)
	@$(BIN)/python -m examples.demo $(ARGS)

chromium: ## install Chromium for the tests in a browser, where it is missing and apt-get may
	@command -v chromium >/dev/null || $(call apt-get,chromium) \
		|| echo "Chromium cannot be installed here: the tests in a browser are skipped"

promtool: ## install promtool for the tests of the alerts, where it is missing and apt-get may
	@command -v promtool >/dev/null || $(call apt-get,prometheus) \
		|| echo "promtool cannot be installed here: the tests of the alerts are skipped"

apt-get = { [ "$$(id -u)" = 0 ] && timeout 120 apt-get -qq update && DEBIAN_FRONTEND=noninteractive \
	timeout 600 apt-get -qq install -y --no-install-recommends $(1) >/dev/null; }

CORES := $(shell getconf _NPROCESSORS_ONLN)
# Many tests wait for servers more than they work; the quick ones do not.
PROCESSES ?= $(shell expr $(CORES) + 1)
PYTEST = $(BIN)/python -m pytest -n $(PROCESSES) --dist worksteal

test: setup ## run every test but those of a release, a few at once (PROCESSES=0: one after the other)
	$(PYTEST) $(ARGS)

check: PROCESSES = $(CORES)
check: setup ## format, lint, types, import contracts, openapi, client and dashboard drift, quick tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python clients/generate.py --check
	$(BIN)/python clients/generate_typescript.py --check
	$(BIN)/python dashboard/vendor.py --check
	$(BIN)/python dashboard/check.py
	$(PYTEST) -q -m "not system" $(ARGS)

pythons: ## the quick tests on each Python from 3.11 on that is there (PYTHONS="/path/to/one /path/to/another" names them)
	@set -e; for python in $(or $(PYTHONS),$(THERE)); do \
		version=$$($$python -c 'import sys; print("%d.%d" % sys.version_info[:2])'); echo "Python $$version:"; \
		$(MAKE) --no-print-directory test VENV=.venv-$$version PYTHON=$$python ARGS='-q -m "not system" $(ARGS)'; done

release-check: setup ## the long tests of what a release consists of: packages, others' generators, every corner of openapi.json, docs site, benchmarks (needs Node)
	$(PYTEST) -m release $(ARGS)

busy: setup ## the system tests ten times beside busy loops (ARGS="--times 2" for fewer), to find those that depend on timing
	$(BIN)/python -m tests.busy $(ARGS)

PEERS := .venv-peers
$(PEERS)/.ready: requirements.peers.lock
	@test -x $(PEERS)/bin/python || $(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/pip install -qq --disable-pip-version-check --require-hashes -r requirements.peers.lock
	@touch $@

peers: $(PEERS)/.ready ## install the Python peers that `make bench` measures the server beside

bench: setup ## print the figures, each beside its baseline (ARGS=--quick for one short turn, --rounds 3 for medians of three)
	@$(MAKE) --no-print-directory peers || echo "PgQueuer cannot be installed: measured without it"
	$(BIN)/python -m benchmarks $(ARGS)

screenshots: setup ## pictures of every page of the dashboard with real data, into build/screenshots (ARGS=--readme also those of README.md)
	$(BIN)/python -m dashboard.screenshots $(ARGS)

faults: setup ## a thousand kills (ARGS=--kills=50 for fewer), long random lives, all examples, every zone's clock changes
	SCHEDULE_ORACLE=all STATE_MACHINE_EXAMPLES=150 $(BIN)/python -m pytest -q --timeout=3600 \
		tests/app/engine/test_fire_times.py tests/contract/test_state_machine.py
	EXAMPLES=all $(BIN)/python -m pytest -q --timeout=3600 $$(grep -rl --include="test_*.py" "examples(" tests)
	$(BIN)/python -m tests.faults --kills 1000 $(ARGS)
	$(BIN)/python -m tests.faults --kills 500 --store postgres $(ARGS)

openapi: setup ## write openapi.json, and the clients' cores from it
	$(BIN)/python clients/generate.py
	$(BIN)/python clients/generate_typescript.py

docs: setup ## build the docs and the reference of both clients into build/site/html, and look for broken links
	$(BIN)/python docs/site/build.py

dist: setup ## build what a release consists of into dist/, and try it in empty environments (needs Node)
	$(BIN)/python deploy/dist.py $(ARGS)

image: ## build the container image with docker, podman or buildah (ENGINE=podman names one)
	@$(PYTHON) deploy/image.py

try-image: ## build the image and do the main job in it, not as root and on a read-only root (docker or podman)
	@$(PYTHON) deploy/try_image.py $(ARGS)

COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	--no-header --no-annotate --no-emit-package blazy-jobs

lock: ## lock the dependencies anew (needs uv)
	$(COMPILE) --group dev pyproject.toml clients/python/pyproject.toml -o requirements.lock
	$(COMPILE) -c requirements.lock pyproject.toml clients/python/pyproject.toml -o requirements.runtime.lock
	$(COMPILE) -c requirements.lock --group build -o requirements.build.lock
	$(COMPILE) benchmarks/peers.in -o requirements.peers.lock

.PHONY: help setup chromium promtool run test check release-check pythons busy peers bench screenshots faults openapi docs dist image try-image lock
