# Gatewatch. `make run` and `make test` need Python 3.11 or newer with pip, and nothing else: they set up .venv first.
# PYTHON=python3.12 chooses the interpreter, VENV=.venv-3.12 the folder.

VENV ?= .venv
IN := $(VENV)/bin
EXTRAS := $(abspath $(VENV))/extras
export VENV PYTHON

.DEFAULT_GOAL := help
.PHONY: help run test long check format lint bench prices models dialects lock extras clean

help: ## What can be made
	@sed -n 's/^\([a-z]*\):.* ## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 16

run: ## The demo, or the gateway and its console when a provider key is in the environment
	@requirements/install.sh run
	@exec $(IN)/gatewatch $$($(IN)/python -c $(DEMO_WITHOUT_KEY)) $(ARGS)

DEMO_WITHOUT_KEY = 'import os; from gatewatch.config.completion import from_environment as configured; \
	print("" if configured(os.environ)["providers"] else "demo")'

test: ## All tests but the long ones; what is not installed is skipped by name (ARGS='-k word' picks some)
	@requirements/install.sh dev
	@$(WITH_EXTRAS) $(IN)/python -m pytest -n auto -m 'not long' $(ARGS)

long: ## What takes minutes each: the same as some tests do with larger numbers, or under another version
	@requirements/install.sh dev
	@$(WITH_EXTRAS) $(IN)/python -m pytest -n auto -m long $(ARGS)

check: format lint ## Before a commit: format, lint, types, import contracts, the quick tests
	@$(WITH_EXTRAS) $(IN)/python -m pytest -n auto -q -m 'not slow and not long' --ignore=tests/crash $(ARGS)

# What stands in .venv/extras is told to the tests by these two.
WITH_EXTRAS = for found in $(EXTRAS)/openai1/bin/python; do [ ! -x $$found ] || export GATEWATCH_OPENAI1_PYTHON=$$found; done; \
	for found in $(EXTRAS)/anthropic0/bin/python; do [ ! -x $$found ] || export GATEWATCH_ANTHROPIC0_PYTHON=$$found; done; \
	for found in $(EXTRAS)/node/node_modules; do [ ! -d $$found ] || export GATEWATCH_NODE_MODULES=$$found; done; \
	for found in $(EXTRAS)/duckdb2/lib/python*/site-packages; do [ ! -d $$found ] || export GATEWATCH_TEST_DUCKDB2=$$found; done; \
	for found in $(EXTRAS)/keyringsalt/lib/python*/site-packages; do [ ! -d $$found ] || export GATEWATCH_TEST_KEYRINGS_ALT=$$found; done; exec

format: ## Lay out the code and mend what can be mended
	@requirements/install.sh dev
	@$(IN)/ruff format --quiet
	@$(IN)/ruff check --quiet --fix --exit-zero

lint: ## Look, change nothing: format, lint, types, import contracts
	@requirements/install.sh dev
	@found=; for look in "ruff format --check" "ruff check" mypy "lint-imports --no-logo"; do \
		echo "$$look"; $(IN)/$$look || found="$$found [$$look]"; done; \
	 [ -z "$$found" ] || { echo "not clean:$$found" >&2; exit 1; }

bench: ## How fast, against whom: benchmarks/README.md
	@requirements/install.sh dev
	@$(IN)/python -m benchmarks $(ARGS)

prices: ## The base price book from the locked genai-prices; rows are added or ended, never overwritten
	@requirements/install.sh dev
	@$(IN)/python -m gatewatch.prices.compile

models: ## What is known of models, from the newest litellm (downloaded, not installed) and the locked genai-prices
	@requirements/install.sh dev
	@$(IN)/python -m gatewatch.models.compile $(ARGS)

dialects: ## The tables of docs/dialects.md, rewritten from what their tests prove
	@requirements/install.sh dev
	@$(IN)/python -m tests.conformance.dialects.page && $(IN)/python -m pytest -q -n auto tests/conformance/test_dialects.py

UV = $(or $(shell command -v uv),$(wildcard $(IN)/uv),uv)
LOCK = UV_CUSTOM_COMPILE_COMMAND='make lock' $(UV) pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-emit-find-links $(ARGS)
PINS = --constraint requirements/pins.txt

lock: ## Lock files from pyproject.toml (the one command that needs uv; ARGS=--upgrade takes the newest)
	$(LOCK) $(PINS) pyproject.toml --group build -o requirements/run.txt
	$(LOCK) $(PINS) pyproject.toml --group build --group test --group static -o requirements/dev.txt
	$(LOCK) --group openai1 -o requirements/openai1.txt
	$(LOCK) --group anthropic0 -o requirements/anthropic0.txt
	$(LOCK) --group duckdb2 -o requirements/duckdb2.txt
	$(LOCK) --group keyringsalt -o requirements/keyringsalt.txt

extras: ## What `make test` skips unless it is there: older and Node clients, the next DuckDB, plaintext keyrings
	@requirements/install.sh dev
	@requirements/install.sh extras

clean: ## Forget the environment and all that was built
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
