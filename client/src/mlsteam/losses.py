"""What had to be given up: a small mapped file beside the segments, so that a process that is killed does not hide it.

Called by spool.py (write) and leftovers.py (`recover`). Guarantees that each loss that was counted becomes one mark:
the marks are moved to the next segment when there is room for one, and the file counts from there on. It takes its room
when the spool is opened: when it is needed, there is none.

The file: which segment was the newest, then for each key its name, and first time, last time and count. Those stand in
two slots that are written in turn, so that one of them is whole whenever the process dies.
"""

import mmap
import os
from pathlib import Path
from zlib import crc32

from mlsteam.disk import reserve, write_durably
from mlsteam.records import (
    INT_COMMITTED,
    INT_POINT,
    KEY_HEAD,
    SLOT_BYTES,
    Kind,
    Record,
    decode_head,
    encode_entry,
    encode_header,
    encode_long,
    read_header,
    stored_bytes,
)

FILE_NAME = "losses"
_FILE_BYTES = 64 * 1024
# What is given up under more keys than there is room for is counted under this one.
_OTHERS = "*"
_REASON = "The spool of the client was full."


class _Loss:
    """What was given up under one key, and where that stands in the file."""

    __slots__ = ("at", "count", "first_at", "is_second")

    def __init__(self, at: int) -> None:
        self.at, self.count, self.first_at, self.is_second = at, 0, 0.0, False


class Losses:
    """What one writer has given up since its newest segment began."""

    def __init__(self) -> None:
        self._place: mmap.mmap | bytearray = bytearray()
        self._descriptor = -1
        self._known: dict[str, _Loss] = {}
        self._at = 0

    def open(self, folder: Path) -> None:
        """Take the room on the disk; where there is none even for this, losses are counted in memory only."""
        path = folder / FILE_NAME
        if self._place:
            return
        try:
            with path.open("xb+") as file:
                reserve(file.fileno(), _FILE_BYTES)
                self._place = mmap.mmap(file.fileno(), _FILE_BYTES)
                self._descriptor = os.dup(file.fileno())
        except OSError:
            path.unlink(missing_ok=True)

    def add(self, key: str, first_at: float, last_at: float, count: int, newest: int) -> None:
        """Count records of a key; `newest` is the number of the segment that has no room for them."""
        if not self._known:
            self._begin(newest)
        loss = self._known.get(key) or self._define(key) or self._known[_OTHERS]
        loss.first_at = loss.first_at if loss.count else first_at
        loss.count += count
        self._put(loss.at + SLOT_BYTES * loss.is_second, loss.first_at, last_at, loss.count)
        loss.is_second = not loss.is_second

    def _begin(self, newest: int) -> None:
        # What an earlier time of want has left is in a segment already; it must not be read again.
        self._place = self._place or bytearray(_FILE_BYTES)
        self._place[:] = bytes(_FILE_BYTES)
        self._put(0, 0.0, 0.0, newest)
        self._at = 2 * SLOT_BYTES
        self._define(_OTHERS)

    def _put(self, at: int, first_at: float, last_at: float, number: int) -> None:
        check = crc32(INT_POINT.pack(first_at, last_at, number, 0)) or 1
        INT_COMMITTED.pack_into(self._place, at, first_at, last_at, number, 0, check)

    def _define(self, key: str) -> _Loss | None:
        """Give a key its place in the file; None when there is no room for it."""
        record = encode_long(Kind.KEY, KEY_HEAD.pack(0, Kind.LOSS) + key.encode())
        begin = self._at + len(record)
        if begin + 2 * SLOT_BYTES > _FILE_BYTES:
            return None
        self._place[self._at : begin] = record
        self._at = begin + 2 * SLOT_BYTES
        loss = self._known[key] = _Loss(begin)
        return loss

    def __bool__(self) -> bool:
        return bool(self._known)

    def marks(self) -> list[bytes]:
        """Return a record for each key, as it stands in a segment."""
        return [
            _encode_mark(key, *whole) for key, loss in self._known.items() if (whole := _newest(self._place, loss.at))
        ]

    def forget(self) -> None:
        """Count from nothing: the marks are in a newer segment, which makes what the file holds void."""
        self._known.clear()

    def unsynced(self) -> list[int]:
        """Return a descriptor of the file for the caller to close, when there is something that a sync would keep."""
        return [os.dup(self._descriptor)] if self._known and self._descriptor >= 0 else []

    def close(self) -> None:
        """Let go of the file."""
        place, self._place = self._place, bytearray()
        if isinstance(place, mmap.mmap):
            place.close()
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1


def _encode_mark(key: str, count: int, first_at: float, last_at: float) -> bytes:
    return encode_long(Kind.LOSS, encode_entry(Record(Kind.LOSS, key, first_at, last_at, count, _REASON)))


def _newest(raw: bytes | bytearray | mmap.mmap, at: int) -> tuple[int, float, float] | None:
    """Return count, first and last time from the later of two slots that is whole."""
    counts = []
    for place in (at, at + SLOT_BYTES):
        first_at, last_at, count, key, check = INT_COMMITTED.unpack_from(raw, place)
        if check == (crc32(INT_POINT.pack(first_at, last_at, count, key)) or 1):
            counts.append((count, first_at, last_at))
    return max(counts, default=None)


def read_losses(path: Path) -> tuple[int, list[bytes]]:
    """Return what stands in a file: the number of the segment that was the newest, and the marks."""
    raw, at, marks = path.read_bytes(), 2 * SLOT_BYTES, []
    begun = _newest(raw, 0) if len(raw) == _FILE_BYTES else None
    while begun and (head := decode_head(raw, at)) and head[0] == Kind.KEY:
        name = raw[at + SLOT_BYTES : at + SLOT_BYTES + head[1]][KEY_HEAD.size :].decode()
        at += stored_bytes(head[1])
        if whole := _newest(raw, at):
            marks.append(_encode_mark(name, *whole))
        at += 2 * SLOT_BYTES
    return (begun[0] if begun else 0), marks


def recover(folder: Path, writer: str, track_id: str) -> None:
    """Make a segment of the marks that a dead writer could not write. Raises: OSError."""
    path = folder / FILE_NAME
    if not path.exists():
        return
    # A segment whose header is missing was not begun: it would have held the marks.
    newest = max((int(one.stem) for one in folder.glob("*.seg") if any(read_header(one))), default=0)
    of_segment, marks = read_losses(path)
    if marks and of_segment >= newest:
        write_durably(folder / f"{newest + 1:08d}.seg", encode_header(writer, track_id) + b"".join(marks))
    path.unlink()
