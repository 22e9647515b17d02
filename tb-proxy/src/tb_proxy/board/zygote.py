"""The warm parent: `python -m tb_proxy.board.zygote FD PARENT` has imported TensorBoard and forks a child per order.

Started by processes/zygote.py with an empty environment. Stays with one thread and opens nothing: what it had, its
children would have too. Ends with the process that started it, and its children with it.
"""

import gc
import os
import signal
import socket
import sys
from pathlib import Path
from types import FrameType

import msgspec
import tensorboard
import tensorboard_data_server

from tb_proxy.board import child, fence

_MAX_ORDER = 1 << 16
_FIRST_USER = 62_000
_USERS = 1_000


class Zygote:
    """The loop that takes orders: `fork` with two sockets, `kill` of one of its own children."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._inherited = child.inherit()
        self._live: set[int] = set()
        self._n_forks = 0
        self._has_users = fence.can_read_as(
            _FIRST_USER, [tensorboard.__file__, sys.executable, tensorboard_data_server.server_binary()]
        )
        self._has_no_network = fence.leave_network()
        signal.signal(signal.SIGCHLD, self._reap)

    def _reap(self, _signal: int, _frame: FrameType | None) -> None:
        while self._live:
            try:
                pid, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            self._live.discard(pid)

    def run(self) -> None:
        """Take orders until tb-proxy ends."""
        gc.collect()
        # Nothing that is here now will be freed; children should not copy pages only to look at it.
        gc.freeze()
        self._answer({"has_users": self._has_users, "has_no_network": self._has_no_network})
        while True:
            message, sockets, _, _ = socket.recv_fds(self._control, _MAX_ORDER, 2)
            if not message:
                return
            order = msgspec.msgpack.decode(message)
            if "kill" in order:
                # Only one that was not reaped yet: its number cannot belong to another process.
                if order["kill"] in self._live:
                    os.kill(order["kill"], signal.SIGKILL)
            else:
                self._answer({"pid": self._fork(order, sockets)})

    def _fork(self, order: child.Order, sockets: list[int]) -> int:
        own_pid = os.getpid()
        user_id = None
        if self._has_users:
            user_id = _FIRST_USER + self._n_forks % _USERS
            self._n_forks += 1
            # What it may write is one folder; its data is ours, so that it can put no link where we write.
            folder = Path(order["folder"])
            os.chown(folder, -1, user_id)
            folder.chmod(0o750)
            os.chown(folder / "own", user_id, user_id)
        if (pid := os.fork()) == 0:
            try:
                self._control.close()
                listening, data = (socket.socket(fileno=number) for number in sockets)
                child.run(self._inherited, {**order, "user_id": user_id}, listening, data, own_pid)
            finally:
                os._exit(1)
        self._live.add(pid)
        for number in sockets:
            os.close(number)
        return pid

    def _answer(self, message: object) -> None:
        self._control.send(msgspec.msgpack.encode(message))


def main() -> None:
    """Take orders on an inherited socket."""
    descriptor, parent_pid = map(int, sys.argv[1:])
    fence.end_with(parent_pid)
    Zygote(socket.socket(fileno=descriptor)).run()


if __name__ == "__main__":
    main()
