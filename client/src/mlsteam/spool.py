"""The writing side of the spool: one folder per writer, memory-mapped append-only segments in it.

Called by handles.py, track.py and console.py. Guarantees that a record is in the file when `append` returns, so that it
survives a SIGKILL, and that a full disk or limit never raises: it is counted and becomes a loss mark.
"""

import fcntl
import mmap
import os
import secrets
import threading
import time
import zlib
from collections.abc import Callable
from pathlib import Path

from mlsteam.records import (
    COMMIT_WORD,
    END_OF_SEGMENT,
    HEADER_BYTES,
    PREFIX,
    Kind,
    encode_header,
    encode_text,
)

SEGMENT_BYTES = 4 * 1024 * 1024
MAX_SPOOL_BYTES = 2 * 1024**3
_MAX_LOST_KEYS = 1000


class Loss:
    """What was given up under one key."""

    __slots__ = ("count", "first_at", "last_at")

    def __init__(self, at: float) -> None:
        self.count, self.first_at, self.last_at = 0, at, at


def lock_folder(folder: Path) -> int | None:
    """Become the one process that owns a writer's folder; None when another one does."""
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def sync_folder(folder: Path) -> None:
    """Make new and renamed names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Spool:
    """The records of one writer; opened by its first record, and again, as a new writer, in a forked child."""

    def __init__(
        self,
        root: Path,
        track_id: str,
        *,
        segment_bytes: int = SEGMENT_BYTES,
        max_bytes: int = MAX_SPOOL_BYTES,
        on_open: Callable[[], None] | None = None,
    ) -> None:
        self._root, self._track_id = root, track_id
        self._segment_bytes, self._max_bytes = segment_bytes, max_bytes
        self._on_open = on_open
        self.dropped = 0
        self.appended = 0
        self._start_anew()

    def _start_anew(self) -> None:
        # Re-entrant: a signal handler may log while the main thread is inside append.
        self._lock = threading.RLock()
        self.writer = secrets.token_hex(16)
        self.folder = self._root / self._track_id / self.writer
        self.number = 0
        self._map: mmap.mmap | None = None
        self._descriptor = self._lock_descriptor = -1
        self._at = self._end = 0
        self._losses: dict[str, Loss] = {}
        self.is_closed = self._is_muted = False

    def append(self, body: bytes) -> None:
        """Put one record into the file; it survives the death of this process."""
        size = len(body)
        room = -(-(8 + size) // 8) * 8
        with self._lock:
            if self._at + room > self._end and not self._rotate(room):
                self._drop(body)
                return
            # The place is taken before it is filled, so that a signal handler that logs here gets the next one.
            at = self._at
            self._at = at + room
            segment = self._map
            if segment is None:
                return
            segment[at + 4 : at + 8 + size] = zlib.crc32(body).to_bytes(4, "little") + body
            COMMIT_WORD.pack_into(segment, at, size)
            self.appended += 1

    def open(self) -> None:
        """Make the folder and the first segment, as the first record would."""
        with self._lock:
            if self.number == 0:
                self._rotate(0)

    def _rotate(self, room: int) -> bool:
        """Close the segment and begin the next; False when the disk or the limit is full."""
        if self._is_muted:
            return False
        is_first = self.number == 0
        try:
            if is_first:
                self.folder.mkdir(parents=True, mode=0o700, exist_ok=True)
                if self._lock_descriptor < 0:
                    self._lock_descriptor = lock_folder(self.folder) or -1
            if self.used_bytes() + self._segment_bytes > self._max_bytes:
                return False
            # Eight bytes are kept for the mark of the end.
            self._open_segment(self.number + 1, max(self._segment_bytes, HEADER_BYTES + room + PREFIX.size))
        except OSError:
            return False
        if is_first and self._on_open:
            self._on_open()
        self._write_losses()
        return True

    def _open_segment(self, number: int, size: int) -> None:
        path = self.folder / f"{number:08d}.seg"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            # Room is taken from the disk now: a sparse mapping on a full disk would be a SIGBUS later.
            os.posix_fallocate(descriptor, 0, size)
            segment = mmap.mmap(descriptor, size)
        except OSError:
            os.close(descriptor)
            path.unlink(missing_ok=True)
            raise
        segment[:HEADER_BYTES] = encode_header(self.writer, self._track_id)
        sync_folder(self.folder)
        previous, previous_descriptor = self._map, self._descriptor
        if previous is not None:
            COMMIT_WORD.pack_into(previous, self._at, END_OF_SEGMENT)
            os.fdatasync(previous_descriptor)
            previous.close()
            os.close(previous_descriptor)
        self._map, self._descriptor, self.number = segment, descriptor, number
        self._at, self._end = HEADER_BYTES, size - PREFIX.size

    def _drop(self, body: bytes) -> None:
        self.dropped += 1
        size = int.from_bytes(body[1:3], "little")
        key = body[27 : 27 + size].decode()
        if key not in self._losses and len(self._losses) >= _MAX_LOST_KEYS:
            key = "*"
        now = time.time()
        loss = self._losses.setdefault(key, Loss(now))
        loss.count, loss.last_at = loss.count + 1, now

    def _write_losses(self) -> None:
        losses, self._losses = self._losses, {}
        for key, loss in losses.items():
            reason = "The spool of the client was full."
            body = encode_text(Kind.LOSS, key, reason, time=loss.first_at, step=loss.last_at, number=loss.count)
            self.append(body)

    def used_bytes(self) -> int:
        """Say how many bytes of segments are on the disk."""
        return sum(path.stat().st_size for path in self.folder.glob("*.seg"))

    @property
    def position(self) -> tuple[int, int]:
        """Where the next record will stand."""
        with self._lock:
            return (self.number, self._at)

    def sync(self) -> None:
        """Make everything appended so far survive a power cut."""
        with self._lock:
            descriptor = os.dup(self._descriptor) if self._descriptor >= 0 else -1
        if descriptor >= 0:
            try:
                os.fdatasync(descriptor)
            finally:
                os.close(descriptor)

    def mute(self) -> None:
        """Count what comes from now on as dropped, without an exception: the process is about to be ended."""
        with self._lock:
            self._is_muted, self._end = True, 0

    def refuse_more(self) -> None:
        """Let handles raise from now on; the file stays open until everything is sent."""
        self.is_closed = True

    def close(self) -> None:
        """Let go of the file and of the folder's lock; what was not sent stays for the next process."""
        with self._lock:
            if self._map is not None:
                self._map.close()
                os.close(self._descriptor)
            if self._lock_descriptor >= 0:
                os.close(self._lock_descriptor)
            self._map, self._descriptor, self._lock_descriptor = None, -1, -1
            self._at = self._end = 0
            self.is_closed = True

    def after_fork_in_child(self) -> None:
        """Become a new writer: the folder, its lock and the numbers belong to the parent."""
        for descriptor in (self._descriptor, self._lock_descriptor):
            # An inherited lock would outlive the parent, and nobody could send what it left.
            if descriptor >= 0:
                os.close(descriptor)
        was_closed = self.is_closed
        self.dropped = self.appended = 0
        self._start_anew()
        self.is_closed = was_closed
