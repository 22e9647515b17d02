"""TensorBoard's own Rust data server over the uploaded event files of one child.

Called by a child that has such files, in a network of its own. Starts the server itself and watches for its port, since
TensorBoard's own way waits half a second between looks; never makes our own series wait.
"""

import subprocess
import threading
import time
from pathlib import Path

import grpc
import tensorboard_data_server
from tensorboard.data.grpc_provider import make_stub

from tb_proxy.board.uploaded import UploadedProvider
from tb_proxy.board.wide_scalars import WideScalars

_RELOAD_S = 2
_LOOK_S = 0.002
_START_S = 20.0
_AGAIN_S = 30.0
# The first page waits this long for tabs that only event files have.
_FIRST_LOAD_S = 3.0


class DataServer:
    """One server, started when it is first needed, and again when it ended."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._wide = WideScalars(folder / "data")
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._provider: UploadedProvider | None = None
        self._started_at = -_AGAIN_S

    def provider(self) -> UploadedProvider | None:
        """Return the way to it; None while it cannot be reached."""
        with self._lock:
            if self._process is not None and self._process.poll() is not None:
                self._process = self._provider = None
            if self._provider is None and time.monotonic() - self._started_at >= _AGAIN_S:
                self._started_at = time.monotonic()
                self._start()
            return self._provider

    def _start(self) -> None:
        port_file = self._folder / "own" / "port"
        port_file.unlink(missing_ok=True)
        # Its standard input is a pipe that ends with us, and so does it.
        self._process = subprocess.Popen(  # noqa: S603 (a program of our own choice, with a folder of ours)
            [
                tensorboard_data_server.server_binary(),
                f"--logdir={self._folder / 'data'}",
                f"--reload={_RELOAD_S}",
                "--samples-per-plugin=images=100,audio=50,histograms=500",
                "--port=0",
                f"--port-file={port_file}",
                "--die-after-stdin",
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + _START_S
        while time.monotonic() < until and self._process.poll() is None:
            text = port_file.read_text() if port_file.exists() else ""
            if text.endswith("\n"):
                address = f"127.0.0.1:{int(text)}"
                channel = grpc.insecure_channel(address, options=[("grpc.max_receive_message_length", 256 << 20)])
                self._provider = UploadedProvider(address, make_stub(channel), self._wide)
                self._wait_for_runs(self._provider)
                return
            time.sleep(_LOOK_S)

    def _wait_for_runs(self, provider: UploadedProvider) -> None:
        until = time.monotonic() + _FIRST_LOAD_S
        self._wide.start()
        while time.monotonic() < until:
            if provider.list_plugins(None, experiment_id=""):
                self._wide.wait(until - time.monotonic())
                return
            time.sleep(0.02)
