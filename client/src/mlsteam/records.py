"""The bytes of a segment, as they rest in the spool: slots of 32 bytes.

A point is one slot: time, step, value, the number of its key, and the commit word. Everything else is a long record: a
slot with key number 0 that says kind and size, then its body in the slots after it. A key's number is defined by a long
record before its first use in the same segment, so every segment can be read alone.

Called by spool.py (write) and segments.py (read). Guarantees that a torn or damaged record is noticed, never believed:
the commit word is written last, and it is the CRC of all the rest. Zero means: not committed.
"""

import struct
import zlib
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

MAGIC = b"MLSTRACK"
VERSION = 2
_HEADER = struct.Struct("<8sI16sH")
HEADER_BYTES = 256
# The room for what cuts.py keeps in the file `state`.
STATE_BYTES = 64 * 1024
SLOT_BYTES = 32
# Time, step, value, number of the key; then the commit word, which is the CRC of those.
FLOAT_POINT, FLOAT_COMMITTED = struct.Struct("<dddI"), struct.Struct("<dddII")
INT_POINT, INT_COMMITTED = struct.Struct("<ddqI"), struct.Struct("<ddqII")
POINT_BYTES = FLOAT_POINT.size
# Kind, bytes of the body, the CRC of those two, nothing, key number 0; then the commit word, the CRC of head and body.
LONG_HEAD = struct.Struct("<III12xI")
_KIND_AND_SIZE = struct.Struct("<II")
COMMIT_WORD = struct.Struct("<I")
# Of a key's definition: its number and the kind of its points; its name follows.
KEY_HEAD = struct.Struct("<IB")
# Of a row: time, step and the number of its layout; its values follow, eight bytes each.
ROW_HEAD = struct.Struct("<ddII")
# Of a column: the number of its key and of its points; then all values, all times, all steps.
COLUMN_HEAD = struct.Struct("<II")
# Of an entry: time, step, number, bytes of the key; then the key, and the text.
FLOAT_ENTRY, INT_ENTRY = struct.Struct("<dddH"), struct.Struct("<ddqH")


class Kind(IntEnum):
    """What a record or a key holds; the number is stored."""

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
    KEY = 11
    LAYOUT = 12
    ROW = 13
    COLUMN = 14


# How the eight bytes of a value are read.
CODES = {Kind.SERIES_FLOAT: "d", Kind.SERIES_INT: "q", Kind.SERIES_BOOL: "q"}
ENTRY_KINDS = frozenset(kind for kind in Kind if Kind.SERIES_STR <= kind <= Kind.LOSS)


@dataclass(frozen=True, slots=True)
class Record:
    """An entry that is not a number; of a loss `time` and `step` are the first and last time, `number` is how many."""

    kind: Kind
    key: str
    time: float
    step: float
    number: float | int
    text: str = ""


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


def read_header(path: Path) -> bytes:
    """Return the header of a segment file as it is. Raises: OSError."""
    with path.open("rb") as file:
        return file.read(HEADER_BYTES)


def stored_bytes(body_bytes: int) -> int:
    """Say how much room a long record takes."""
    return SLOT_BYTES - (-body_bytes // SLOT_BYTES) * SLOT_BYTES


def commit_word(head: bytes, body: bytes = b"") -> int:
    """Return the CRC of a record, which is never zero."""
    return zlib.crc32(body, zlib.crc32(head)) or 1


def encode_head(kind: Kind, size: int) -> bytes:
    """Write the head of a long record, without its commit word."""
    return LONG_HEAD.pack(kind, size, zlib.crc32(_KIND_AND_SIZE.pack(kind, size)), 0)


def decode_head(raw: bytes, at: int) -> tuple[int, int] | None:
    """Return kind and size of a long record, or None when its head is damaged; (0, 0) where there is none."""
    kind, size, check, _ = LONG_HEAD.unpack_from(raw, at)
    if kind == size == check == 0:
        return (0, 0)
    return (kind, size) if check == zlib.crc32(_KIND_AND_SIZE.pack(kind, size)) else None


def encode_long(kind: Kind, body: bytes) -> bytes:
    """Write a whole long record."""
    head = encode_head(kind, len(body))
    record = head + COMMIT_WORD.pack(commit_word(head, body)) + body
    return record.ljust(stored_bytes(len(body)), b"\0")


def encode_entry(record: Record) -> bytes:
    """Write the body of an entry."""
    name = record.key.encode()
    layout = FLOAT_ENTRY if record.kind is Kind.CONFIG_FLOAT else INT_ENTRY
    head = layout.pack(record.time, record.step, record.number, len(name))
    return head + name + record.text.encode(errors="replace")


def decode_entry(kind: Kind, body: bytes) -> Record:
    """Read the body of an entry."""
    time, step, number, size = (FLOAT_ENTRY if kind is Kind.CONFIG_FLOAT else INT_ENTRY).unpack_from(body)
    start = INT_ENTRY.size
    return Record(kind, body[start : start + size].decode(), time, step, number, body[start + size :].decode())
