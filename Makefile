# Every target does its own set-up from a bare clone. `make demo` shows the product, `make test` proves it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
STAMPS := .venv/stamps
# Browser tests use the system's Chromium; where it cannot be installed they are skipped and say so.
CHROMIUM := $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
# Tests sync their files thousands of times, for nobody: they write to memory where 8 GiB of it are to be had.
MEMORY := $(shell [ -w /dev/shm ] && [ "$$(df --output=avail /dev/shm 2>/dev/null | tail -1)" -ge 8388608 ] 2>/dev/null && echo /dev/shm)

.PHONY: retention-machine docks mutants tampering help install assets browser demo up test check lint types layers dependencies drift format lock migrations bench faults flips storms clean

help: ## Show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  \1\t/' | expand -t 16

install: $(STAMPS)/python $(STAMPS)/assets ## Make .venv with everything, and the pages' styles and scripts

$(STAMPS)/python: requirements/all.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Tabard needs Python 3.11 or newer." if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/all.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@mkdir -p $(STAMPS) && touch $@

assets: $(STAMPS)/assets

$(STAMPS)/assets: package-lock.json $(shell find frontend -type f -not -path '*/node_modules/*' 2>/dev/null) | $(STAMPS)/python
	npm ci --no-audit --no-fund --loglevel=error
	npm run build --silent
	@mkdir -p $(STAMPS) && touch $@

browser: ## Install Chromium with apt where that is possible; never fails
	@if [ -z "$(CHROMIUM)" ] && command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	  (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium) >/dev/null 2>&1 \
	  || echo "Chromium could not be installed: the browser tests will be skipped."; \
	fi

demo: install ## A small force, cameras that dock, an exhibit, a pack, its verification; then the web
	$(BIN)/tabard demo

up: install ## Run Tabard on this machine
	$(BIN)/tabard up

test: install browser check ## Everything: lint, types, layers, dependencies, then the tests
	@folder=$$(mktemp -d $(or $(MEMORY),$${TMPDIR:-/tmp})/tabard-tests-XXXXXX); \
	chmod 711 "$$folder"; TMPDIR=$$folder $(BIN)/pytest -n 2 --dist worksteal && rm -rf "$$folder" \
	|| { echo "What the tests wrote is in $$folder."; exit 1; }

check: install lint types layers dependencies drift ## Lint, types, layers, dependencies, migrations

lint:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types:
	$(BIN)/mypy

layers:
	$(BIN)/lint-imports --no-cache

dependencies:
	$(BIN)/deptry src

drift: # models and migrations must say the same
	TABARD_HOME=$$(mktemp -d) $(BIN)/tabard manage makemigrations --check --dry-run

flips: install ## Flip 1,000 random bits of sealed objects in two stores; all must be found and repaired
	TABARD_FLIPS=1000 $(BIN)/pytest -s tests/faults/test_bit_flips.py

faults: install ## Fail every system call of a seal and of a checkpoint; kill PostgreSQL 200 times; takes half an hour
	TABARD_FAULTS_EVERY=1 TABARD_KILLS=200 $(BIN)/pytest -s tests/faults/test_every_system_call.py \
	  tests/faults/test_postgres_kills.py tests/faults/test_plants.py

mutants: install ## Take in 10,000 movies that are broken on purpose, and every sample file; takes an hour
	TABARD_MUTANTS=10000 TABARD_ALL_SAMPLES=1 $(BIN)/pytest -s tests/faults/test_folder_faults.py

retention-machine: install ## Live through 100,000 steps of holds, links, categories, policies and time; takes hours
	TABARD_RETENTION_STEPS=100000 $(BIN)/pytest -s tests/properties/test_retention.py

docks: install ## Kill dock agents on 1,000 evenings on which everything goes wrong; takes an hour or two
	TABARD_DOCK_RUNS=1000 $(BIN)/pytest -s tests/faults/test_dock_kills.py

storms: install ## Break everything while cameras dock, 1,000 times, and every planted defect; takes hours
	TABARD_STORMS=1000 TABARD_STORM_PLANTS=all $(BIN)/pytest -s tests/faults/test_intake_storms.py

tampering: install ## All tamper cases, and 1,000 verifications of honest histories; takes minutes
	TABARD_CLEAN_RUNS=1000 $(BIN)/pytest tests/integration/tampering tests/properties/test_log.py

bench: install ## Measure the hot paths, each beside its limit; takes minutes
	for each in bench/*.py; do $(BIN)/python $$each || exit 1; done

format: ## Put the source into house format
	$(BIN)/ruff check --fix-only --quiet . ; $(BIN)/ruff format .

LOCK := uv pip compile --universal --python-version 3.11 --generate-hashes --no-header -q -U pyproject.toml

lock: ## Resolve the dependencies anew into hashed lock files
	$(LOCK) --extra server --extra demo --extra dev -o requirements/all.txt
	$(LOCK) --extra server -o requirements/server.txt
	$(LOCK) -o requirements/base.txt

migrations: install ## Write migrations for changed models
	$(BIN)/tabard manage makemigrations

clean: ## Remove what can be made again (never var/, which holds footage)
	rm -rf .venv node_modules .mypy_cache .ruff_cache .pytest_cache src/tabard/web/static/vendor
