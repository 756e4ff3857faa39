#!/bin/sh
# Makes .venv with the first Python of 3.10 to 3.13 that works, and installs the project into it.
# $PYTHON names another interpreter. Pip's own cache makes a second run short.
set -eu
cd "$(dirname "$0")/.."

supported='import sys; sys.exit(not (3, 10) <= sys.version_info[:2] < (3, 14))'
find_python() {
    for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11 python3.10; do
        if "$candidate" -c "$supported" 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "No Python from 3.10 to 3.13 found: install one, or name it, as in make setup PYTHON=/usr/bin/python3.12" >&2
    exit 1
}

python=$(find_python)
if ! .venv/bin/python -c "$supported" 2>/dev/null; then
    rm -rf .venv
    "$python" -m venv .venv
fi
echo "Installing the Python packages into .venv (several GB on the first run: torch)"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,fast,browse]'
