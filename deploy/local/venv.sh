#!/bin/sh
# Make .venv with the locked dependencies and the five members: `venv.sh run` for `make run`, `venv.sh dev` for the tests.
# Called by the Makefile. Does nothing when the lock and the members' pyproject files are what they were at the last time.
set -eu
cd "$(dirname "$0")/../.."
kind="$1"
venv=.venv
members="services ingest-api track-api tb-proxy client"
case "$kind" in
    run) lock=requirements.lock ;;
    dev) lock=requirements-dev.lock ;;
    *) echo "usage: venv.sh run|dev" >&2; exit 2 ;;
esac

wanted() { # what the installation depends on, as one line
    { cat "$lock"; for member in $members; do cat "$member/pyproject.toml"; done; } | sha256sum | cut -d' ' -f1
}
stamp="$venv/.installed-$kind"
[ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(wanted)" ] && [ -x "$venv/bin/python" ] && exit 0

find_python() { # the first Python that is new enough
    for name in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            echo "$name"
            return
        fi
    done
    echo "Python 3.11 or newer is needed and was not found. Install it, or name it: make PYTHON=/path/to/python3" >&2
    exit 1
}

if [ ! -x "$venv/bin/python" ]; then
    python="$(find_python)"
    echo "==> making $venv with $("$python" --version)"
    # Debian's Python comes without ensurepip; the package that holds it carries the version in its name.
    if ! "$python" -c 'import ensurepip' >/dev/null 2>&1; then
        package="python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
            echo "==> installing $package"
            apt-get update -q >/dev/null || true
            DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$package" >/dev/null ||
                DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends python3-venv >/dev/null
        else
            echo "This Python has no ensurepip. Run: sudo apt-get install $package" >&2
            exit 1
        fi
    fi
    "$python" -m venv "$venv"
fi

pip="$venv/bin/python -m pip --disable-pip-version-check --no-input"
echo "==> installing $lock into $venv (minutes the first time)"
$pip install --quiet --require-hashes -r "$lock"
editable=""
for member in $members; do editable="$editable -e ./$member"; done
# shellcheck disable=SC2086  # the list is meant to be split
$pip install --quiet --no-deps --no-build-isolation $editable
wanted >"$stamp"
