# `make` alone prints what can be asked. Everything needs python3.11 and git, and fetches the rest.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= $(or $(shell command -v python3.11),$(shell command -v python3))
UV := $(or $(shell command -v uv),.tools/bin/uv)
BIN := .venv/bin
READY := .venv/.ready
LOCK := $(UV) pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-annotate \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

# Whoever points pip at a mirror means uv as well.
ifdef PIP_INDEX_URL
export UV_DEFAULT_INDEX ?= $(PIP_INDEX_URL)
endif

# The authorities this machine trusts, a company's own among them, hold for uv as they do for pip.
ifneq ($(wildcard /etc/ssl/certs/ca-certificates.crt),)
export SSL_CERT_FILE ?= /etc/ssl/certs/ca-certificates.crt
endif

.PHONY: help
help: ## print this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: $(READY) ## make .venv from the locked requirements (does nothing when they did not change)
	@:

$(READY): requirements-dev.txt pyproject.toml | $(UV)
	@echo "setting up .venv"
	@$(UV) venv --quiet --allow-existing --python $(PYTHON) .venv
	@$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements-dev.txt
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

# Debian may lack pip or ensurepip, seldom both: a plain pip fills .tools, else a venv becomes it.
.tools/bin/uv: requirements-uv.txt
	@if $(PYTHON) -m pip --version >/dev/null 2>&1; \
	then $(PYTHON) -m pip install -qq --upgrade --target .tools --require-hashes -r $<; \
	elif $(PYTHON) -m venv .tools >/dev/null 2>&1; \
	then .tools/bin/pip install -qq --require-hashes -r $<; \
	else echo "make setup needs uv, or pip, or venv: apt install python3-venv" >&2; exit 1; fi
	@touch $@

.PHONY: run demo
run: $(READY) ## play the demo's day of calls, then stay up on 127.0.0.1:8000 (PORT=n) until Ctrl-C
	@exec $(BIN)/ringledger demo --stay $(if $(PORT),--port $(PORT))

demo: $(READY) ## the same, then exit: 0 if all of it was right
	@exec $(BIN)/ringledger demo $(if $(PORT),--port $(PORT))

.PHONY: test fast lint check format
test: $(READY) ## run every test, by as many workers as there are cores (four at most)
	@$(BIN)/pytest -q -n auto --maxprocesses 4 --dist worksteal

fast: $(READY) ## run the tests that need no database
	@$(BIN)/pytest -q tests/domain tests/projections

lint: $(READY) ## format, lint, types and import contracts, without the tests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

check: lint test ## the same, then every test
	@:

format: $(READY) ## rewrite the code in the project's format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

.PHONY: bench rebuild
bench: $(READY) ## measure both sides (20 minutes); makes docs/performance.md of the figures
	@exec $(BIN)/python -m bench

rebuild: $(READY) ## build every view anew beside the live one, compare, swap
	@exec $(BIN)/ringledger views rebuild

.PHONY: lock
lock: | $(UV) ## choose versions anew and lock them with their hashes
	@echo "uv" | $(LOCK) --upgrade - --output-file requirements-uv.txt
	@$(LOCK) --upgrade pyproject.toml --output-file requirements.txt
	@$(LOCK) pyproject.toml --group dev --constraint requirements.txt --output-file requirements-dev.txt

.PHONY: clean
clean: ## remove the environment and every cache (never .ringledger)
	@rm -rf .venv .tools dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
