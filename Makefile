# verify: derive, simulate, judge and draw every law.   test: run the tests.
# Both make .venv on first use and are incremental afterwards.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: verify test lint clean
.DELETE_ON_ERROR:

verify: .venv/installed
	$(BIN)/attnlaws verify --all --quick --draw figures-out

test: .venv/installed-test
	$(BIN)/python -m pytest

lint: .venv/installed-dev
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/pyright

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "attnlaws needs Python 3.11 or newer")'
	$(PYTHON) -m venv .venv

.venv/installed: setup.cfg pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	touch $@

.venv/installed-%: setup.cfg pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[$*]"
	touch $@

clean:
	rm -rf .venv build *.egg-info
