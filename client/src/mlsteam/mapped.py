"""A writer's folder as it is written: its lock, its newest segment as memory, what is not yet safe from a power cut.

Called by spool.py. Guarantees that room on the disk is taken before it is written to (a mapping without it would end
the process), and that after a sync everything written before it is on the disk under its name.
"""

import contextlib
import mmap
import os
import time
from collections.abc import Sequence
from pathlib import Path

from mlsteam.disk import lock_folder, reserve, reserve_file, sync_file, sync_folder
from mlsteam.records import HEADER_BYTES, STATE_BYTES, encode_header

# Whoever looks whether a writer is alive holds its lock for a moment.
_LOCK_WAIT_S = 2.0


class MappedFolder:
    """The folder of one writer; made by the first segment."""

    def __init__(self, root: Path, track_id: str) -> None:
        self.writer = os.urandom(16).hex()
        self.path = root / track_id / self.writer
        self.number = 0
        self.segment: mmap.mmap | None = None
        self._root, self._track_id = root, track_id
        self._descriptor = self._lock = -1
        # Segments that are full, and folders that got a new name, since the last `sync`.
        self._full: list[int] = []
        self._renewed: list[Path] = []
        self._failure: OSError | None = None

    def make(self) -> None:
        """Make the folder, own it, and take the room that a full disk must not refuse. Raises: OSError."""
        if self._lock >= 0:
            return
        self.path.mkdir(parents=True, mode=0o700, exist_ok=True)
        self._renewed = [self.path.parent, self._root, self._root.parent]
        until = time.monotonic() + _LOCK_WAIT_S
        while (lock := lock_folder(self.path)) is None and time.monotonic() < until:
            time.sleep(0.01)
        self._lock = -1 if lock is None else lock
        reserve_file(self.path / "state", STATE_BYTES)

    def used_bytes(self) -> int:
        """Say how many bytes of segments are on the disk."""
        total = 0
        for path in self.path.glob("*.seg"):
            # The sender removes what is acknowledged meanwhile.
            with contextlib.suppress(FileNotFoundError):
                total += path.stat().st_size
        return total

    def open_next(self, size: int, first: bytes) -> mmap.mmap:
        """Begin the next segment with some records, all of them or none. Raises: OSError."""
        number = self.number + 1
        path = self.path / f"{number:08d}.seg"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            reserve(descriptor, size)
            segment = mmap.mmap(descriptor, size)
        except OSError:
            os.close(descriptor)
            path.unlink(missing_ok=True)
            raise
        segment[HEADER_BYTES : HEADER_BYTES + len(first)] = first
        # The header last: with it the segment has begun (losses.py).
        segment[:HEADER_BYTES] = encode_header(self.writer, self._track_id)
        if self.segment is not None:
            self._full.append(self._descriptor)
            self.segment.close()
        self.segment, self._descriptor, self.number = segment, descriptor, number
        self._renewed.append(self.path)
        return segment

    def take_unsynced(self, others: Sequence[int] = ()) -> "Unsynced":
        """Return what is to be brought to the disk, with other open files; from now on it is its to close."""
        full, renewed, self._full, self._renewed = self._full, self._renewed, [], []
        failure, self._failure = self._failure, None
        newest = [os.dup(self._descriptor)] if self._descriptor >= 0 else []
        return Unsynced([*others, *full, *newest], renewed, failure)

    def sync_range(self, at: int, size: int) -> None:
        """Bring a part of the newest segment to the disk; that this failed is told by the next `Unsynced.sync`."""
        start = at // mmap.PAGESIZE * mmap.PAGESIZE
        try:
            if self.segment is not None:
                self.segment.flush(start, at + size - start)
        except OSError as error:
            self._failure = error

    def sync_all(self) -> None:
        """Do what `Unsynced.sync` does, at once and without raising."""
        try:
            self.take_unsynced().sync()
        except OSError as error:
            self._failure = error

    def close(self) -> None:
        """Let go of files and lock."""
        if self.segment is not None:
            self.segment.close()
        self.leave()

    def leave(self) -> None:
        """Close what a forked child inherited: a lock would outlive the parent, and nobody could send what it left."""
        for descriptor in (self._descriptor, self._lock, *self._full):
            if descriptor >= 0:
                os.close(descriptor)
        self.segment, self._descriptor, self._lock, self._full = None, -1, -1, []


class Unsynced:
    """Files and folders that a power cut would still take."""

    def __init__(self, descriptors: list[int], folders: list[Path], failure: OSError | None) -> None:
        self._descriptors, self._folders, self._failure = descriptors, folders, failure

    def sync(self) -> None:
        """Bring them to the disk. Raises: OSError."""
        try:
            for descriptor in self._descriptors:
                sync_file(descriptor)
            for folder in dict.fromkeys(self._folders):
                sync_folder(folder)
            if self._failure is not None:
                raise self._failure
        finally:
            for descriptor in self._descriptors:
                os.close(descriptor)
