"""The stock TensorBoard command: `python -m tb_proxy.board.stock SOCKET PREFIX PARENT`, in the folder of its data.

Started by processes/stock.py with an empty environment. What `tensorboard --logdir=.` runs, with its fast loader, in a
network of its own: it can listen on TCP only, and there nobody else reaches it. A thread passes connections of the unix
socket on to it. Prints "ready" once it answers, and ends with the process that started it.
"""

import http.client
import mimetypes
import os
import socket
import sys
import threading
import time
from contextlib import suppress
from typing import Any

from tensorboard import default, program
from tensorboard.plugins.core.core_plugin import CorePluginLoader

from tb_proxy.board import fence
from tb_proxy.board.projector import Projector

_DEBUGGER = "debugger_v2_plugin"
# In a network of one's own every port is free.
_PORT = 6006
_START_S = 25.0
_FIRST_LOAD_S = 3.0
_NO_NETWORK = 4


def plugins() -> list[Any]:
    """Return TensorBoard's own plugins: without host paths in its answers, without the one that serves source files."""
    kept = [plugin for plugin in default.get_static_plugins() if _DEBUGGER not in getattr(plugin, "__module__", "")]
    return [CorePluginLoader(include_debug_info=False), *kept[1:], Projector]


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
    # Both ways: TensorBoard closes after each answer, and a caller who left wants no more of it.
    for one in (source, target):
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


def _serve(connection: socket.socket) -> None:
    with connection, socket.socket() as behind:
        try:
            behind.connect(("127.0.0.1", _PORT))
        except OSError:
            return
        answering = threading.Thread(target=_pump, args=(behind, connection), daemon=True)
        answering.start()
        _pump(connection, behind)
        answering.join()


def _relay(listening: socket.socket) -> None:
    while True:
        connection, _ = listening.accept()
        threading.Thread(target=_serve, args=(connection,), daemon=True).start()


def _has_runs(prefix: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", _PORT, timeout=5)
    try:
        connection.request("GET", f"{prefix}/data/runs")
        return connection.getresponse().read().strip() not in {b"", b"[]"}
    finally:
        connection.close()


def _say_when_ready(prefix: str) -> None:
    until = time.monotonic() + _START_S
    answered_at: float | None = None
    while time.monotonic() < until:
        try:
            has_runs = _has_runs(prefix)
        except (OSError, http.client.HTTPException):
            time.sleep(0.02)
            continue
        answered_at = answered_at or time.monotonic()
        # The first page must not find an empty folder, unless it is empty.
        if has_runs or time.monotonic() - answered_at > _FIRST_LOAD_S:
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            return
        time.sleep(0.05)
    os._exit(1)


def main() -> None:
    """Serve the working folder until the parent ends."""
    socket_path, prefix, parent_pid = sys.argv[1:]
    fence.end_with(int(parent_pid))
    if not fence.leave_network():
        sys.stderr.write("This system gives no network namespace; other users of it could read all of TensorBoard.\n")
        sys.exit(_NO_NETWORK)
    fence.open_loopback()
    fence.limit_resources()
    fence.take_no_rights()
    fence.forbid_tensorflow()
    # Some systems call JavaScript text/plain, and a browser then refuses it.
    mimetypes.add_type("text/javascript", ".js")
    os.umask(0o077)
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(socket_path)
    listening.listen(64)
    board = program.TensorBoard(plugins=plugins())
    board.configure(
        argv=[
            "tensorboard",
            "--logdir=.",  # relative, so that no answer names a folder of this machine
            f"--path_prefix={prefix}",
            "--host=127.0.0.1",
            f"--port={_PORT}",
            "--load_fast=true",
            "--reload_interval=2",
            "--samples_per_plugin=scalars=5000,images=100,audio=50,histograms=500",
        ]
    )
    # What we wait for here has all been imported meanwhile.
    sys.stdin.readline()
    threading.Thread(target=_relay, args=(listening,), daemon=True).start()
    threading.Thread(target=_say_when_ready, args=(prefix,), daemon=True).start()
    # Standard output has one reader, who waits for one word.
    sys.exit(board.main())


if __name__ == "__main__":
    main()
