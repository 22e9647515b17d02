"""What a process gives up before it touches users' data: network, rights, environment, resources. Linux only.

Called by the zygote once, and by each child right after the fork, while it has one thread.
"""

import ctypes
import os
import resource
import signal
import socket
import struct
import sys
from contextlib import suppress
from fcntl import ioctl
from pathlib import Path

_libc = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_SIOCSIFFLAGS, _IFF_UP = 0x8914, 0x1
_PARENT_IS_GONE = 3
_MIB = 1 << 20
# gRPC and the data server reserve far more than they use.
_ADDRESS_SPACE = 4096 * _MIB
_FILE_BYTES = 64 * _MIB
# The data server keeps each event file open.
_OPEN_FILES = 4096


def end_with(parent_pid: int) -> None:
    """Make the kernel end this process when its parent ends."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    # It may have ended before we asked.
    if os.getppid() != parent_pid:
        os._exit(_PARENT_IS_GONE)


def leave_network() -> bool:
    """Move to a network of our own that has no interface up; say whether the system allowed it."""
    if _libc.unshare(_CLONE_NEWNET) == 0:
        return True
    return bool(_libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) == 0)


def open_loopback() -> None:
    """Bring up the loopback of our own network, for one server that only we can reach."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sH14s", b"lo", _IFF_UP, b""))


def limit_resources() -> None:
    """Bound memory, files and processor, so that one bad upload costs its own track only."""
    for name, limit in (
        (resource.RLIMIT_AS, _ADDRESS_SPACE),
        (resource.RLIMIT_FSIZE, _FILE_BYTES),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(name)
        wanted = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(name, (wanted, wanted))
    os.nice(5)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500")


def forbid_tensorflow() -> None:
    """Let no import find it: with TensorFlow the projector would read whatever checkpoint a user's file names."""
    sys.modules["tensorflow"] = None  # type: ignore[assignment]  # how Python is told that there is none


def become(user_id: int) -> None:
    """Give up root for a user that owns nothing else."""
    os.setgroups([])
    os.setresgid(user_id, user_id, user_id)
    os.setresuid(user_id, user_id, user_id)


def take_no_rights() -> None:
    """Let no program that is started from here gain rights."""
    _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def can_read_as(user_id: int, paths: list[str]) -> bool:
    """Say whether an unprivileged user could read files, by trying."""
    if os.geteuid() != 0:
        return False
    if (pid := os.fork()) == 0:
        try:
            become(user_id)
            for path in paths:
                with Path(path).open("rb") as file:
                    file.read(1)
            os._exit(0)
        except OSError:
            os._exit(1)
    return os.waitpid(pid, 0)[1] == 0
