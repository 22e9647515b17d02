# The one entry point. `make help` lists the targets; every one installs what it needs first.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PY := .venv/bin/python
LOCAL := deploy/local
SOURCES := services/src ingest-api/src track-api/src tb-proxy/src client/src
MEMBERS := services ingest-api track-api tb-proxy client
PYTEST := $(PY) -m pytest
export PYTHON

.PHONY: help install dev run up down link fmt lint types imports test unit contract integration e2e frontend-test test-integrations \
	test-pythons test-images bench bench-page soak openapi client-types drift screenshots lock check clean

##@ Run
install: ## install what `make run` needs into .venv and frontend/
	@$(LOCAL)/venv.sh run
	@$(LOCAL)/frontend.sh build

run: install ## start everything in the foreground; Ctrl-C stops it
	@exec $(PY) $(LOCAL)/stack.py run

up: install ## start everything in the background; returns when it is ready
	@$(PY) $(LOCAL)/stack.py up

down: ## stop what `make up` or `make run` started
	@if [ -x $(PY) ]; then $(PY) $(LOCAL)/stack.py down; else echo "Nothing runs here."; fi

link: install ## print a fresh one-time sign-in link of the running stack
	@$(PY) $(LOCAL)/stack.py link

##@ Check
dev: ## install what the checks and tests need
	@$(LOCAL)/venv.sh dev
	@$(LOCAL)/frontend.sh install

fmt: dev ## format and fix what can be fixed by itself
	@$(PY) -m ruff check --fix --quiet . || true
	@$(PY) -m ruff format .
	@cd frontend && ../$(LOCAL)/node.sh npm run --silent format

lint: dev ## ruff, biome
	@echo "==> lint"
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@cd frontend && ../$(LOCAL)/node.sh npm run --silent lint

types: dev ## mypy --strict, tsc
	@echo "==> types"
	@$(PY) -m mypy $(SOURCES)
	@cd frontend && ../$(LOCAL)/node.sh npx --no-install tsc --noEmit

imports: dev ## the order of layers
	@echo "==> imports"
	@.venv/bin/lint-imports --no-logo 2>/dev/null || .venv/bin/lint-imports

test: ## everything: lint, types, imports, drift, vitest, pytest with a real browser
	@$(LOCAL)/venv.sh dev
	@$(LOCAL)/browser.sh
	@$(LOCAL)/frontend.sh build
	@$(MAKE) lint types imports drift frontend-test
	@echo "==> pytest"
	@$(PYTEST) -n 2 --dist loadfile tests/unit tests/contract tests/integration
	@$(PYTEST) -n 2 --dist loadfile tests/e2e

unit: dev ## tests without sockets or a database
	@$(PYTEST) tests/unit

contract: dev ## golden files, snapshots, the README's claims
	@$(PYTEST) tests/contract

integration: dev ## tests with a real PostgreSQL, a real TensorBoard, all processes
	@$(LOCAL)/frontend.sh build
	@$(PYTEST) tests/integration

e2e: dev ## all processes and a browser
	@$(LOCAL)/browser.sh
	@$(LOCAL)/frontend.sh build
	@$(PYTEST) tests/e2e

test-integrations: dev ## the client's adapters with the real frameworks, in an environment of their own; minutes the first time
	@$(LOCAL)/integrations.sh
	@$(PYTEST) tests/integrations

test-images: dev ## what each image installs, in an environment of its own; minutes, needs a package index
	@$(PYTEST) tests/images

frontend-test: dev ## vitest
	@echo "==> vitest"
	@cd frontend && ../$(LOCAL)/node.sh npm run --silent test

test-pythons: ## the client's unit tests on each interpreter; PYTHONS="python3.10 python3.13" chooses
	@$(LOCAL)/test-pythons.sh

bench: dev ## timed runs beside another tool; BENCH="ingest read" runs some; never part of `make test`
	@$(PY) tests/bench/run.py $(BENCH)

bench-page: dev ## timed actions on the page of a track of 100,000 keys and a million console lines, in a real browser
	@$(LOCAL)/browser.sh
	@$(LOCAL)/frontend.sh build
	@$(PY) tests/bench/page.py

soak: dev ## the long schedules of kills, of a training and of the stack; an hour, never part of `make test`
	@$(LOCAL)/frontend.sh build
	@$(PYTEST) -s tests/soak

check: test ## the same as test: what continuous integration runs

##@ Generate
openapi: dev ## write both openapi.json from the apps
	@$(PY) -m ingest_api openapi > ingest-api/openapi.json.new && mv ingest-api/openapi.json.new ingest-api/openapi.json
	@$(PY) -m track_api openapi > track-api/openapi.json.new && mv track-api/openapi.json.new track-api/openapi.json

client-types: dev ## write the page's API types from track-api/openapi.json
	@cd frontend && ../$(LOCAL)/node.sh npm run --silent client-types

drift: dev ## fail when a generated file is not what its generator writes
	@echo "==> drift"
	@$(LOCAL)/drift.sh

screenshots: e2e ## refresh the picture in the README from the end-to-end test
	@mkdir -p frontend/screenshots
	@cp tests/e2e/.output/track.png frontend/screenshots/track.png

lock: dev ## write both requirements locks anew from the members' pyproject files
	@$(LOCAL)/lock.sh

##@ Clean
clean: ## remove what was installed and built; data in .run stays
	@rm -rf .venv .venvs frontend/node_modules frontend/dist tests/e2e/.output
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .grimp_cache
	@find $(MEMBERS) tests $(LOCAL) -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## this list
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z0-9-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
