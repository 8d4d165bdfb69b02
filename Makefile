# The two commands that a fresh machine needs, and the checks. Each line also works by hand; README.md shows how.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin

.PHONY: demo test words soak lint bench lock clean

demo: $(VENV)/.ready
	$(BIN)/birdwire demo

test: $(VENV)/.ready-dev
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

# All words that stand in the code and on pages, into every gateway/locale/CODE.po: then translate there what is empty or
# marked fuzzy. A new language begins with: make words NEW=fr
NEW =
words: $(VENV)/.ready
	@pot=$$(mktemp) && trap 'rm "$$pot"' EXIT && \
	$(BIN)/pybabel -q extract -F pyproject.toml --project=Birdwire --add-location=file --sort-by-file --no-wrap -o "$$pot" . && \
	for po in $(wildcard gateway/locale/*.po) $(if $(NEW),gateway/locale/$(NEW).po); do \
		code=$$(basename "$$po" .po | tr - _) && \
		{ test -e "$$po" || $(BIN)/pybabel -q init -i "$$pot" -o "$$po" -l "$$code" --no-wrap; } && \
		$(BIN)/pybabel -q update -i "$$pot" -o "$$po" -l "$$code" --previous --ignore-obsolete \
			--ignore-pot-creation-date --no-wrap || exit 1; \
	done

# Each fault for so many minutes, on both databases, and 200 kills; then bytes of every kind for as long as it takes, and
# each property on new examples.
SOAK ?= 1
soak: $(VENV)/.ready-dev
	BIRDWIRE_SOAK=$(SOAK) $(BIN)/pytest tests/faults --timeout=0
	$(BIN)/pytest tests/fuzz --soak --timeout=0
	$(BIN)/pytest -m hypothesis --ignore=tests/fuzz --soak --timeout=0 -n 2

lint: $(VENV)/.ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.ready-bench
	for each in fanout drain queues webhook smtp_in mail_out sms_out feed text_to_call direct_meanwhile memory growth \
		simulation; do \
		$(BIN)/python -m benchmarks.$$each || exit 1; done

$(VENV)/.ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -e .
	touch $@

$(VENV)/.ready-dev: requirements-dev.lock $(VENV)/.ready
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	touch $@

$(VENV)/.ready-bench: requirements-bench.lock $(VENV)/.ready-dev
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.lock
	touch $@

# Pins with hashes for every supported Python, naming no host. Needs uv: pip install uv
lock:
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
		pyproject.toml -o requirements.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
		-c requirements.lock --group dev pyproject.toml -o requirements-dev.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
		-c requirements-dev.lock --group bench -o requirements-bench.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
