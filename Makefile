# Everything runs in .venv beside this file; delete the folder (make clean) to start afresh.
# PYTHON=… names the interpreter that makes it; ARGS=… goes to the command that a target runs.

PYTHON ?=
ARGS ?=
WORKERS ?= 2
TORCH ?= torch==2.13.0

# ALL=1 builds every instruction set, SANITIZE=address,undefined or thread a checking build in its own folder.
ALL ?=
SANITIZE ?=

CANDIDATES := python3.11 python3.12 python3.13 python3 python
PIP := CHAINRULE_BUILD_NATIVE=skip .venv/bin/python -m pip install --quiet --disable-pip-version-check
IS_NEW_ENOUGH := 'import sys; sys.exit(sys.version_info < (3, 11))'
SAY := @echo "==>"

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help demo test lint format native native-if-possible peers bench bench-tabular clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "  PYTHON=python3.12 picks the interpreter, ARGS='…' is passed on: make test ARGS='-k adam -x'"

demo: .venv/.demo native-if-possible ## install into .venv and run the demonstration
	@.venv/bin/chainrule demo $(ARGS)

test: .venv/.test native-if-possible ## install the test extras and run the whole test suite
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 .venv/bin/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

lint: .venv/.lint ## check style, types and the direction of imports
	$(SAY) ruff check
	@.venv/bin/ruff check .
	$(SAY) ruff format --check
	@.venv/bin/ruff format --check .
	$(SAY) mypy
	@.venv/bin/mypy
	$(SAY) lint-imports
	@PYTHONPATH=src .venv/bin/lint-imports --no-logo

format: .venv/.lint ## let ruff repair style and layout
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

native: .venv/.native-tools ## build the native engine beside the Python sources, as far as it has changed
	@.venv/bin/python native/build.py $(if $(ALL),--all) $(if $(SANITIZE),--sanitize=$(SANITIZE)) $(ARGS)

native-if-possible: .venv/.native-tools
	@.venv/bin/python native/build.py --optional

peers: .venv/.peers ## add PyTorch, JAX and Keras, for the live comparisons in the tests

bench: .venv/.bench native-if-possible ## run the benchmarks against the rivals
	@.venv/bin/python benchmarks/run.py $(ARGS)

bench-tabular: .venv/.bench-tabular native-if-possible ## run the estimators against their rivals on public tables
	@.venv/bin/python benchmarks/tabular/run.py $(ARGS)

fuzz: .venv/.fuzz ## fuzz all that opens files: make fuzz ARGS='--seconds 600 model csv'
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 .venv/bin/python tests/fuzz/run.py $(ARGS)

clean: ## remove .venv, caches, builds and the demonstration's folder
	@rm -rf .venv build dist src/chainrule/engines/_native_* chainrule-demo .fuzz .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

# One stamp per installed extra, so that a second call goes straight to work.  Each installs the package
# editable: the targets share one environment, and a changed source file needs no new installation.  The native
# engine is not built by pip, from scratch each time, but by native/build.py, as far as it has changed.

.venv/.created:
	@python="$(PYTHON)"; \
	if [ -z "$$python" ]; then \
	  for candidate in $(CANDIDATES); do \
	    if "$$candidate" -c $(IS_NEW_ENOUGH) >/dev/null 2>&1; then python="$$candidate"; break; fi; \
	  done; \
	fi; \
	if [ -z "$$python" ]; then \
	  echo "No Python 3.11 or newer found (tried: $(CANDIDATES)). Install one, or name it: make PYTHON=/path/to/python3" >&2; \
	  exit 1; \
	fi; \
	if ! "$$python" -c $(IS_NEW_ENOUGH) 2>/dev/null; then \
	  echo "chainrule needs Python 3.11 or newer, and $$python is not one ($$("$$python" --version 2>&1 | head -n 1))." >&2; \
	  exit 1; \
	fi; \
	echo "==> making .venv with $$("$$python" --version 2>&1)"; \
	if ! log=$$("$$python" -m venv .venv 2>&1); then \
	  rm -rf .venv; \
	  echo "$$log" | tail -n 3 >&2; \
	  echo "$$python cannot make virtual environments. On Debian or Ubuntu: apt-get install python3-venv" >&2; \
	  exit 1; \
	fi
	@touch $@

.venv/.demo: pyproject.toml | .venv/.created
	$(SAY) "installing chainrule[all] into .venv (a minute or two the first time)"
	@$(PIP) --editable '.[all]'
	@touch $@

.venv/.test: pyproject.toml | .venv/.created
	$(SAY) "installing chainrule[test] into .venv (a minute or two the first time)"
	@$(PIP) --editable '.[test]'
	@touch $@

.venv/.lint: pyproject.toml | .venv/.created
	$(SAY) "installing chainrule[lint] into .venv"
	@$(PIP) --editable '.[lint]'
	@touch $@

.venv/.native-tools: pyproject.toml | .venv/.created
	@$(PIP) 'cmake>=3.26' 'nanobind>=3.1,<4' ninja
	@touch $@

.venv/.peers: | .venv/.created
	$(SAY) "installing $(TORCH), jax and keras into .venv (large; optional)"
	@$(PIP) '$(TORCH)' 'jax>=0.4.35' 'keras>=3.6'
	@touch $@

.venv/.fuzz: pyproject.toml | .venv/.created
	$(SAY) "installing chainrule[fuzz] into .venv"
	@$(PIP) --editable '.[fuzz]'
	@touch $@

.venv/.bench: pyproject.toml .venv/.peers
	$(SAY) "installing chainrule[bench] into .venv"
	@$(PIP) --editable '.[bench]'
	@touch $@

.venv/.bench-tabular: pyproject.toml .venv/.peers
	$(SAY) "installing chainrule[bench-tabular] into .venv"
	@$(PIP) --editable '.[bench-tabular]'
	@touch $@
