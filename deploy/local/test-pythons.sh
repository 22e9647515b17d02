#!/usr/bin/env bash
# The client's unit tests on every interpreter that is there; PYTHONS names others.
set -euo pipefail
cd "$(dirname "$0")/../.."
uv=.venv/bin/uv
[ -x "$uv" ] || deploy/local/venv.sh dev
read -ra wanted <<<"${PYTHONS:-python3.10 python3.11 python3.12 python3.13 python3.14}"
tested=0
for python in "${wanted[@]}"; do
    command -v "$python" >/dev/null && "$python" -c '' 2>/dev/null || continue
    place=.run/pythons/$(basename "$python")
    echo "==> $python"
    "$uv" venv --quiet --allow-existing --python "$(command -v "$python")" "$place"
    "$uv" pip install --quiet --python "$place" -e client pytest pytest-asyncio pytest-socket hypothesis numpy pyarrow pillow backports-zstd
    "$place/bin/python" -m pytest --quiet --noconftest tests/unit/mlsteam
    tested=$((tested + 1))
done
[ "$tested" -gt 0 ] || { echo "None of ${wanted[*]} is here; name interpreters with PYTHONS." >&2; exit 1; }
