"""A stock TensorBoard: `python -m tb_proxy.board.stock SOCKET PREFIX PARENT`, in the folder of its data.

Started by processes/stock.py with an empty environment. Waits for a line that says that the data is there, serves on a
unix socket that only our user can open, prints "ready" once it listens, and ends with the process that started it.
"""

import mimetypes
import os
import sys
from typing import Any

from tensorboard import default, program
from tensorboard.backend import application
from tensorboard.backend.event_processing.data_ingester import LocalDataIngester
from tensorboard.plugins.core.core_plugin import CorePluginLoader
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from tb_proxy.board import fence

_DEBUGGER = "debugger_v2_plugin"


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


def make_app(prefix: str) -> Any:
    """Return TensorBoard's WSGI app over the working folder, and begin to read the folder.

    Not by TensorBoard's own main(), which would leave a note about this process for all users of the machine.
    """
    board = program.TensorBoard(plugins=plugins())
    board.configure(
        argv=[
            "tensorboard",
            "--logdir=.",  # relative, so that no answer names a folder of this machine
            f"--path_prefix={prefix}",
            "--load_fast=false",  # the fast loader listens on a TCP port that every user of this machine can reach
            "--reload_interval=2",
        ]
    )
    ingester = LocalDataIngester(board.flags)
    # What we wait for here has all been imported meanwhile; and the first page must not find an empty folder.
    sys.stdin.readline()
    ingester.deprecated_multiplexer.AddRunsFromDirectory(".")
    ingester.deprecated_multiplexer.Reload()
    ingester.start()
    return application.TensorBoardWSGIApp(
        board.flags, plugins(), ingester.data_provider, None, ingester.deprecated_multiplexer
    )


def main() -> None:
    """Serve the working folder until the parent ends."""
    socket_path, prefix, parent_pid = sys.argv[1:]
    fence.end_with(int(parent_pid))
    fence.limit_resources()
    fence.take_no_rights()
    fence.leave_network()
    # Some systems call JavaScript text/plain, and a browser then refuses it.
    mimetypes.add_type("text/javascript", ".js")
    os.umask(0o077)
    server = ThreadedWSGIServer(f"unix://{socket_path}", 0, make_app(prefix), _QuietHandler)
    server.daemon_threads = True
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
