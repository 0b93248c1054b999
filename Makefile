# Each target is one or two lines that you can type by hand. `make help` lists them. `.ci/run` runs the same targets.

# The first Python on the PATH that is new enough. `make setup PYTHON=/path/to/python3` uses another.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
UV := $(shell command -v uv 2>/dev/null)
RUN := .venv/bin/
READY := .venv/.ready
READY_DEV := .venv/.ready-dev
ARGS ?=

# The fast tests put their archives into memory if there is room: waiting for the disk is half of their time.
IN_MEMORY := $(shell [ "$$(df -Pk /dev/shm 2>/dev/null | awk 'END { print $$4 }')" -gt 1000000 ] 2>/dev/null \
	&& [ -w /dev/shm ] && echo PYTEST_DEBUG_TEMPROOT=/dev/shm)

# The slow tests and the gates use every core too. Some of them hold a gigabyte, so at most four run at once.
SPREAD := -n auto --maxprocesses 4 --dist worksteal

COMPILE := UV_CUSTOM_COMPILE_COMMAND="make lock" uv pip compile --quiet --universal --upgrade --no-annotate \
	--no-emit-index-url --python-version 3.11

.PHONY: help setup install demo test test-slow check gate bench browser server screenshots sbom lock clean
.DEFAULT_GOAL := help

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "%-13s%s\n", $$1, $$2}' Makefile

setup: $(READY_DEV)  ## create or update the virtual environment .venv with the locked packages, those of development too

# `make demo` and `make install` install what the product needs and nothing else. Python compiles what it imports.
install: $(READY)  ## create or update .venv with the packages that wirecopy itself needs

$(READY): requirements.lock pyproject.toml
	@$(if $(UV)$(PYTHON),:,echo "wirecopy needs Python 3.11 or newer; python3 here is: $$(python3 --version 2>&1). Install one, or name one: make setup PYTHON=/path/to/python3.12" >&2; exit 1)
ifneq ($(UV),)
	[ -x $(RUN)python ] || uv venv --quiet --python '$(or $(PYTHON),>=3.11)' .venv
	uv pip install --quiet --python $(RUN)python --no-deps -r requirements.lock
	uv pip install --quiet --python $(RUN)python --no-deps --no-build-isolation --editable .
else
	$(RUN)python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv .venv
	$(RUN)python -m pip install --quiet --disable-pip-version-check --no-deps --no-compile -r requirements.lock
	$(RUN)python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
endif
	@touch $@

$(READY_DEV): requirements-dev.lock $(READY)
ifneq ($(UV),)
	uv pip install --quiet --python $(RUN)python --no-deps --compile-bytecode -r requirements-dev.lock
else
	$(RUN)python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-dev.lock
endif
	@touch $@

demo: install  ## archive the invented news world, offline (ARGS=--open shows it, ARGS=--grade checks it)
	$(RUN)wirecopy demo $(ARGS)

test: setup  ## run the fast tests (ARGS="-k plan" selects some)
	$(IN_MEMORY) $(RUN)python -m pytest -n auto $(ARGS)

test-slow: setup  ## run the tests that take minutes or need a Prefect server
	$(RUN)python -m pytest -m slow $(SPREAD) $(ARGS)
	$(RUN)python -m pytest $(SPREAD) -m 'hypothesis and not slow and not gate' --hypothesis-profile thorough $(ARGS) || [ $$? -eq 5 ]

gate: setup  ## compare measured quality and size with their floors; needs data in ../shared/data
	@[ -d ../shared/data ] || echo 'skipped: no data (gates that need none still run)'
	$(RUN)python -m pytest -m gate -rs $(SPREAD) $(ARGS) || [ $$? -eq 5 ]

check: setup  ## check lint, format, types, import contracts
	$(RUN)ruff check .
	$(RUN)ruff format --check .
	$(RUN)mypy
	$(RUN)lint-imports

bench: setup  ## report CPU and time, as ratios within one run; never asserted
	$(RUN)python bench/run.py $(ARGS)

server:  ## install Debian's PostgreSQL for the tests of the second engine; without it they are skipped
	@command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || { [ "$$(id -u)" -eq 0 ] && command -v apt-get >/dev/null \
		&& apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends postgresql >/dev/null; } \
		|| echo 'skipped: PostgreSQL is missing and cannot be installed (needs apt-get, as root); its tests are skipped'

browser:  ## install Debian's Chromium for the browser tests; without it they are skipped
	@command -v chromium >/dev/null || { [ "$$(id -u)" -eq 0 ] && command -v apt-get >/dev/null && apt-get update -qq \
		&& DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends chromium fonts-liberation >/dev/null; } \
		|| echo 'skipped: chromium is missing and cannot be installed (needs apt-get, as root); browser tests are skipped'

screenshots: setup  ## take pictures of the demo's pages, in build/screenshots and docs/pictures
	$(RUN)python tests/pictures.py $(ARGS)

sbom: setup  ## list all packages with their licences, in build/sbom.json (CycloneDX) and build/licences.txt
	$(RUN)python bench/build_sbom.py build

lock: setup  ## renew both lock files: the newest versions that pyproject.toml allows, for every Python it allows
	command -v uv >/dev/null || $(RUN)python -m pip install --quiet uv
	echo 'hatchling>=1.27' | PATH="$$PATH:$(RUN)" $(COMPILE) pyproject.toml - -o requirements.lock
	PATH="$$PATH:$(RUN)" $(COMPILE) --constraints requirements.lock --extra dev pyproject.toml -o requirements-dev.lock

clean:  ## remove generated files; data/ and archives are never touched
	rm -rf .venv dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
