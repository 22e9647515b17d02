#!/bin/sh
# Build the page into frontend/dist when its sources changed: `frontend.sh install` or `frontend.sh build`.
# Called by the Makefile. Stamps hold checksums, so a fresh checkout (all times equal) is judged rightly.
set -eu
cd "$(dirname "$0")/../../frontend"
node="../deploy/local/node.sh"

packages() { cat package.json package-lock.json .npmrc | sha256sum | cut -d' ' -f1; }
sources() {
    { packages; find src public index.html tsconfig*.json vite.config.ts -type f | LC_ALL=C sort | xargs -d '\n' sha256sum; } |
        sha256sum | cut -d' ' -f1
}
install_packages() {
    stamp=node_modules/.mlsteam-installed
    [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(packages)" ] && return
    echo "==> installing the page's packages"
    # Not `npm ci`: it refuses the lock where a registry lacks the binaries of platforms other than ours. With --no-save
    # the lock is followed just as well, hashes included, and not rewritten.
    "$node" npm install --no-save --no-audit --no-fund --loglevel=error
    packages >"$stamp"
}
build() {
    built=dist/.mlsteam-built
    [ -f "$built" ] && [ "$(cat "$built")" = "$(sources)" ] && return
    install_packages
    echo "==> building the page"
    "$node" npm run --silent build
    sources >"$built"
}
case "$1" in
    install) install_packages ;;
    build) build ;;
    *) echo "usage: frontend.sh install|build" >&2; exit 2 ;;
esac
