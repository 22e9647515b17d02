"""The TensorBoard of one address: what a process does after the zygote has forked it.

Serves on a socket that tb-proxy bound before the fork, asks tb-proxy for data over the other one, and has nothing else:
no network, no environment, no rights.
"""

import argparse
import gc
import logging
import os
import random
import signal
import socket
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

import waitress.server
import werkzeug.test
from tensorboard import default
from tensorboard.backend import application
from tensorboard.data.provider import DataProvider
from tensorboard.plugins.core.core_plugin import CorePluginLoader

from tb_proxy.board import fence
from tb_proxy.board.channel import Channel
from tb_proxy.board.data_server import DataServer
from tb_proxy.board.projector import Projector
from tb_proxy.board.provider import TrackProvider

# It serves source files that a user's own dump names.
_DEBUGGER = "debugger_v2_plugin"
_THREADS = 4
_CONNECTIONS = 64


class Order(TypedDict):
    """What tb-proxy says with a fork."""

    prefix: str
    runs: list[str]
    folder: str
    has_uploads: bool
    user_id: int | None


@dataclass(frozen=True, slots=True)
class Inherited:
    """What the zygote made once for all children."""

    flags: argparse.Namespace
    plugins: list[Any]


def inherit() -> Inherited:
    """Do once what takes long."""
    fence.forbid_tensorflow()
    from_static = default.get_static_plugins()
    kept = [plugin for plugin in from_static if _DEBUGGER not in getattr(plugin, "__module__", "")]
    # The projector is found by entry points otherwise, and so is whatever else lies in the environment.
    plugins = [CorePluginLoader(include_debug_info=False), *kept[1:], Projector]
    parser = argparse.ArgumentParser()
    for plugin in plugins:
        loader = application.make_plugin_loader(plugin)
        loader.define_flags(parser)
    flags = parser.parse_args([])
    return Inherited(flags, plugins)


def make_app(inherited: Inherited, order: Order, channel: Channel, uploads: Callable[[], DataProvider | None]) -> Any:
    """Return TensorBoard's WSGI app; the page and its scripts are tb-proxy's own affair."""
    flags = argparse.Namespace(**vars(inherited.flags))
    flags.path_prefix = order["prefix"]
    # Relative, so that no answer names a folder of this machine; only the projector reads it.
    flags.logdir = "data" if order["has_uploads"] else ""
    provider = TrackProvider(channel, order["runs"], uploads)
    return application.TensorBoardWSGIApp(flags, inherited.plugins, provider, assets_zip_provider=None)


def _list_plugins(app: Any, prefix: str) -> None:
    # Starts the data server; and the projector says that it has something only when it is asked a second time.
    werkzeug.test.Client(app).get(f"{prefix}/data/plugins_listing")


def run(inherited: Inherited, order: Order, listening: socket.socket, data: socket.socket, zygote_pid: int) -> None:
    """Serve until tb-proxy closes the channel. Does not return."""
    fence.end_with(zygote_pid)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    random.seed()
    os.umask(0o077)
    folder = Path(order["folder"])
    os.chdir(folder)
    os.environ.clear()
    own = str(folder / "own")
    os.environ.update(HOME=own, TMPDIR=own, LANG="C.UTF-8")
    tempfile.tempdir = own
    if order["has_uploads"] and fence.leave_network():
        # The zygote's network has no loopback; this one is for our own data server and nobody else.
        fence.open_loopback()
    fence.limit_resources()
    if (user_id := order["user_id"]) is not None:
        fence.become(user_id)
        fence.end_with(zygote_pid)  # changing the user has undone it
    fence.take_no_rights()
    gc.enable()
    channel = Channel(data)
    server = DataServer(folder) if order["has_uploads"] else None
    app = make_app(inherited, order, channel, server.provider if server else lambda: None)
    if server is not None:
        threading.Thread(target=_list_plugins, args=(app, order["prefix"]), daemon=True).start()
    # A page asks for more at once than there are threads; that is no news.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    waitress.server.create_server(
        app,
        sockets=[listening],
        threads=_THREADS,
        connection_limit=_CONNECTIONS,
        # So that it sees who hung up, and does not work for those who wait in its queue.
        channel_request_lookahead=1,
        ident=None,
        clear_untrusted_proxy_headers=True,
    ).run()
