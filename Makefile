# Everything a newcomer needs: `make demo` and `make test`. Both set up what they need first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
HOME_DIR ?= var
MAP_DIR := $(HOME_DIR)/map
BUILT := src/waywarden/ui/static/ui/built
LOCALE := var/locale

.PHONY: help messages setup browser demo test lint types floors docs unit walk chaos bench bench-quick new-backend new-adapter lock clean check-all pictures

help: ## what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

setup: $(VENV)/.installed $(BUILT)/.built $(MAP_DIR)/.built $(LOCALE)/.built ## everything the project needs, into this folder

$(VENV)/bin/python:
	@$(PYTHON) tools/check_python.py
	$(PYTHON) -m venv $(VENV) || $(PYTHON) tools/make_venv.py $(VENV)

$(VENV)/.installed: requirements/dev.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q $(VENV)/lib >/dev/null || true
	@touch $@

$(BUILT)/.built: package.json package-lock.json $(shell find assets -type f 2>/dev/null) $(wildcard src/waywarden/geo/*.json) | $(VENV)/.installed
	$(BIN)/python tools/build_assets.py
	@mkdir -p $(BUILT) && touch $@

$(MAP_DIR)/.built: $(wildcard tools/*map*.py) | $(VENV)/.installed
	$(BIN)/python tools/build_map.py $(MAP_DIR)
	@touch $@

$(LOCALE)/.built: $(wildcard src/waywarden/locale/*/LC_MESSAGES/*.po) tools/messages.py | $(VENV)/.installed
	$(BIN)/python tools/messages.py compile
	@mkdir -p $(LOCALE) && touch $@

messages: $(VENV)/.installed ## the catalogs of the languages anew, from the texts of the source
	$(BIN)/python tools/messages.py extract
	$(BIN)/python tools/messages.py compile

# The demo keeps its data apart from an install's own.
DEMO = WAYWARDEN_HOME=$(HOME_DIR)/demo WAYWARDEN_MAP_DIR=$(MAP_DIR)

browser: $(VENV)/.installed ## a Chromium for the browser tests, unless there is one
	@$(BIN)/python tools/find_browser.py

demo: setup ## the whole thing running, with a demo city: Ctrl-C stops it
	@$(DEMO) $(BIN)/waywarden demo

test: setup browser lint types floors docs unit ## every check there is

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed
	$(BIN)/mypy

floors: $(VENV)/.installed
	$(BIN)/lint-imports --no-cache

docs: $(VENV)/.installed
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet --site-dir var/site

unit: setup
	$(BIN)/pytest -q -n 2 --dist loadgroup

check-all: test ## `make test`, and every page of the site in every width, colour and state
	$(BIN)/pytest -q -n 0 -m every tests/journeys

walk: setup browser ## the main job, in a real browser against the real processes
	@$(BIN)/python -m tests.journeys.walk

pictures: setup browser ## a report in pictures, for the documentation (docs/img/report)
	@$(BIN)/python -m tests.journeys.pictures

chaos: setup ## a storm: what is sent arrives once, what comes back is taken in once (CHAOS="--seed 7")
	@$(BIN)/python -m tests.chaos $(CHAOS)

bench: setup ## speed and memory, with a million reports (var/bench/latest.json)
	@$(BIN)/python -m bench

bench-quick: setup ## the same with a tenth of the data
	@$(BIN)/python -m bench --quick

new-backend: setup ## a back-end of your own: make new-backend NAME=works_office
	@$(BIN)/python tools/new_backend.py $(NAME)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .

new-adapter: setup ## a kind of adapter of your own: make new-adapter NAME=works_office
	@$(BIN)/python tools/new_adapter.py $(NAME)

lock: $(VENV)/.installed ## the locked requirements anew, from pyproject.toml
	$(BIN)/python tools/lock.py

clean: ## removes what was built; the data under var/ stays
	rm -rf $(VENV) node_modules $(BUILT) $(MAP_DIR)
