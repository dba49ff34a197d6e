#!/bin/sh
# Pins every package with its hashes for all platforms at once: sh scripts/lock.sh [--upgrade]
#
# The files name no download address, so they serve behind any mirror. Each larger set is resolved under the smaller one's pins.
set -eu
cd "$(dirname "$0")/.."

pin() {  # output file, then what to resolve
    output=$1; shift
    .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
        --custom-compile-command "make lock" --output-file "requirements/$output" "$@"
}

pin run.txt pyproject.toml "$@"
pin dev.txt pyproject.toml --all-extras --group dev --constraint requirements/run.txt "$@"
pin browser.txt pyproject.toml --all-extras --group browser --constraint requirements/dev.txt "$@"
pin uv.txt requirements/uv.in "$@"
