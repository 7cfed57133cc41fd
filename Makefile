# The project's commands. `make` alone lists them; each does the set-up it needs.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
READY := .venv/.ready
WARM := .venv/.warm
KERNELS := $(shell find engines -name '*.py')

.DEFAULT_GOAL := help
.PHONY: help install run lint types test bench prove docs gpu-check

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

install: $(WARM) ## set up .venv from the hash-locked requirements.lock, compile the kernels

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed: apt install python3.11 python3.11-venv"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv \
		|| { echo "The venv module is missing: apt install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(WARM): $(READY) $(KERNELS)
	@echo "Compiling the kernels, once for these sources"
	@$(BIN)/python -c 'import strategies.backtest; from engines.compile import warm_up; warm_up()'
	@touch $@

run: $(WARM) ## the main job: a year of minute bars, a sweep on Ray, a report; BARS=file for your own
	@$(BIN)/bst tour $(if $(BARS),--file "$(BARS)") $(if $(SYMBOL),--symbol "$(SYMBOL)")

lint: $(READY) ## style and import rules
	$(BIN)/ruff check --no-cache .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(READY) ## mypy, strict
	$(BIN)/mypy

bench: $(WARM) build/bench-venv/.ready ## measure again, against vectorbt; writes docs/benchmarks.json
	$(BIN)/python -m tests.benchmarks.run

# Any Python 3.11 or newer with NumPy, numba and numba-cuda will do: no set-up, no network.
gpu-check: ## prove and measure this machine's GPU; writes docs/benchmarks/gpu-<device>.json
	$(PYTHON) -m engines.certificate.check $(CHECK)

build/bench-venv/.ready: requirements-bench.txt
	@$(PYTHON) -m venv build/bench-venv
	build/bench-venv/bin/python -m pip install --quiet --requirement requirements-bench.txt
	@touch $@

prove: $(WARM) ## full-size proofs, hours: random scripts, properties, a sweep while nodes die, a clean clone
	BST_RUNS=1000000 $(BIN)/python -m pytest -n auto tests/engines/event/test_event_agrees.py \
		tests/conformance/test_random_graphs.py tests/conformance/test_graph_portfolios.py \
		tests/engines/kernel/test_jumps.py \
		tests/engines/portfolio/test_portfolios_agree.py
	HYPOTHESIS_PROFILE=default BST_EXAMPLES=20 \
		$(BIN)/python -m pytest -n auto --dist loadfile -m hypothesis --timeout 3000
	BST_CHAOS_ROWS=2000000 $(BIN)/python -m pytest tests/serve/commands/test_chaos.py
	$(BIN)/python -m tests.benchmarks.verdicts
	$(BIN)/python -m tests.benchmarks.searches
	rm -rf build/clone && git clone --quiet . build/clone
	@test ! -d ../shared || ln -sfn ../../shared build/shared
	BST_HOME="$(CURDIR)/build/clone/home" BST_CACHE="$(CURDIR)/build/clone/kernels" \
		$(MAKE) -C build/clone run test
	rm -rf build/clone build/shared

docs: build/docs-venv/.ready ## the documentation, into site/
	build/docs-venv/bin/mkdocs build --quiet --strict --config-file docs/mkdocs.yml

build/docs-venv/.ready: requirements-docs.txt
	@$(PYTHON) -m venv build/docs-venv
	build/docs-venv/bin/python -m pip install --quiet --requirement requirements-docs.txt
	@touch $@

test: $(WARM) ## all tests
	$(BIN)/python -m pytest -n auto --dist loadfile
