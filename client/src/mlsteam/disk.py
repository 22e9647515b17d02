"""What the spool asks of the operating system: locks, room, and durable names; all that differs between systems.

Called by spool.py, cuts.py, uploads.py and sender.py. Guarantees the same promise everywhere, by weaker means where a
system has no better.
"""

import importlib
import os
import sys
from pathlib import Path
from typing import Any

_IS_WINDOWS = sys.platform == "win32"
# Looked up by name, because each system has only one of the two.
_locks: Any = importlib.import_module("msvcrt" if _IS_WINDOWS else "fcntl")
_fdatasync = getattr(os, "fdatasync", os.fsync)
_PIECE = bytes(1 << 20)


def lock_folder(folder: Path) -> int | None:
    """Become the one process that owns a writer's folder; None when another one does."""
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if _IS_WINDOWS:
            _locks.locking(descriptor, _locks.LK_NBLCK, 1)
        else:
            _locks.flock(descriptor, _locks.LOCK_EX | _locks.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def reserve(descriptor: int, size: int) -> None:
    """Take room from the disk now: a sparse mapping on a full disk would be a SIGBUS later. Raises: OSError."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
        return
    left = size
    while left > 0:
        left -= os.write(descriptor, _PIECE[:left])


def sync_file(descriptor: int) -> None:
    """Make the content of a file survive a power cut. Raises: OSError."""
    _fdatasync(descriptor)


def sync_folder(folder: Path) -> None:
    """Make new and renamed names in a folder durable. Raises: OSError."""
    if _IS_WINDOWS:
        # Windows has no such call; NTFS keeps names in its journal.
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_durably(path: Path, content: bytes) -> None:
    """Replace a file so that a crash leaves the old or the new content. Raises: OSError."""
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    sync_folder(path.parent)
