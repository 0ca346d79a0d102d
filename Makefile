# The front door: `make run` and `make test` need Python 3.11+, make and git, nothing else.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
CLI := $(PY) -m security_app.cli
PIP_INSTALL := $(PY) -m pip install --quiet --disable-pip-version-check --no-input

# The project's own Python and Node come before whatever the machine has.
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export PYTHONPATH := $(CURDIR)
# Compiled modules are kept, whatever the machine's habit: tests start the product many times.
export PYTHONDONTWRITEBYTECODE :=

run dev migrate demo-info screenshots: export DEMO ?= 1

.DEFAULT_GOAL := help
.PHONY: run test check format e2e screenshots bench migrate demo-info dev clean help

run: $(VENV)/.runtime ## Build what changed and serve on http://localhost:3000
	@$(CLI) build
	@$(CLI) migrate
	@exec $(CLI) serve

test: $(VENV)/.dev ## Run every test
	@$(PY) tests/install_browser.py >/dev/null
	@$(CLI) build
	@$(PY) -m pytest -n 2 --dist loadfile $(ARGS)

check: $(VENV)/.dev ## Check style, types, floors and migrations
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m pyright
	@$(VENV)/bin/lint-imports
	@scratch=$$(mktemp -d) && trap 'rm -rf "$$scratch"' EXIT && \
		export DEMO=1 DATA_DIR="$$scratch" DATABASE_URL= && \
		$(PY) -c "from security_app.db.migrations import upgrade; upgrade()" && \
		$(PY) -m alembic check

format: $(VENV)/.dev ## Put the code into the house style
	@$(PY) -m ruff check --fix --exit-zero --quiet .
	@$(PY) -m ruff format .

e2e: $(VENV)/.dev ## Run the browser tests
	@$(PY) tests/install_browser.py >/dev/null
	@$(CLI) build
	@$(PY) -m pytest tests/e2e tests/guides $(ARGS)

screenshots: $(VENV)/.dev ## Take the pictures of the docs anew
	@$(PY) tests/install_browser.py >/dev/null
	@$(CLI) build
	@$(PY) docs/make_screenshots.py

bench: $(VENV)/.dev ## Measure against the budgets
	@$(PY) tests/install_browser.py >/dev/null
	@$(CLI) build
	@$(PY) -m benchmarks $(ARGS)

migrate: $(VENV)/.runtime ## Bring the database to this version
	@$(CLI) migrate

demo-info: $(VENV)/.runtime ## Print the demo accounts and their codes
	@$(CLI) demo-info

dev: $(VENV)/.runtime ## Serve with hot reload while you edit
	@$(CLI) migrate
	@exec $(CLI) dev

clean: ## Remove what make built; var/ with its database stays
	rm -rf $(VENV) .web .web.lock .states .pytest_cache .ruff_cache .import_linter_cache
	rm -rf tests/openid_provider/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## Print this list
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/\1|\2/p' Makefile | \
		while IFS='|' read -r name text; do printf 'make %-12s %s\n' "$$name" "$$text"; done

# A folder that holds no working pip (an interrupted start, a copied folder) is made anew.
$(VENV)/.created:
	@! $(PY) -m pip --version >/dev/null 2>&1 || { touch $@; exit 0; }; \
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed; name one with: make PYTHON=python3.12 ..." >&2; exit 1; }; \
	$(PYTHON) -m venv --clear $(VENV) && touch $@ || { rm -rf $(VENV); exit 1; }

$(VENV)/.runtime: requirements.txt | $(VENV)/.created
	@echo "Installing the Python packages ..."
	@$(PIP_INSTALL) -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.runtime
	@echo "Installing the packages for tests and checks ..."
	@$(PIP_INSTALL) -r requirements-dev.txt
	@touch $@
