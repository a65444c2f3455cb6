# Two commands on a fresh machine: `make demo` and `make test`. Everything is kept in .venv and .cache.

VENV := .venv
BIN := $(VENV)/bin
JOBS ?= 2
# the first of these that is new enough; override with PYTHON=/path/to/python3.12
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check install
PINNED := --constraint tests/constraints.txt
PYTEST := $(BIN)/python -m pytest -n $(JOBS) --dist loadgroup

.DEFAULT_GOAL := help
.PHONY: help demo test soak bench lint screenshots demo-disk clean tools

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.run ## set up, then open the wizard on a built-in damaged disk; touches nothing else
	@$(BIN)/lvtui demo

test: $(VENV)/.test tools ## set up, then run all tests (as root: real LVM2 on loop devices)
	@$(PYTEST)

soak: $(VENV)/.test tools ## the same tests with their full counts; hours
	@LVTUI_SOAK=1 $(PYTEST) -m soak

bench: $(VENV)/.test tools ## times beside pvck, dd and ddrescue
	@$(BIN)/python -m tests.bench

lint: $(VENV)/.test ## ruff, mypy and the layers
	@$(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/mypy && $(BIN)/lint-imports

screenshots: $(VENV)/.test ## drive the wizard through the demo and write screenshots/*.svg
	@$(BIN)/python -m tests.screenshots

demo-disk: $(VENV)/.test tools ## remake the demo's disk with this machine's LVM2
	@$(BIN)/python -m tests.make_demo

clean: ## remove everything that make made in this folder
	rm -rf $(VENV) .cache build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache \
		.hypothesis .import_linter_cache
	find lvtui tests -name __pycache__ -type d -prune -exec rm -rf {} +

tools:
	@tests/tools.sh

$(BIN)/python:
	@sh tests/python.sh "$(PYTHON)"
	@echo "Setting up $(VENV) (once; needs the network)"
	@$(PYTHON) -m venv $(VENV)

# The stamps depend on what is installed, so that later starts need no network.
$(VENV)/.run: pyproject.toml tests/constraints.txt | $(BIN)/python
	@test -e $(VENV)/.test || $(PIP) $(PINNED) --editable . || \
		{ echo "The pinned versions cannot be had here: trying what pyproject.toml allows"; \
		$(PIP) --editable .; }
	@touch $@

$(VENV)/.test: pyproject.toml tests/constraints.txt | $(BIN)/python
	@$(PIP) $(PINNED) --editable '.[test]' || \
		{ echo "The pinned versions cannot be had here: trying what pyproject.toml allows"; \
		$(PIP) --editable '.[test]'; }
	@touch $@ $(VENV)/.run
