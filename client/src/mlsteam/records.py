"""The bytes of one record and of a segment's header, as they rest in the spool.

Called by spool.py (write) and cuts.py (read). Guarantees that a torn or damaged record is noticed, never believed:
its length, the commit word, is written after everything else, and a CRC covers the rest.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

MAGIC = b"MLSTRACK"
VERSION = 1
_HEADER = struct.Struct("<8sI16sH")
HEADER_BYTES = 256
# The commit word and the CRC before each record's body.
PREFIX = struct.Struct("<II")
COMMIT_WORD = struct.Struct("<I")
# Written where the next record would begin: what follows stands in the next segment.
END_OF_SEGMENT = 0xFFFFFFFF
_ALIGNMENT = 8
# kind, bytes of the key, time, step; then the value (for a text: its bytes), the key, the text.
FLOAT_BODY = struct.Struct("<BHddd")
INT_BODY = struct.Struct("<BHddq")
BODY_BYTES = INT_BODY.size


class Kind(IntEnum):
    """What a record holds; the number is stored."""

    SERIES_FLOAT = 1
    SERIES_INT = 2
    SERIES_BOOL = 3
    SERIES_STR = 4
    CONFIG_FLOAT = 5
    CONFIG_INT = 6
    CONFIG_BOOL = 7
    CONFIG_STR = 8
    CONSOLE = 9
    LOSS = 10


TEXT_KINDS = frozenset({Kind.SERIES_STR, Kind.CONFIG_STR, Kind.CONSOLE, Kind.LOSS})


@dataclass(frozen=True, slots=True)
class Record:
    """One record; of a loss `time` and `step` are the first and last time and `number` is how many."""

    kind: Kind
    key: str
    time: float
    step: float
    number: float | int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """What stands at one place of a segment: a record and where it ends, or damage and where it ends."""

    record: Record | None
    end: int


def encode_header(writer: str, track_id: str) -> bytes:
    """Write the header of a segment."""
    name = track_id.encode()
    return (_HEADER.pack(MAGIC, VERSION, bytes.fromhex(writer), len(name)) + name).ljust(HEADER_BYTES, b"\0")


def decode_header(raw: bytes) -> tuple[str, str] | None:
    """Return writer and track id, or None when this is no header of a version that we know."""
    if len(raw) < HEADER_BYTES:
        return None
    magic, version, writer, size = _HEADER.unpack_from(raw)
    if magic != MAGIC or version != VERSION or size > HEADER_BYTES - _HEADER.size:
        return None
    return writer.hex(), raw[_HEADER.size : _HEADER.size + size].decode()


def encode_text(kind: Kind, key: str, text: str, *, time: float, step: float, number: int = 0) -> bytes:
    """Write the body of a record with a text. A loss keeps its count, so its text is what follows the key."""
    name, raw = key.encode(), text.encode(errors="replace")
    return INT_BODY.pack(kind, len(name), time, step, number) + name + raw


def stored_bytes(body_bytes: int) -> int:
    """Say how much room a body takes; every record begins aligned, so its commit word is one store of the CPU."""
    return -(-(PREFIX.size + body_bytes) // _ALIGNMENT) * _ALIGNMENT


def _decode(body: bytes) -> Record:
    kind = Kind(body[0])
    _, size, time, step, number = (FLOAT_BODY if kind in _FLOAT_KINDS else INT_BODY).unpack_from(body)
    key = body[BODY_BYTES : BODY_BYTES + size].decode()
    text = body[BODY_BYTES + size :].decode() if kind in TEXT_KINDS else ""
    return Record(kind, key, time, step, number, text)


_FLOAT_KINDS = frozenset({Kind.SERIES_FLOAT, Kind.CONFIG_FLOAT})


def scan(raw: bytes, start: int = 0) -> Iterator[Found]:
    """Give the records from a place on; stops where nothing was committed. A damaged record is given as None."""
    at = start
    while at + PREFIX.size <= len(raw):
        size, crc = PREFIX.unpack_from(raw, at)
        end = at + stored_bytes(size)
        if size in (0, END_OF_SEGMENT) or end > len(raw):
            return
        body = raw[at + PREFIX.size : at + PREFIX.size + size]
        if size < BODY_BYTES or zlib.crc32(body) != crc:
            yield Found(None, end)
        else:
            yield Found(_decode(body), end)
        at = end
