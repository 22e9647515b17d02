"""The TensorBoard of one track: `python -m tb_proxy.processes.child SOCKET PREFIX PARENT`, in the folder of its data.

Started by local.py with an empty environment. Serves on a unix socket that only our user can open, prints "ready" once
it listens, and ends with the process that started it.
"""

import ctypes
import io
import os
import signal
import sys
import zipfile
from argparse import Namespace
from collections.abc import Callable
from typing import Any

from tensorboard import assets, default, program
from tensorboard.plugins.core.core_plugin import CorePluginLoader
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

_PR_SET_PDEATHSIG = 1
# The editor of the debugger's source view: most of the bundle, and of a plugin that is left out.
_LEFT_OUT = "tf-imports/"
_DEBUGGER = "debugger_v2_plugin"
_PARENT_IS_GONE = 3


def end_with(parent_pid: int) -> None:
    """Make the kernel end this process when its parent ends."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    # It may have ended before we asked.
    if os.getppid() != parent_pid:
        sys.exit(_PARENT_IS_GONE)


def bundle() -> Callable[[], io.BytesIO]:
    """Return TensorBoard's page, with the addresses of its fonts made relative.

    They are absolute in the page even with a path prefix, and would be asked for at the root of our own site.
    """
    made = io.BytesIO()
    with (
        assets.get_default_assets_zip_provider()() as file,
        zipfile.ZipFile(file) as given,
        zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as written,
    ):
        for name in given.namelist():
            if name.startswith(_LEFT_OUT) or name.endswith("/"):
                continue
            content = given.read(name)
            if name == "index.html":
                content = content.replace(b"url(/font-roboto/", b"url(font-roboto/")
            written.writestr(name, content)
    return lambda: io.BytesIO(made.getvalue())


def plugins() -> list[Any]:
    """Return TensorBoard's own plugins: without host paths in its answers, without the one that serves source files."""
    kept = [plugin for plugin in default.get_static_plugins() if _DEBUGGER not in getattr(plugin, "__module__", "")]
    return [CorePluginLoader(include_debug_info=False), *kept[1:]]


class _QuietHandler(WSGIRequestHandler):
    # One line a request would be the log's largest part; tb-proxy counts requests already.
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass

    def address_string(self) -> str:
        return "tb-proxy"


class UnixServer(program.TensorBoardServer):  # type: ignore[misc]
    """Serves TensorBoard's app on the socket named by the flags' host."""

    def __init__(self, wsgi_app: Any, flags: Namespace) -> None:
        os.umask(0o077)
        self._server = ThreadedWSGIServer(flags.host, 0, wsgi_app, _QuietHandler)
        self._server.daemon_threads = True

    def serve_forever(self) -> None:
        """Say that the socket listens, and serve."""
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        self._server.serve_forever()

    def get_url(self) -> str:
        """Return what TensorBoard may print about itself."""
        return "unix socket"

    def print_serving_message(self) -> None:
        """Print nothing: the line on standard output is the announcement."""


def main() -> None:
    """Serve the working folder until the parent ends."""
    socket_path, prefix, parent_pid = sys.argv[1:]
    end_with(int(parent_pid))
    board = program.TensorBoard(plugins=plugins(), assets_zip_provider=bundle(), server_class=UnixServer)
    board.configure(
        argv=[
            "tensorboard",
            "--logdir=.",  # relative, so that no answer names a folder of this machine
            f"--host=unix://{socket_path}",
            f"--path_prefix={prefix}",
            "--load_fast=false",  # the fast loader listens on a TCP port that every user of this machine can reach
            "--reload_interval=2",
        ]
    )
    sys.exit(board.main())


if __name__ == "__main__":
    main()
