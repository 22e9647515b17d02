#!/bin/sh
# Make sure that the end-to-end tests have a browser that can draw every script. Called by `make test`.
set -eu
if [ -n "${MLSTEAM_CHROMIUM:-}" ]; then
    [ -x "$MLSTEAM_CHROMIUM" ] && exit 0
    echo "MLSTEAM_CHROMIUM=$MLSTEAM_CHROMIUM cannot be run." >&2
    exit 1
fi
missing=""
command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null ||
    missing="chromium"
if command -v fc-list >/dev/null; then
    [ -n "$(fc-list ':lang=zh-tw' 2>/dev/null)" ] || missing="$missing fonts-noto-cjk"
else
    missing="$missing fontconfig fonts-noto-cjk"
fi
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "==> installing $missing"
    apt-get update -q >/dev/null || true
    # shellcheck disable=SC2086  # the list is meant to be split
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing >/dev/null
    exit 0
fi
echo "The tests need a browser and fonts: $missing" >&2
echo "Run: sudo apt-get install $missing      (or set MLSTEAM_CHROMIUM to a Chromium you have)" >&2
exit 1
