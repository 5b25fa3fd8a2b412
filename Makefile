# `make demo` for a first look, `make test` before every commit. Everything lives in .venv.
PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: demo ab-demo test quick browser mail explore lint docs install install-dev miniature reader reader-dataset writer writer-dataset turn turn-dataset verifier verifier-dataset assessor assessor-dataset replies replies-dataset benchmarks clean

demo: install
	$(BIN)/miniatures demo

# From a list to a verdict on two arms: a real mail server with a mailbox for each of 480 simulated people. Three minutes on
# two cores, as root, for Postfix and Dovecot start as nobody else. examples/ab_demo/README.md tells what happens.
ab-demo: install-dev mail
	$(BIN)/python -m examples.ab_demo.run

# Two workers, each with files of its own (see tests/conftest.py).
PYTEST := $(BIN)/pytest --numprocesses 2

test: install-dev lint browser mail
	$(PYTEST)

# The tests of the app drive a real browser. Debian's is installed where that is allowed; without one they are skipped.
browser:
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null \
	  || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null \
	    && echo "Installing Chromium for the tests of the app..." \
	    && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; } \
	  || echo "No Chromium here, and it may not be installed: the tests in tests/browser are skipped. apt-get install chromium"

# The tests of mail send it to a real Postfix and read it from a real Dovecot; without these they are skipped, too.
mail:
	@sh tests/mail_servers/install.sh

quick: install-dev lint
	$(PYTEST) -m "not slow"

# The tests of properties, on many examples that were never tried before.
explore: install-dev
	$(PYTEST) -m hypothesis --hypothesis-profile=explore

lint: install-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The site, with search, for reading from the disk or any web server: build/docs/index.html.
docs: .venv/installed-docs
	$(BIN)/python -m sphinx -q -E -W --keep-going -c docs . build/docs

install: .venv/installed
install-dev: .venv/installed-dev

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Miniatures needs Python 3.11 or newer; name one with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	$(PYTHON) -m venv .venv

.venv/installed: .venv/bin/python pyproject.toml constraints.txt
	@test -e .venv/installed-dev || echo "Installing the light package into .venv (about a minute)..."
	$(INSTALL) -e .
	@touch $@

.venv/installed-dev: .venv/bin/python pyproject.toml constraints.txt
	@echo "Installing the development extras into .venv (a few minutes)..."
	$(INSTALL) -e '.[dev]'
	@touch $@ .venv/installed .venv/installed-docs

.venv/installed-docs: .venv/bin/python pyproject.toml constraints.txt
	$(INSTALL) -e '.[docs]'
	@touch $@ .venv/installed

# The shipped miniature, from the hand-written data to its measured scores. About an hour on two idle cores, up to three
# in the background of other work; run it again after an interruption and it goes on.
GOLD := $(addprefix --from examples/gold/,atlas borealis cobalt delta ember flint)
RUN := runs/miniature

miniature: install-dev
	test -f $(RUN)/dataset/manifest.json || $(BIN)/miniatures dataset build $(GOLD) --out $(RUN)/dataset \
	  --variants 2 --validation 0.03 --test 0 --seed 7
	test -f $(RUN)/heldout/manifest.json || $(BIN)/miniatures dataset build --from examples/gold/heldout \
	  --out $(RUN)/heldout --validation 0 --test 1 --seed 7
	test -f $(RUN)/training/summary.json || nice -n 10 $(BIN)/miniatures finetune \
	  examples/recipes/outreach-smollm2-135m.yaml --out $(RUN)/training --resume
	nice -n 10 $(BIN)/miniatures evaluate miniature:outreach@candidate --dataset $(RUN)/heldout \
	  --machine-usd-per-hour 0.05 --out $(RUN)/evaluation

# The shipped reader, from the arena: five minutes on two idle cores, besides the installation.
READ := $(addprefix --from examples/arena/,garnet heron maple oriel offers excerpts)

reader-dataset: install-dev
	test -f $(RUN)/reader-dataset/manifest.json || $(BIN)/miniatures dataset build $(READ) --role researcher \
	  --variant passage --out $(RUN)/reader-dataset --validation 0.05 --test 0 --seed 7

reader: reader-dataset
	$(BIN)/miniatures finetune examples/recipes/reader-minilm.yaml --out $(RUN)/reader

# The writer that tells the news, from the arena's tellings: an hour on two idle cores and 13 GB, besides the installation.
TELL := $(addprefix --from examples/arena/,garnet heron maple oriel offers tellings)

writer-dataset: install-dev
	test -f $(RUN)/writer-dataset/manifest.json || $(BIN)/miniatures dataset build $(TELL) --role writer \
	  --variant opening --out $(RUN)/writer-dataset --validation 0.04 --test 0 --seed 7

writer: writer-dataset
	$(BIN)/miniatures finetune examples/recipes/writer-qwen2.5-coder-1.5b.yaml --out $(RUN)/writer

# A turn of the flywheel: that writer goes on with what readers and menders made of its like's tellings. Forty minutes.
TURN := $(addprefix --from examples/arena/,garnet heron maple oriel offers turns)

turn-dataset: install-dev
	test -f $(RUN)/turn-dataset/manifest.json || $(BIN)/miniatures dataset build $(TURN) --role writer \
	  --variant opening --out $(RUN)/turn-dataset --validation 0.05 --test 0 --seed 7

turn: turn-dataset
	$(BIN)/miniatures finetune examples/recipes/writer-qwen2.5-coder-1.5b-turn.yaml --out $(RUN)/turn

# The verifier of statements, from tellings and readings: ten minutes on two idle cores.
VET := $(addprefix --from examples/arena/,garnet heron maple oriel offers tellings turns)

verifier-dataset: install-dev
	test -f $(RUN)/verifier-dataset/manifest.json || $(BIN)/miniatures dataset build $(VET) --role verifier \
	  --variant passage --out $(RUN)/verifier-dataset --validation 0.05 --test 0 --seed 7

verifier: verifier-dataset
	$(BIN)/miniatures finetune examples/recipes/verifier-minilm.yaml --out $(RUN)/verifier

# The assessor that weighs reasons to write, from the arena's grades: three quarters of an hour on two idle cores and 13 GB.
GRADED := $(addprefix --from examples/arena/,garnet heron maple oriel offers grades)

assessor-dataset: install-dev
	test -f $(RUN)/assessor-dataset/manifest.json || $(BIN)/miniatures dataset build $(GRADED) --role assessor \
	  --variant compact --out $(RUN)/assessor-dataset --validation 0.03 --test 0 --seed 7

assessor: assessor-dataset
	$(BIN)/miniatures finetune examples/recipes/assessor-qwen2.5-coder-1.5b.yaml --out $(RUN)/assessor

# The classifier of replies, from hand-written ones: twenty minutes on two idle cores.
replies-dataset: install-dev
	test -f $(RUN)/replies-dataset/manifest.json || $(BIN)/miniatures dataset build --from examples/replies/train.jsonl \
	  --role reply_reader --variant passage --out $(RUN)/replies-dataset --validation 0.08 --test 0 --seed 7

replies: replies-dataset
	$(BIN)/miniatures finetune examples/recipes/replies-minilm.yaml --out $(RUN)/replies

benchmarks: install-dev
	$(BIN)/python benchmarks/campaign_throughput.py
	$(BIN)/python benchmarks/engine_start.py
	$(BIN)/python benchmarks/orchestration.py

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

.PHONY: constraints
constraints: install-dev
	{ head -1 constraints.txt; $(BIN)/python -m pip freeze --exclude-editable | sed 's/+cpu//'; } > constraints.new
	mv constraints.new constraints.txt
