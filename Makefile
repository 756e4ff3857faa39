# make demo: from nothing to answers. make test: every check but those marked release (.ci/run). Both stand on make setup.
# STACK=8.19 or STACK=9.5 chooses the line of Elasticsearch; without it `peaks cluster` does.
SHELL := /bin/sh
PORT ?= 9200
PYTEST_ARGUMENTS ?=
STACK ?= $(PEAKS_STACK)
export PEAKS_STACK := $(STACK)

.PHONY: setup demo pictures test lint format older-torch stop clean

setup: .venv/installed
	@sh scripts/install_system_packages.sh $(PYTHON)
	@.venv/bin/peaks cluster prepare

.venv/installed: setup.cfg pyproject.toml scripts/create_venv.sh
	@sh scripts/install_system_packages.sh $(PYTHON)
	@sh scripts/create_venv.sh
	@touch $@

demo: setup
	@.venv/bin/python -m demo.run --port $(PORT)

# The documentation's pictures, taken of today's product with the demo's photos
pictures: demo
	@.venv/bin/python -m demo.pictures --port $(PORT)

test: setup lint
	.venv/bin/python -m pytest -m "not release" $(PYTEST_ARGUMENTS)

lint: .venv/installed
	.venv/bin/ruff check .
	.venv/bin/mypy loader browse evaluation eland_models cluster demo benchmarks tests scripts
	mvn --quiet --file cluster/embedded/plugin/pom.xml spotless:check
	mvn --quiet --file cluster/embedded/esql/pom.xml spotless:check

format: .venv/installed
	.venv/bin/ruff check --fix .
	mvn --quiet --file cluster/embedded/plugin/pom.xml spotless:apply
	mvn --quiet --file cluster/embedded/esql/pom.xml spotless:apply

# Elasticsearch 8.19.0 to 8.19.7, 9.0 and 9.1 have PyTorch 2.5.1: 0.9 GB to fetch, 1.8 GB on the disk
older-torch: .build/torch-2.5.1/torch
	.venv/bin/python -m pytest tests/eland_models/test_older_torch.py

.build/torch-2.5.1/torch: .venv/installed
	.venv/bin/python -m pip install --quiet --no-deps --upgrade --target .build/torch-2.5.1 torch==2.5.1

stop:
	.venv/bin/peaks cluster stop

clean:
	@test ! -x .venv/bin/peaks || .venv/bin/peaks cluster stop
	rm -rf .venv .cluster .build demo/output cluster/embedded/plugin/target cluster/embedded/esql/target
