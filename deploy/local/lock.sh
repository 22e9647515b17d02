#!/bin/sh
# Write both locks from the members and the groups of the root pyproject.toml. Called by `make lock`.
# The locks hold hashes and no download address, so they work with any index.
set -eu
cd "$(dirname "$0")/../.."
members="services/pyproject.toml ingest-api/pyproject.toml track-api/pyproject.toml tb-proxy/pyproject.toml client/pyproject.toml"
compile() {
    # shellcheck disable=SC2086  # the list is meant to be split
    .venv/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
        --no-annotate --no-emit-package mlsteam-services --no-emit-package mlsteam-client $members --extra search "$@"
}
compile --group run -o requirements.lock
compile --group run --group dev -o requirements-dev.lock
