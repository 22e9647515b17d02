#!/usr/bin/env bash
# The client's unit tests on each interpreter that is there; PYTHONS names others. Says which ones are not there.
set -euo pipefail
cd "$(dirname "$0")/../.."
uv=.venv/bin/uv
[ -x "$uv" ] || deploy/local/venv.sh dev
read -ra wanted <<<"${PYTHONS:-python3.10 python3.11 python3.12 python3.13 python3.14}"
tested=() missing=()

# A name on the path may be a shim of pyenv that leads nowhere while the interpreter is installed.
find_python() {
    local path
    for path in "$(command -v "$1")" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"${1#python}".*/bin/"$1"; do
        [ -n "$path" ] && "$path" -c '' 2>/dev/null && echo "$path" && return
    done
    return 1
}

for python in "${wanted[@]}"; do
    if ! path=$(find_python "$python"); then
        missing+=("$(basename "$python")")
        continue
    fi
    place=.run/pythons/$(basename "$python")
    echo "==> $("$path" --version) ($python)"
    "$uv" venv --quiet --allow-existing --python "$path" "$place"
    "$uv" pip install --quiet --python "$place" -e client pytest pytest-asyncio pytest-socket hypothesis numpy pyarrow pillow backports-zstd
    "$place/bin/python" -m pytest --quiet --noconftest tests/unit/mlsteam
    tested+=("$(basename "$python")")
done
[ "${#tested[@]}" -gt 0 ] || { echo "None of ${wanted[*]} is here; name interpreters with PYTHONS." >&2; exit 1; }
echo "==> passed on ${tested[*]}${missing:+; NOT TESTED, not on this machine: ${missing[*]}}"
