# make demo    scores the bundled calls: no key, no server
# make test    everything CI runs
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help install demo test check lint types imports depends unit kill-test kill-test-postgres evals bench lock clean

help: ## List these targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

install: $(STAMP) ## Make .venv with every pinned dependency

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Bantam needs Python 3.11 or newer; say make PYTHON=python3.11") if sys.version_info < (3, 11) else 0'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	if command -v uv >/dev/null 2>&1; then \
	  uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock; \
	else \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock; \
	fi
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

demo: install ## Score the bundled sample calls, with evidence
	$(BIN)/bantam demo

test: check unit ## Everything CI runs

check: lint types imports depends ## Format, lint, types, import contracts, dependencies

lint: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: install
	$(BIN)/mypy

imports: install
	$(BIN)/lint-imports

depends: install ## Each dependency is imported, each import is a dependency
	$(BIN)/deptry .

unit: install ## The tests
	$(BIN)/python -m pytest -n auto --dist loadgroup

kill-test: install ## Kill workers at 200 random points, on SQLite; minutes
	BANTAM_TEST_KILLS=200 $(BIN)/python -m pytest tests/flows/test_kill.py -m "not postgres" -k "die_anywhere"

kill-test-postgres: install ## The same on PostgreSQL
	BANTAM_TEST_KILLS=200 $(BIN)/python -m pytest tests/flows/test_kill.py -m postgres -k "die_anywhere"

evals: install ## Offline evals on bundled data; writes report.html and report.json
	$(BIN)/bantam evals run --html report.html --json report.json

bench: install ## Measure, print a table, write benchmarks/results/
	$(BIN)/python -m benchmarks

lock: ## Pin every dependency again, with hashes
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	  --group dev --custom-compile-command "make lock" -o requirements.lock pyproject.toml

clean: ## Remove the environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
