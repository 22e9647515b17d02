"""The writing side of the spool: one folder per writer, memory-mapped segments of 32-byte slots in it (records.py).

Called by handles.py, track.py and console.py. Guarantees that a record is in the file when `append` returns, so that it
survives a SIGKILL, and that a full disk or limit never raises: it is counted and becomes a loss mark.
"""

import mmap
import os
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

from mlsteam.disk import lock_folder, reserve, sync_file, sync_folder
from mlsteam.records import (
    COLUMN_HEAD,
    COMMIT_WORD,
    FLOAT_COMMITTED,
    FLOAT_POINT,
    HEADER_BYTES,
    INT_COMMITTED,
    INT_POINT,
    KEY_HEAD,
    POINT_BYTES,
    ROW_HEAD,
    SLOT_BYTES,
    Kind,
    Record,
    commit_word,
    encode_entry,
    encode_head,
    encode_header,
    stored_bytes,
)

SEGMENT_BYTES = 4 * 1024 * 1024
MAX_SPOOL_BYTES = 2 * 1024**3
_MAX_LOST_KEYS = 1000
# While the spool is full, room is looked for this often and not at every call.
_RETRY_FULL_S = 0.1


class SpoolKey:
    """A key and the kind of its points: its number in the segment that it was last used in."""

    __slots__ = ("kind", "name", "number", "pack", "pack_into", "segment")

    def __init__(self, name: str, kind: Kind) -> None:
        self.name, self.kind = name, kind
        self.number, self.segment = 0, None  # type: tuple[int, mmap.mmap | None]
        is_float = kind is Kind.SERIES_FLOAT
        # Typed loosely: that a map is there is what `append` makes sure of, and a check would cost every call.
        self.pack: Any = (FLOAT_POINT if is_float else INT_POINT).pack
        self.pack_into: Any = (FLOAT_COMMITTED if is_float else INT_COMMITTED).pack_into


class SpoolLayout:
    """Keys whose values are logged together, as one row."""

    __slots__ = ("keys", "number", "segment")

    def __init__(self, keys: Sequence[SpoolKey]) -> None:
        self.keys = keys
        self.number, self.segment = 0, None  # type: tuple[int, mmap.mmap | None]


class Loss:
    """What was given up under one key."""

    __slots__ = ("count", "first_at", "last_at")

    def __init__(self, at: float) -> None:
        self.count, self.first_at, self.last_at = 0, at, at


