# Everything a newcomer runs. A target first makes what it needs, in .venv; nothing is installed outside this folder.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory

BIN := .venv/bin
READY := .venv/.ready
DIAGRAMS := diagrams
DOCS := docs

.PHONY: help demo demo-failover demo-steering test soak lint bench diagrams docs lab-kernel lab lab-smoke lock clean

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: $(READY) ## Watch it hold the latency of a simulated link, first without and then with control (SECONDS=n)
	@$(BIN)/wanctl demo $(if $(SECONDS),--seconds $(SECONDS))

demo-steering: $(READY) ## Watch a traffic class leave a WAN that ails, and return (SECONDS=n, 70 at least)
	@$(BIN)/wanctl demo --steering --seconds $(or $(SECONDS),80)

demo-failover: $(READY) ## Watch SSH take over while REST to the router is dead, and REST return (SECONDS=n, 40 at least)
	@$(BIN)/wanctl demo --failover $(if $(SECONDS),--seconds $(SECONDS))

test: $(READY) ## Run the tests (ARGS="-k baseline" for some, COVERAGE=1 to measure what they reach)
ifdef COVERAGE
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest -n 2 $(ARGS)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report
else
	@$(BIN)/python -m pytest -n 2 $(ARGS)
endif

soak: $(READY) ## Run what takes long: a thousand kills of the daemon, then two hours of it (WANCTL_SOAK_SECONDS=n)
	@WANCTL_SOAK=1 $(BIN)/python -m pytest tests/daemon $(ARGS)
	@$(BIN)/python -m benchmarks.daemon --watchers 1 --seconds $(or $(WANCTL_SOAK_SECONDS),7200)

lint: $(READY) ## Check style, format, types and the direction of imports
	@failed=; check() { echo "-- $$*"; "$(BIN)/$$@" || failed+=" $$1"; }; \
	check ruff check --quiet .; \
	check ruff format --quiet --check .; \
	check mypy; \
	check lint-imports --no-logo; \
	[ -z "$$failed" ] || { echo "lint failed:$$failed" >&2; exit 1; }

bench: $(READY) ## Measure, and write docs/results/
	@for name in engine conformance differential fuzz replay daemon router verify; do $(BIN)/python -m benchmarks.$$name --write; done

diagrams: $(READY) ## Draw every machine into diagrams/
	@$(BIN)/wanctl graph --all -o $(DIAGRAMS)

docs: $(READY) ## Write the references in docs/ that are generated from the code
	@$(BIN)/python -m tests.house.reference $(DOCS)

lab-kernel: $(READY) ## Build the kernel of the lab, once (Debian's kernel source, a compiler, some minutes)
	@$(BIN)/python -m lab kernel

lab: $(READY) ## Race wanctl on a real CAKE in virtual time, and write docs/results/lab.md (ARGS="step drop --seeds 1" for some)
	@$(BIN)/python -m lab race $(if $(ARGS),$(ARGS),--write)

lab-smoke: $(READY) ## One short race, if the kernel of the lab is built
	@$(BIN)/python -m lab smoke

lock: ## Resolve pyproject.toml into requirements.lock (UPGRADE=1 moves every version)
	@$(shell command -v python3.11 || echo python3) .ci/lock $(if $(UPGRADE),--upgrade)

clean: ## Remove .venv and everything that was built or cached
	@rm -rf .venv build dist htmlcov .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage*
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): requirements.lock pyproject.toml .ci/prepare
	@.ci/prepare
