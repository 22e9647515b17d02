"""Ports for servers of tests, chosen so that nobody takes one between the choice and its use."""

import fcntl
import os
import socket
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import IO

# Below the ports that the system gives to the callers' side of connections. With one of those, somebody who calls a
# server that is just restarting may get its port for himself.
_PORTS = range(20_000, 32_000)
_FOLDER = Path(tempfile.gettempdir()) / f"mlsteam-test-ports-{os.getuid()}"
_held: dict[int, IO[str]] = {}


def _hold(port: int) -> bool:
    # Test runs at the same time do not choose the same port: each holds a lock on its own until it ends.
    if port in _held:
        return False
    _FOLDER.mkdir(exist_ok=True)
    lock = (_FOLDER / str(port)).open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        return False
    _held[port] = lock
    return True


def free_ports(count: int) -> int:
    """Return the first of some ports in a row that nobody has, and that no other test run gets."""
    blocks = len(_PORTS) // count
    for turn in range(blocks):
        first = _PORTS.start + (os.getpid() * 7 + turn) % blocks * count
        ports = range(first, first + count)
        with ExitStack() as opened:
            try:
                for port in ports:
                    opened.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
            if all(map(_hold, ports)):
                return first
    raise OSError(f"no {count} free ports in a row")


def free_port() -> int:
    """Return a port that nobody has, and that no other test run gets."""
    return free_ports(1)
