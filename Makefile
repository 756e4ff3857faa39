# make demo: from nothing to answers. make test: every check. Both stand on make setup.
# STACK=8.19 or STACK=9.5 chooses the line of Elasticsearch; without it `peaks cluster` does.
SHELL := /bin/sh
PORT ?= 9200
PYTEST_ARGUMENTS ?=
STACK ?= $(PEAKS_STACK)
export PEAKS_STACK := $(STACK)

.PHONY: setup demo test lint format stop clean

setup: .venv/installed
	@sh scripts/install_system_packages.sh $(PYTHON)
	@.venv/bin/peaks cluster prepare

.venv/installed: setup.cfg pyproject.toml scripts/create_venv.sh
	@sh scripts/install_system_packages.sh $(PYTHON)
	@sh scripts/create_venv.sh
	@touch $@

demo: setup
	@.venv/bin/python -m demo.run --port $(PORT)

test: setup lint
	.venv/bin/python -m pytest $(PYTEST_ARGUMENTS)

lint: .venv/installed
	.venv/bin/ruff check .
	.venv/bin/mypy loader evaluation eland_models cluster demo benchmarks tests scripts
	mvn --quiet --file cluster/embedded/plugin/pom.xml spotless:check
	mvn --quiet --file cluster/embedded/esql/pom.xml spotless:check

format: .venv/installed
	.venv/bin/ruff check --fix .
	mvn --quiet --file cluster/embedded/plugin/pom.xml spotless:apply
	mvn --quiet --file cluster/embedded/esql/pom.xml spotless:apply

stop:
	.venv/bin/peaks cluster stop

clean:
	@test ! -x .venv/bin/peaks || .venv/bin/peaks cluster stop
	rm -rf .venv .cluster demo/output cluster/embedded/plugin/target cluster/embedded/esql/target
