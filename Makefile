# verify: derive, simulate, judge and draw every law, and write report/index.html.
# test, test-slow: run the tests; those that take long are for the second.
# All make .venv on first use and are incremental afterwards.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: verify test test-slow lint clean
.DELETE_ON_ERROR:

# The report is written whether or not the verdicts are as expected, and says nothing, so that they come last.
verify: .venv/installed
	$(BIN)/attnlaws verify --all --quick --draw figures-out; code=$$?; \
	test $$code -gt 1 || $(BIN)/attnlaws report > /dev/null || code=$$?; exit $$code

test: .venv/installed-test
	$(BIN)/python -m pytest -n auto --dist loadfile -m "not slow"

test-slow: .venv/installed-test
	$(BIN)/python -m pytest -n auto --dist loadfile -m slow

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
