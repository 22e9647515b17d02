"""The writing side of the spool: records into memory-mapped segments of 32-byte slots (records.py says which bytes).

Called by handles.py, rows.py, track.py and capture/. Guarantees that a record is in the file when `append` returns, so
that it survives a SIGKILL, and that a full disk or limit never raises: it is counted and becomes a loss mark.
"""

import mmap
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

from mlsteam.losses import Losses
from mlsteam.mapped import MappedFolder
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
    stored_bytes,
)

SEGMENT_BYTES = 4 * 1024 * 1024
MAX_SPOOL_BYTES = 2 * 1024**3
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

    def definition(self, number: int) -> bytes:
        """Return the body of the record that gives it a number."""
        return KEY_HEAD.pack(number, self.kind) + self.name.encode()


class SpoolLayout:
    """Keys whose values are logged together, as one row."""

    __slots__ = ("keys", "number", "segment")

    def __init__(self, keys: Sequence[SpoolKey]) -> None:
        self.keys = keys
        self.number, self.segment = 0, None  # type: tuple[int, mmap.mmap | None]


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
        is_held: Callable[[], bool] | None = None,
    ) -> None:
        self._root, self._track_id = root, track_id
        self._segment_bytes, self._max_bytes = segment_bytes, max_bytes
        self._is_sync, self._retry_full_s = is_sync, retry_full_s
        # Asked where there is no room: whether what comes is to be ignored.
        self._on_open, self.is_held = on_open, is_held or (lambda: False)
        self._start_anew()

    def _start_anew(self) -> None:
        # Re-entrant: a signal handler may log while the main thread is inside append.
        self._lock = threading.RLock()
        self._files = MappedFolder(self._root, self._track_id)
        self.writer, self.folder = self._files.writer, self._files.path
        # The newest segment, where the next record goes in it, and where it ends.
        self._map: mmap.mmap | None = None
        self._at = self._end = 0
        # How many keys and layouts it has defined so far.
        self._numbers = 0
        self._losses = Losses()
        self.dropped = 0
        self._retry_at = 0.0
        self.is_closed = self._is_muted = False

    # The four ways in. Each takes its room first: what comes after cannot fail.

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
                self._files.sync_range(at, SLOT_BYTES)

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
            self._files.sync_range(at, stored_bytes(len(body)))

    # Every segment can be read alone, so a key is defined in each that it is used in.

    def _make_ready(self, key: SpoolKey, size: int = SLOT_BYTES) -> bool:
        """Give a key its number in this segment, and room for a record; False when the spool is full."""
        definition = key.definition(self._numbers + 1)
        is_known = key.segment is self._map and self._map is not None
        if not self._make_room(size if is_known else size + stored_bytes(len(definition))):
            return False
        if key.segment is not self._map:
            self._numbers += 1
            self._write_long(Kind.KEY, key.definition(self._numbers))
            key.number, key.segment = self._numbers, self._map
        return True

    def _number_layout(self, layout: SpoolLayout, size: int) -> bool:
        """Define a layout and its keys in this segment; False when the spool is full."""
        if layout.segment is self._map:
            return True
        # Room for everything at once: a definition is of use only in the segment of its row.
        keys_bytes = sum(stored_bytes(len(key.definition(0))) for key in layout.keys)
        if not self._make_room(size + keys_bytes + stored_bytes(4 + 4 * len(layout.keys))):
            return False
        for key in layout.keys:
            self._make_ready(key)
        self._numbers += 1
        numbers = [self._numbers, *(key.number for key in layout.keys)]
        self._write_long(Kind.LAYOUT, b"".join(number.to_bytes(4, "little") for number in numbers))
        layout.number, layout.segment = self._numbers, self._map
        return True

    # Room, and what happens without.

    def _make_room(self, size: int) -> bool:
        if self._at + size <= self._end:
            return True
        if self._is_muted or self.is_held() or time.monotonic() < self._retry_at:
            return False
        if self._rotate(size):
            return True
        self._retry_at = time.monotonic() + self._retry_full_s
        return False

    def _rotate(self, size: int) -> bool:
        """Begin the next segment, with marks of what was lost before it; False when the disk or the limit is full."""
        is_first = self._files.number == 0
        try:
            if is_first:
                self._files.make()
                self._losses.open(self.folder)
            if self._files.used_bytes() + self._segment_bytes > self._max_bytes:
                return False
            marks = b"".join(self._losses.marks())
            begin = HEADER_BYTES + len(marks)
            segment_bytes = max(self._segment_bytes, begin + size)
            self._map = self._files.open_next(segment_bytes, marks)
        except OSError:
            return False
        self._losses.forget()
        self._at, self._end, self._numbers = begin, 0 if self._is_muted else segment_bytes, 0
        if self._is_sync:
            self._files.sync_all()
        if is_first and self._on_open:
            self._on_open()
        return True

    def _drop(self, name: str, first_at: float, last_at: float, count: int = 1) -> None:
        if self.is_held():
            return
        self.dropped += count
        if not self._is_muted:
            self._losses.add(name, first_at, last_at, count, self._files.number)

    def settle(self) -> bool:
        """Write what was lost as marks, if there is room by now; False when there is none."""
        with self._lock:
            return not self._losses or self._rotate(0)

    # Its life.

    def open(self) -> None:
        """Make the folder and the first segment, as the first record would."""
        with self._lock:
            if self._files.number == 0:
                self._rotate(0)

    @property
    def position(self) -> tuple[int, int]:
        """Where the next record will stand; all before it are committed."""
        with self._lock:
            return (self._files.number, self._at)

    @property
    def is_interrupted(self) -> bool:
        """Whether the caller is a signal handler that came in the middle of an `append` of its own thread.

        Until it returns, that record stays unfinished, and nobody else gets at the spool.
        """
        return bool(self._lock._is_owned())  # type: ignore[attr-defined]  # noqa: SLF001  # as threading.Condition asks

    def sync(self) -> None:
        """Make everything appended so far survive a power cut. Raises: OSError."""
        with self._lock:
            unsynced = self._files.take_unsynced(self._losses.unsynced())
        # Without the lock: a disk may take its time, and `log` has none.
        unsynced.sync()

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
            self._files.close()
            self._losses.close()
            self._map, self._at, self._end = None, 0, 0
            self.is_closed = self._is_muted = True

    def after_fork_in_child(self) -> None:
        """Become a new writer: the folder, its lock and the numbers belong to the parent."""
        self._files.leave()
        self._losses.close()
        was_closed = self.is_closed
        self._start_anew()
        self.is_closed = was_closed
