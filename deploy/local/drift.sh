#!/bin/sh
# Compare every generated file with what its generator writes now. Called by `make drift`; changes nothing.
set -eu
cd "$(dirname "$0")/../.."
fresh="$(mktemp -d)"
trap 'rm -rf "$fresh"' EXIT
status=0
same() { # committed file, fresh file, how to refresh
    if ! diff -u "$1" "$2" >"$fresh/diff"; then
        echo "$1 is not what its generator writes; run: $3" >&2
        head -40 "$fresh/diff" >&2
        status=1
    fi
}
.venv/bin/python -m ingest_api openapi >"$fresh/ingest.json"
same ingest-api/openapi.json "$fresh/ingest.json" "make openapi"
.venv/bin/python -m track_api openapi >"$fresh/track.json"
same track-api/openapi.json "$fresh/track.json" "make openapi client-types"
(cd frontend && ../deploy/local/node.sh npx --no-install openapi-typescript ../track-api/openapi.json -o "$fresh/schema.ts" >/dev/null)
same frontend/src/api/schema.gen.ts "$fresh/schema.ts" "make client-types"
exit "$status"
