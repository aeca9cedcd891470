.PHONY: run rehearse test check format bench soak lock screenshots doctor
.DEFAULT_GOAL := run

PY := .venv/bin/python
RUN_LOCKS := requirements/run.txt requirements/models.txt

run: .venv/.ready-run  ## start the bot; without a token, the rehearsal
	@exec $(PY) -m bot run --or-rehearse

rehearse: .venv/.ready-run  ## the product on a local stand-in, with a web chat
	@exec $(PY) -m bot rehearse

doctor: .venv/.ready-run  ## say what is missing and how to mend it
	@$(PY) -m bot doctor

test: .venv/.ready-dev  ## all tests
	@$(PY) -m pytest -q -n 3 --dist loadgroup

check: .venv/.ready-dev  ## format, lint, types, imports, tests
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	.venv/bin/lint-imports
	@$(MAKE) --no-print-directory test

format: .venv/.ready-dev
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

bench: .venv/.ready-dev  ## side-by-side benchmarks
	@$(PY) -m bench

KILLS ?= 1000
MESSAGES ?= 10000
MINUTES ?= 30
soak: .venv/.ready-dev  ## kills at named points and of the servers, more orders of steps, a long run
	$(PY) -m tests.faults.kills --kills $(KILLS)
	$(PY) -m tests.faults.servers --messages $(MESSAGES)
	SHOUKOU_EXAMPLES=200 $(PY) -m pytest -q tests/faults/test_*_machine*.py
	$(PY) -m bench.soak --minutes $(MINUTES)

screenshots: .venv/.ready-dev  ## the pictures of the README
	@$(PY) scripts/make_screenshots.py

lock: .venv/.ready-dev  ## renew the lock files
	@sh scripts/lock.sh

.venv/.ready-run: $(RUN_LOCKS) scripts/setup.sh
	@sh scripts/setup.sh run

.venv/.ready-dev: $(RUN_LOCKS) requirements/dev.txt scripts/setup.sh
	@sh scripts/setup.sh dev
