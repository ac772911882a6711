# The one front door. `make` lists the targets.
#
# The environment is made from requirements/*.lock with uv when it is present or can be installed,
# else with venv and pip. A second call finds it made and works offline.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.made
UV_VERSION := 0.13.9
SCENARIO ?= suite --count 100
SEEDS ?= 1000
MINUTES ?= 30

.DEFAULT_GOAL := help
.PHONY: help run test test-all test-long control-plane browser check format docs site gallery bench bench-peers swarm soak attack lock clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(STAMP) ## set everything up and run the suite on the simulated cluster
	@$(BIN)/virtslo run $(SCENARIO)

test: $(STAMP) ## set everything up and run the tests
	@$(BIN)/python -m pytest -q --junitxml=.test-results/junit.xml

control-plane: $(STAMP) ## build a real control plane for the tests (needs Go; minutes, once)
	@$(BIN)/python tests/control_plane/binaries.py

browser: $(STAMP) requirements/browser.lock ## install what drives Chromium for the tests
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		-r requirements/browser.lock

test-all: $(STAMP) ## every test, the long ones and those that need kubectl or Go too
	-@$(MAKE) --no-print-directory control-plane
	-@$(MAKE) --no-print-directory browser
	@$(BIN)/python -m pytest -q --all --junitxml=.test-results/junit.xml

test-long: $(STAMP) ## only the tests that make test leaves out
	-@$(MAKE) --no-print-directory control-plane
	-@$(MAKE) --no-print-directory browser
	@$(BIN)/python -m pytest -q --all -m slow --durations=25 -n 2 --dist loadfile --no-loadscope-reorder

check: $(STAMP) ## format, lint, strict types, import contracts, spelling, language
	@$(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports >.lint-imports.log 2>&1 || { cat .lint-imports.log; exit 1; }
	@rm -f .lint-imports.log
	@$(BIN)/codespell
	@$(BIN)/python tools/language.py
	@COLUMNS=80 $(BIN)/python tools/reference.py --check
	@echo "check: clean"

format: $(STAMP) ## put the code in its house style
	@$(BIN)/ruff format --quiet . && $(BIN)/ruff check --quiet --fix .

docs: $(STAMP) ## write the generated reference pages
	@COLUMNS=80 $(BIN)/python tools/reference.py
	@$(BIN)/python tools/calls_per_object.py

site: $(STAMP) requirements/site.lock ## build the documentation site into .site, and check its links
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		-r requirements/site.lock
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build
	@$(BIN)/python tools/site/built_pages.py .site

gallery: $(STAMP) ## write docs/gallery: an example of every output; pictures go to .gallery
	-@$(MAKE) --no-print-directory browser
	@$(BIN)/python tools/gallery.py

bench: $(STAMP) ## print the speed figures; BENCH=--large: of 100 000 VMIs too
	@$(BIN)/python tools/bench.py $(BENCH)
	@$(BIN)/python tools/bench_reports.py

bench-peers: $(STAMP) ## measure virtslo beside kube-burner and perfscale-load-generator on a real plane
	@$(BIN)/python tools/bench_peers.py $(BENCH)

swarm: $(STAMP) ## run SEEDS random worlds of the simulated cluster (SEEDS=1000)
	@$(BIN)/python tools/swarm.py --seeds $(SEEDS)

attack: $(STAMP) ## give virtslo what is wrong wherever it reads (ATTACK="--most 1000000" records)
	@$(BIN)/python tools/attack.py $(ATTACK)

soak: $(STAMP) ## load virtslo simulate for MINUTES and print its memory (MINUTES=30)
	@$(BIN)/python tools/soak.py --minutes $(MINUTES)

lock: ## solve the dependencies again and write requirements/*.lock (needs uv)
	@sh tools/lock.sh

clean: ## remove the environment and every cache
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache \
		.test-results .gallery .site

$(STAMP): requirements/dev.lock pyproject.toml
	@PYTHON=$(PYTHON) VENV=$(VENV) UV_VERSION=$(UV_VERSION) sh tools/make_environment.sh
	@touch $(STAMP)
