# Nothing is needed before these commands but Python 3.11 or newer and, if the machine has it, Node.

.DEFAULT_GOAL := help
.PHONY: help setup demo test faults check audit bench pictures lock
export PATH := $(CURDIR)/.venv/bin:$(PATH)
# without compiled modules every process that a test or the demo starts would compile everything anew
unexport PYTHONDONTWRITEBYTECODE

UV_COMPILE = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

# npm notes where to send money for each package; a lock file here holds names, versions and hashes, no addresses.
define NO_FUNDING
import json, pathlib, sys
for lock in map(pathlib.Path, sys.argv[1:]):
    data = json.loads(lock.read_text())
    for entry in data["packages"].values():
        entry.pop("funding", None)
    lock.write_text(json.dumps(data, indent=2) + "\n")
endef
export NO_FUNDING

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' Makefile

setup: ## Make .venv from the lock and build the widgets; the others do this first
	@deploy/setup.sh demo

demo: setup ## Start Narthex with a demo church on this machine; Ctrl-C stops it
	@exec .venv/bin/narthex demo

test: ## Run every test, installing what they need (Chromium too, where that may be done)
	@deploy/setup.sh dev
	@status=0; \
	npm --prefix widgets test --silent || status=1; \
	python -m pytest -n 2 --dist loadfile || status=1; \
	exit $$status

faults: ## Kill, freeze and cut things at random under load; ends with one JSON line (R1, R3, R5, fuzzed frames)
	@deploy/setup.sh dev
	@exec python -m tests.faults.storm --faults 100 --all --json

check: ## Format, lint, types, import contracts, the house's own rules, widgets, deployment files
	@deploy/setup.sh dev
	@deploy/check.sh

audit: ## Ask the advisory services about every locked package; what cannot be reached is named
	@deploy/setup.sh dev
	@exec python deploy/audit.py

bench: setup ## Measure everything against its targets, an hour or two; NAME=door measures one (narthex bench lists them)
	@exec .venv/bin/narthex bench $(or $(NAME),all)

pictures: ## Take the README's pictures from a demo
	@deploy/setup.sh dev
	@python -m tests.browser.pictures

lock: ## Make the lock files again from pyproject.toml and each package.json
	@deploy/setup.sh dev
	@$(UV_COMPILE) pyproject.toml --group build -o deploy/requirements.lock
	@$(UV_COMPILE) pyproject.toml --extra embedded --group build -c deploy/requirements.lock -o deploy/demo.lock
	@$(UV_COMPILE) pyproject.toml --extra embedded --group dev -c deploy/requirements.lock -o deploy/dev.lock
	@$(UV_COMPILE) --group node -o deploy/node.lock
	@for folder in widgets server/cli/bench/peer_servers; do \
	npm --prefix $$folder install --package-lock-only --no-audit --no-fund --silent --omit-lockfile-registry-resolved || exit 1; done
	@python -c "$$NO_FUNDING" widgets/package-lock.json server/cli/bench/peer_servers/package-lock.json
