# Everything a developer or CI runs. Needs only Python 3.11 or newer (with venv), git and make; `make` alone lists the targets.
# scripts/venv.sh makes .venv and installs a locked set of packages into it; a repeat that has nothing to do takes some 20 ms.

WATCHBILL_ADDR ?= 127.0.0.1:8080
WATCHBILL_DATA ?= .watchbill
export WATCHBILL_ADDR WATCHBILL_DATA

BIN := .venv/bin
# Extra words for pytest: make test ARGS="tests/paging -k escalates"
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help run test postgres-test check browser-test real-test long-test bench lock docs clean screenshots

help:  ## this list
	@sed -n 's/^\([a-z-]*\):  *## */\1|/p' Makefile | while IFS='|' read -r name what; do printf 'make %-13s %s\n' "$$name" "$$what"; done

run:  ## the server with the sample company on http://127.0.0.1:8080 (WATCHBILL_ADDR and WATCHBILL_DATA override)
	@sh scripts/venv.sh run
	@exec $(BIN)/watchbill up --sample

test:  ## all tests but those that need a browser or other real components
	@sh scripts/venv.sh dev
	@$(BIN)/python -m pytest -n auto --dist loadfile $(ARGS)

postgres-test:  ## the same tests on PostgreSQL (a server of their own, or WATCHBILL_TEST_DATABASE_URL)
	@sh scripts/venv.sh dev
	@WATCHBILL_TEST_POSTGRES=1 $(BIN)/python -m pytest -n auto --dist loadfile $(ARGS)

check:  ## format, lint, types, contracts, docs: what CI runs besides the tests
	@sh scripts/venv.sh dev
	$(BIN)/ruff format --check --quiet
	$(BIN)/ruff check --quiet
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m pytest -q tests/contract

browser-test:  ## the journeys in a real Chromium (Debian: apt-get install chromium)
	@sh scripts/venv.sh browser
	@$(BIN)/python -m pytest -m browser -n auto --dist loadfile $(ARGS)

real-test:  ## the slow tests against real components
	@sh scripts/venv.sh browser
	@$(BIN)/python -m pytest -m "real and not browser" $(ARGS)

long-test:  ## the tests that take many minutes: 300 kills on both databases, every reader bent in every way and at its largest
	@sh scripts/venv.sh browser
	@WATCHBILL_TEST_KILLS=100 $(BIN)/python -m pytest -m "real and not browser" tests/stories/test_kills.py
	@WATCHBILL_TEST_POSTGRES=1 WATCHBILL_TEST_KILLS=100 $(BIN)/python -m pytest -m "real and not browser" tests/stories/test_kills.py
	@$(BIN)/python -m pytest -m long -n auto $(ARGS)

bench:  ## the figures we promise, measured on this machine (one of them needs Chromium, and says so)
	@sh scripts/venv.sh browser
	@for file in benchmarks/*.py; do case "$$file" in */_*) continue ;; esac; $(BIN)/python "$$file" || exit 1; done

lock:  ## pin the packages again (UPGRADE=1 takes newer versions) after pyproject.toml changed
	@sh scripts/venv.sh run
	@sh scripts/lock.sh $(if $(UPGRADE),--upgrade)

docs:  ## write the generated pages of docs/ again
	@sh scripts/venv.sh dev
	@$(BIN)/python scripts/write_rooms.py
	@$(BIN)/python scripts/write_commands.py

screenshots:  ## take the pictures of docs/pictures again, with a real Chromium
	@sh scripts/venv.sh browser
	@$(BIN)/python scripts/screenshots.py

clean:  ## remove the virtual environment and every cache; never your data
	rm -rf .venv .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