class Spool:
    """The records of one writer; opened by its first record, and again, as a new writer, in a forked child."""

    def __init__(
        self,
        root: Path,
        track_id: str,
        *,
        segment_bytes: int = SEGMENT_BYTES,
        max_bytes: int = MAX_SPOOL_BYTES,
        is_sync: bool = False,
        retry_full_s: float = _RETRY_FULL_S,
        on_open: Callable[[], None] | None = None,
    ) -> None:
        self._root, self._track_id = root, track_id
        self._segment_bytes, self._max_bytes = segment_bytes, max_bytes
        self._is_sync, self._retry_full_s = is_sync, retry_full_s
        self._on_open = on_open
        self.dropped = 0
        self._start_anew()

    def _start_anew(self) -> None:
        # Re-entrant: a signal handler may log while the main thread is inside append.
        self._lock = threading.RLock()
        self.writer = secrets.token_hex(16)
        self.folder = self._root / self._track_id / self.writer
        self.number = 0
        self._map: mmap.mmap | None = None
        self._descriptor = self._lock_descriptor = -1
        # Segments that are full, and not yet known to be on the disk.
        self._unsynced: list[int] = []
        self._at = self._end = self._numbers = 0
        self._retry_at = 0.0
        self._losses: dict[str, Loss] = {}
        self.is_closed = self._is_muted = False

    def append(self, key: SpoolKey, time: float, step: float, value: float) -> None:
        """Put one point into the file; it survives the death of this process."""
        with self._lock:
            if (key.segment is not self._map or self._at >= self._end) and not self._make_ready(key):
                self._drop(key.name, time, time)
                return
            point = key.pack(time, step, value, key.number)
            # The slot is taken before it is filled, so that a signal handler that logs here gets the next one.
            at = self._at
            self._at = at + SLOT_BYTES
            # In the order of the fields: the commit word comes last. Zero would mean that it is not committed.
            key.pack_into(self._map, at, time, step, value, key.number, crc32(point) or 1)
            if self._is_sync:
                self._sync_range(at, SLOT_BYTES)

    def append_row(self, layout: SpoolLayout, time: float, step: float, values: bytes) -> None:
        """Put one point of each key of a layout into the file, all or none of them."""
        size = ROW_HEAD.size + len(values)
        with self._lock:
            if not self._make_room(stored_bytes(size)) or not self._number_layout(layout, stored_bytes(size)):
                for key in layout.keys:
                    self._drop(key.name, time, time)
                return
            self._write_long(Kind.ROW, ROW_HEAD.pack(time, step, layout.number, len(layout.keys)) + values)

    def append_column(self, key: SpoolKey, values: bytes, times: Sequence[float], packed: bytes) -> None:
        """Put many points of one key into the file, all or none; `packed` are the times, then the steps."""
        size = stored_bytes(COLUMN_HEAD.size + len(values) + len(packed))
        with self._lock:
            if not self._make_room(size) or not self._make_ready(key, size):
                self._drop(key.name, times[0], times[-1], len(times))
                return
            self._write_long(Kind.COLUMN, COLUMN_HEAD.pack(key.number, len(times)) + values + packed)

    def append_entry(self, record: Record) -> None:
        """Put a text, a config value, a console line or a loss mark into the file."""
        body = encode_entry(record)
        with self._lock:
            if not self._make_room(stored_bytes(len(body))):
                self._drop(record.key, record.time, record.time)
                return
            self._write_long(record.kind, body)

    def _write_long(self, kind: Kind, body: bytes) -> None:
        """Write a record for which there is room."""
        head, segment = encode_head(kind, len(body)), self._map
        assert segment is not None  # noqa: S101  # whoever made room opened it
        at = self._at
        self._at = at + stored_bytes(len(body))
        # The head first: a reader that finds no commit word must know how much to skip.
        segment[at : at + POINT_BYTES] = head
        segment[at + SLOT_BYTES : at + SLOT_BYTES + len(body)] = body
        COMMIT_WORD.pack_into(segment, at + POINT_BYTES, commit_word(head, body))
        if self._is_sync:
            self._sync_range(at, stored_bytes(len(body)))

    def _make_ready(self, key: SpoolKey, size: int = SLOT_BYTES) -> bool:
        """Give a key its number in this segment, and room for a record; False when the spool is full."""
        body_bytes = KEY_HEAD.size + len(key.name.encode())
        needed = size if key.segment is self._map and self._map else size + stored_bytes(body_bytes)
        if not self._make_room(needed):
            return False
        if key.segment is not self._map:
            self._numbers += 1
            self._write_long(Kind.KEY, KEY_HEAD.pack(self._numbers, key.kind) + key.name.encode())
            key.number, key.segment = self._numbers, self._map
        return True

    def _number_layout(self, layout: SpoolLayout, size: int) -> bool:
        """Define a layout and its keys in this segment; False when the spool is full."""
        if layout.segment is self._map:
            return True
        # Room for everything at once: a definition is of use only in the segment of its row.
        keys_bytes = sum(stored_bytes(KEY_HEAD.size + len(key.name.encode())) for key in layout.keys)
        if not self._make_room(size + keys_bytes + stored_bytes(4 + 4 * len(layout.keys))):
            return False
        for key in layout.keys:
            self._make_ready(key)
        self._numbers += 1
        numbers = [self._numbers, *(key.number for key in layout.keys)]
        self._write_long(Kind.LAYOUT, b"".join(number.to_bytes(4, "little") for number in numbers))
        layout.number, layout.segment = self._numbers, self._map
        return True

    def open(self) -> None:
        """Make the folder and the first segment, as the first record would."""
        with self._lock:
            if self.number == 0:
                self._rotate(0)

    def _make_room(self, size: int) -> bool:
        if self._at + size <= self._end:
            return True
        if self._is_muted or time.monotonic() < self._retry_at:
            return False
        if self._rotate(size):
            return True
        self._retry_at = time.monotonic() + self._retry_full_s
        return False

    def _rotate(self, size: int) -> bool:
        """Begin the next segment; False when the disk or the limit is full."""
        is_first = self.number == 0
        try:
            if is_first:
                self.folder.mkdir(parents=True, mode=0o700, exist_ok=True)
                if self._lock_descriptor < 0:
                    descriptor = lock_folder(self.folder)
                    self._lock_descriptor = -1 if descriptor is None else descriptor
            if self.used_bytes() + self._segment_bytes > self._max_bytes:
                return False
            self._open_segment(self.number + 1, max(self._segment_bytes, HEADER_BYTES + size))
        except OSError:
            return False
        if is_first and self._on_open:
            self._on_open()
        self._write_losses()
        # The marks of many losses may have taken the room.
        return self._at + size <= self._end

    def _open_segment(self, number: int, size: int) -> None:
        path = self.folder / f"{number:08d}.seg"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            reserve(descriptor, size)
            segment = mmap.mmap(descriptor, size)
        except OSError:
            os.close(descriptor)
            path.unlink(missing_ok=True)
            raise
        segment[:HEADER_BYTES] = encode_header(self.writer, self._track_id)
        if self._map is not None:
            self._unsynced.append(self._descriptor)
            self._map.close()
        self._map, self._descriptor, self.number = segment, descriptor, number
        self._at, self._end, self._numbers = HEADER_BYTES, size, 0
        if self._is_sync:
            sync_file(descriptor)
            sync_folder(self.folder)

    def _drop(self, name: str, first_at: float, last_at: float, count: int = 1) -> None:
        self.dropped += count
        if name not in self._losses and len(self._losses) >= _MAX_LOST_KEYS:
            name = "*"
        loss = self._losses.setdefault(name, Loss(first_at))
        loss.count, loss.last_at = loss.count + count, last_at

    def _write_losses(self) -> None:
        for name, loss in list(self._losses.items()):
            reason = "The spool of the client was full."
            body = encode_entry(Record(Kind.LOSS, name, loss.first_at, loss.last_at, loss.count, reason))
            if self._at + stored_bytes(len(body)) <= self._end:
                del self._losses[name]
                self._write_long(Kind.LOSS, body)

    def settle(self) -> None:
        """Write what was lost as marks, if there is room by now."""
        with self._lock:
            if self._losses and self._map is not None and not self._is_muted:
                self._rotate(0)

    def used_bytes(self) -> int:
        """Say how many bytes of segments are on the disk."""
        return sum(path.stat().st_size for path in self.folder.glob("*.seg"))

    @property
    def position(self) -> tuple[int, int]:
        """Where the next record will stand; all before it are committed."""
        with self._lock:
            return (self.number, self._at)

    def _sync_range(self, at: int, size: int) -> None:
        start = at // mmap.PAGESIZE * mmap.PAGESIZE
        if self._map is not None:
            self._map.flush(start, at + size - start)

    def sync(self) -> None:
        """Make everything appended so far survive a power cut. Raises: OSError."""
        with self._lock:
            full, self._unsynced = self._unsynced, []
            descriptors = [*full, os.dup(self._descriptor)] if self._descriptor >= 0 else full
        try:
            for descriptor in descriptors:
                sync_file(descriptor)
            if full:
                sync_folder(self.folder)
        finally:
            for descriptor in descriptors:
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
            for descriptor in (self._descriptor, self._lock_descriptor, *self._unsynced):
                if descriptor >= 0:
                    os.close(descriptor)
            self._map, self._descriptor, self._lock_descriptor, self._unsynced = None, -1, -1, []
            self._at = self._end = 0
            self.is_closed = self._is_muted = True

    def after_fork_in_child(self) -> None:
        """Become a new writer: the folder, its lock and the numbers belong to the parent."""
        for descriptor in (self._descriptor, self._lock_descriptor, *self._unsynced):
            # An inherited lock would outlive the parent, and nobody could send what it left.
            if descriptor >= 0:
                os.close(descriptor)
        was_closed = self.is_closed
        self.dropped = 0
        self._start_anew()
        self.is_closed = was_closed
