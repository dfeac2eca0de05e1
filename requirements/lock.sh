#!/bin/sh
# Writes the locks again from pyproject.toml; needs uv. `run.txt` is what a run needs, `dev.txt` adds the groups.
set -eu
cd "$(dirname "$0")/.."
options="--quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate"
# shellcheck disable=SC2086 # one word per option
uv pip compile $options pyproject.toml --output-file requirements/run.txt "$@"
# shellcheck disable=SC2086
uv pip compile $options pyproject.toml --group tests --group lint --output-file requirements/dev.txt "$@"
