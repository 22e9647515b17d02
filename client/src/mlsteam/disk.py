"""What the spool asks of the operating system: locks, room, and durable names; all that differs between systems.

Called by spool.py, cuts.py, uploads.py and sender.py. Guarantees the same promise everywhere, by weaker means where a
system has no better.
"""

import importlib
import os
import struct
import sys
from pathlib import Path
from typing import Any
from zlib import crc32

_IS_WINDOWS = sys.platform == "win32"
# Looked up by name, because each system has only one of the two.
_locks: Any = importlib.import_module("msvcrt" if _IS_WINDOWS else "fcntl")
_PIECE = bytes(1 << 20)


def lock_folder(folder: Path) -> int | None:
    """Become the one process that owns a writer's folder; None when another one does, or has removed it."""
    try:
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except FileNotFoundError:
        return None
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


def reserve_file(path: Path, size: int) -> None:
    """Make a file of zeros, unless it is there. Raises: OSError."""
    if path.exists():
        return
    with path.open("xb") as file:
        try:
            reserve(file.fileno(), size)
        except OSError:
            path.unlink()
            raise


def sync_file(descriptor: int) -> None:
    """Make the content of a file survive a power cut. Raises: OSError."""
    getattr(os, "fdatasync", os.fsync)(descriptor)


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


class Slate:
    """A small file that is rewritten in place, in room that was taken before: a full disk cannot refuse it.

    Two halves are written in turn, so that a crash leaves the old or the new content.
    """

    _HEAD = struct.Struct("<QII")

    def __init__(self, path: Path, size: int) -> None:
        self._path, self._size = path, size
        self.most = size // 2 - self._HEAD.size

    def _halves(self) -> list[tuple[int, int, bytes]]:
        """Return the halves that are whole: how many writes there were before, which half, its content."""
        raw, found = self._path.read_bytes() if self._path.exists() else b"", []
        for half in range(2 if len(raw) >= self._size else 0):
            begin = half * self._size // 2
            turn, size, check = self._HEAD.unpack_from(raw, begin)
            content = raw[begin + self._HEAD.size : begin + self._HEAD.size + size]
            if check == crc32(content, turn & 0xFFFFFFFF) and turn:
                found.append((turn, half, content))
        return sorted(found)

    def read(self) -> bytes:
        """Return the newest content, nothing when there is none."""
        halves = self._halves()
        return halves[-1][2] if halves else b""

    def write(self, content: bytes) -> None:
        """Replace the content, of at most `most` bytes, durably. Raises: OSError."""
        halves = self._halves()
        turn, half = (halves[-1][0] + 1, 1 - halves[-1][1]) if halves else (1, 0)
        if not self._path.exists():
            reserve_file(self._path, self._size)
            sync_folder(self._path.parent)
        with self._path.open("rb+") as file:
            file.seek(half * self._size // 2)
            file.write(self._HEAD.pack(turn, len(content), crc32(content, turn & 0xFFFFFFFF)) + content)
            file.flush()
            sync_file(file.fileno())
