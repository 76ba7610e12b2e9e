# Each target sets up what it needs, on a bare Debian too (tools/setup.sh). PYTHON=… names the Python to use.
.DEFAULT_GOAL := help
.PHONY: help setup demo test pytest lint deb test-package fleet test-monitoring bench soak city suspicion crash
.PHONY: at-once fuzz screenshots man settings format clean
BIN := .venv/bin

help: ## what there is
	@sed -n 's/^\([a-z-]*\):.*## /  make \1	/p' $(MAKEFILE_LIST)

setup: ## Debian packages, .venv and fonts; quick when nothing changed
	@PYTHON='$(PYTHON)' sh tools/setup.sh

demo: setup ## the whole thing on one machine, on your screen or without one
	$(BIN)/python -m sandbox.demo

test: ## everything CI checks; style and types beside the tests
	@$(MAKE) --no-print-directory --jobs=2 lint pytest

pytest: setup
	$(BIN)/pytest

lint: setup ## style, layout and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

deb: setup ## the package a technician installs, into dist/
	$(BIN)/python -m tools.build_deb

test-package: setup ## builds, installs, upgrades and removes the package on a Debian of its own; as root
	$(BIN)/pytest tests/packaging -m package

test-monitoring: setup build/promtool/promtool ## metrics, alert rules and dashboard, by Prometheus' own promtool
	$(BIN)/pytest tests/config tests/syncd/test_monitor.py

build/promtool/promtool: # out of Debian's package, for installing that would start a server
	mkdir -p build/promtool/package
	cd build/promtool/package && apt-get download prometheus && dpkg-deb -x prometheus_*.deb .
	cp build/promtool/package/usr/bin/promtool $@
	rm -r build/promtool/package

fleet: setup ## the Ansible role: its lint, and three pads of its own upgraded in waves; as root
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[fleet]'
	cd packaging/ansible && ANSIBLE_HOME=$(CURDIR)/build/ansible ../../$(BIN)/yamllint . && PATH="$(CURDIR)/$(BIN):$$PATH" ANSIBLE_HOME=$(CURDIR)/build/ansible ansible-lint
	$(BIN)/pytest tests/fleet -m 'fleet or not fleet'

bench: setup ## what is measured, as a table and as bench/result.json
	$(BIN)/python -m bench

suspicion: setup ## how well suspicious patterns are found, over made-up years of a hall
	$(BIN)/python -m bench.suspicion

city: setup ## five thousand pads come back from outages, on a virtual clock; the figures go into docs/scale.md
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	$(BIN)/python -m bench.city

soak: setup ## memory over more than a day's work, for some twenty minutes
	$(BIN)/python -m bench.soak

crash: setup ## power cuts, kills, damage; for some half an hour
	CRASH_DAYS=60 CRASH_PEOPLE=40 CRASH_REPEATS=2 CRASH_ROUNDS=100 $(BIN)/pytest tests/crash -s --timeout 1800
	CLOCK_HISTORIES=2000 $(BIN)/pytest tests/clock -s --timeout 1800
	LINE_EVERY=1 $(BIN)/pytest tests/syncd/test_bad_line.py -s --show-capture=no
	DAMAGE_CASES=1400 $(BIN)/pytest tests/pad/ledger/test_damage.py

at-once: setup ## pad and phone rate the same matter at the same time, a hundred times
	PAD_AT_ONCE=100 $(BIN)/pytest tests/hall/test_phone.py -s --timeout 1800

fuzz: setup ## coverage-guided search for bytes that break a codec; FUZZ_SECONDS=25 for each
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[fuzz]'
	$(BIN)/python -m tests.fuzz

screenshots: setup ## every screen at every size, language and mode into docs/screens; the guide's into docs/technician
	$(BIN)/python -m tools.screenshots
	$(BIN)/python -m tools.guide_pictures

man: setup ## padctl's manual page, from its own help, into docs/padctl.1
	$(BIN)/python -m tools.man_page

format: setup ## put the layout right, and what ruff can mend
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

settings: setup ## every setting in English and 中文, from the code, into docs/settings.md
	$(BIN)/python -m tools.settings_reference

clean: ## back to what a fresh clone has
	rm -rf .venv build dist demo bench/result.json ./*.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
