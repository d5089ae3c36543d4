# Every target starts from nothing: it makes the virtual environment and installs what it needs.
PYTHON ?= python3
BIN := .venv/bin
PHOTOS := src/impasto/assets/examples

.PHONY: demo web test fuzz lint types check format docs clean

demo: .venv/inference
	@mkdir -p demo
	@$(BIN)/impasto stylize $(PHOTOS)/neuschwansteincastle.jpg $(PHOTOS)/scarlet_macaw.jpg -s composition-vii -o demo
	@$(BIN)/impasto stylize $(PHOTOS)/neuschwansteincastle.jpg $(PHOTOS)/scarlet_macaw.jpg -s metzinger -o demo

# The page with the engine inside the browser, for any web host, into site/try. It needs npm.
web: .venv/inference
	rm -rf site/try
	$(BIN)/impasto export-web site/try

test: .venv/dev
	$(BIN)/pytest -n 2 --dist loadgroup

# Damaged files of every format, for an hour.
fuzz: .venv/dev
	IMPASTO_FUZZ=3600 $(BIN)/pytest tests/images/test_fuzz.py

lint: .venv/dev $(if $(shell command -v npm),types)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/mypy --strict tests/typing
	$(BIN)/basedpyright
	$(BIN)/lint-imports
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-issue-forms $(filter-out %/config.yml,$(wildcard .github/ISSUE_TEMPLATE/*.yml))
	$(BIN)/check-jsonschema --builtin-schema vendor.citation-file-format CITATION.cff
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec compose.yaml
	$(BIN)/hadolint Dockerfile
	$(BIN)/zizmor --quiet --offline .github

# What JavaScript's comments say of types, and a program that relies on it.
types: tests/typing/web/node_modules
	npm run --silent --prefix tests/typing/web check

check: lint test

format: .venv/dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# The site of the documentation, into site/; warnings and dead links are errors. Without npm, the page is not in it.
docs: .venv/dev
	$(BIN)/zensical build --strict --clean
	! command -v npm > /dev/null || $(MAKE) web

clean:
	rm -rf .venv .cache demo dist site tests/typing/web/node_modules

tests/typing/web/node_modules: tests/typing/web/package-lock.json
	npm ci --prefix tests/typing/web --ignore-scripts --no-audit --no-fund
	@touch $@

.venv/inference: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt --editable .
	@touch $@

.venv/dev: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@ .venv/inference
