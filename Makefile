# Needs Python 3.11 or later, make and, the first time, a package index. Everything lives in .venv, which is
# made here from the lock files, and made again when they, the Python or the folder's place have changed.

PYTHON ?= python3

.DEFAULT_GOAL := help
.NOTPARALLEL:

## make demo      set up, then compile the example protocols and run two of them
demo: .venv/.run .venv/.project
	@.venv/bin/python examples/demo.py

# One worker for each core; who is done takes from what lies before the others.
WORKERS ?= auto

## make test      set up, then run the tests (TESTS=tests/compiler for some of them, WORKERS=0 for one after the other)
test: .venv/.dev .venv/.project
	@.venv/bin/python -m pytest --numprocesses $(WORKERS) --maxprocesses 8 --dist worksteal $(TESTS)

## make mutants   set up, then judge every mutant of the examples, some minutes
mutants: .venv/.dev .venv/.project
	@.venv/bin/python -m tests.compiler.mutants
	@PGS_EVERY_CHANGE=1 .venv/bin/python -m pytest tests/compiler/prove/test_proofs.py

## make soak      set up, then kill, stop and cut the power of durable runs, some hours (SOAK="kills --every 20" for some)
soak: .venv/.dev .venv/.project
	@.venv/bin/python -m tests.durable.soak $(SOAK)

## make bench     set up, then measure against the same work written by hand (BENCH=nodes for some of it)
bench: .venv/.run .venv/.project
	@.venv/bin/python -m benchmarks $(BENCH)

## make lint      style, types, and who may import whom
lint: .venv/.dev .venv/.project
	@.venv/bin/python -m ruff check --quiet --output-format concise .
	@.venv/bin/python -m ruff format --quiet --check .
	@.venv/bin/python -m mypy --no-error-summary
	@.venv/bin/lint-imports --no-logo

## make format    bring the code into the form that lint asks for
format: .venv/.dev
	@.venv/bin/python -m ruff check --quiet --fix-only .
	@.venv/bin/python -m ruff format --quiet .

## make lock      write the lock files anew from pyproject.toml (UPGRADE=1 takes the newest versions)
lock: .venv/.dev
	@.venv/bin/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { echo \
	  "The locks are made with Python 3.11, which needs the most packages: make lock PYTHON=python3.11" >&2; exit 1; }
	@$(pip_compile) --output-file requirements.lock pyproject.toml
	@$(pip_compile) --extra dev --extra postgres --extra eth --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml

## make clean     remove .venv and every cache
clean:
	@rm -rf .venv .hypothesis .import_linter_cache .mypy_cache .ruff_cache build dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

help:
	@sed -n 's/^## //p' Makefile

.PHONY: demo test mutants soak bench lint format lock clean help FORCE

# --- set-up ---------------------------------------------------------------------------------------------------

# Scripts and editable installs hold absolute paths, so an environment is good in one place for one Python.
identity := $(shell $(PYTHON) -c 'import os, sys; print("%d.%d" % sys.version_info[:2], os.getcwd())' 2>&1)
ifneq ($(identity),$(shell .venv/bin/python -c 'print(open(".venv/.identity").read())' 2>/dev/null))
.venv/.run: FORCE
endif

# Wheels only, so that no dependency runs code here while it is installed.
pip_install = .venv/bin/python -m pip install --quiet --quiet --no-input --disable-pip-version-check
fetch = $(pip_install) --only-binary :all: --require-hashes --requirement $(1) || { echo \
  "Set-up stopped: pip could not install '$(1)', as it says above. If it found no versions at all, it reached no" \
  "package index: the first set-up needs https://pypi.org, or a mirror of it named by PIP_INDEX_URL." >&2; exit 1; }

.venv/.run: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo \
	  "PGS needs Python 3.11 or later, and '$(PYTHON)' is not that. Name another: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || { echo \
	  "'$(PYTHON)' comes without venv. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@echo "Setting up .venv with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv --clear .venv
	@echo "Installing $$(grep -c '^[a-z].*==' requirements.lock) pinned packages"
	@$(call fetch,requirements.lock)
	@$(PYTHON) -c 'import os, sys; print("%d.%d" % sys.version_info[:2], os.getcwd(), end="")' > .venv/.identity
	@touch $@

.venv/.dev: .venv/.run requirements-dev.lock
	@echo "Installing the tools for tests and checks"
	@$(call fetch,requirements-dev.lock)
	@touch $@

.venv/.project: .venv/.run pyproject.toml
	@$(pip_install) --no-deps --no-build-isolation --editable .
	@touch $@

# The hashes are those of the public index, whatever this machine's pip is set to.
pip_compile = env -u PIP_INDEX_URL -u PIP_EXTRA_INDEX_URL -u PIP_FIND_LINKS PIP_CONFIG_FILE=/dev/null \
  CUSTOM_COMPILE_COMMAND="make lock" .venv/bin/python -m piptools compile --quiet --no-config --generate-hashes \
  --index-url https://pypi.org/simple --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
  --build-deps-for editable --allow-unsafe --strip-extras $(if $(UPGRADE),--upgrade)
