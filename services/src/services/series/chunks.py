"""A chunk: consecutive points of one series and one type, as bytes and back, bit for bit.

Numbers are written byte plane by byte plane (all first bytes, then all second bytes, ...), times and integers as
differences before that: neighbouring bytes are then alike and zstd makes them a third smaller than raw columns.
"""

from enum import IntEnum
from typing import Any

import msgspec
import numpy as np
from backports import zstd
from numpy.typing import NDArray

from services.core.points import DTYPE_OF_TYPE, Points
from services.core.values import ValueType

# Small enough to decode in a millisecond, large enough that a long series has few rows.
MAX_CHUNK_POINTS = 65_536
# Fewer points of a series than this rest in segments, together with those of its neighbours.
MIN_CHUNK_POINTS = 4_096
# Higher levels take longer and save nothing: what is left after shuffling is noise, or long runs.
_LEVEL = 1


class ChunkEncoding(IntEnum):
    """How a chunk is encoded; the number is stored."""

    SHUFFLED_ZSTD = 1
    # The same with times as whole microseconds, which is what clocks give: a third of a byte a point less than the
    # differences of their bit patterns.
    MICROSECONDS = 2


_KNOWN = frozenset(map(int, ChunkEncoding))


class _Columns(msgspec.Struct, array_like=True):
    n: int
    values: bytes
    times: bytes
    steps: bytes | None


def shuffle(words: NDArray[np.uint64]) -> bytes:
    """Write eight-byte words byte plane by byte plane."""
    return words.view(np.uint8).reshape(-1, 8).T.tobytes()


def unshuffle(raw: bytes) -> NDArray[np.uint64]:
    """Read what shuffle wrote."""
    planes = np.frombuffer(raw, np.uint8).reshape(8, len(raw) // 8)
    words = np.empty((len(raw) // 8, 8), np.uint8)
    # Plane by plane: a third faster than a transposed copy.
    for place, plane in enumerate(planes):
        words[:, place] = plane
    return words.reshape(-1).view(np.uint64)


def pack_differences(words: NDArray[np.uint64]) -> bytes:
    """Write eight-byte words as the differences between neighbours."""
    # Differences of the bit patterns, with wrap-around: lossless for any float and any integer.
    return shuffle(np.diff(words, prepend=np.uint64(0)))


def unpack_differences(raw: bytes) -> NDArray[np.uint64]:
    """Read what pack_differences wrote."""
    return np.cumsum(unshuffle(raw), dtype=np.uint64)


def words_of(column: NDArray[np.float64] | NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return numbers as the eight bytes that each is."""
    return np.ascontiguousarray(column).view(np.uint64)


def pack_values(value_type: ValueType, values: NDArray[Any] | list[str]) -> bytes:
    """Write values: integers as differences, booleans as bits."""
    if value_type is ValueType.STR:
        return msgspec.msgpack.encode(list(values))
    column = np.ascontiguousarray(values, DTYPE_OF_TYPE[value_type])
    if value_type is ValueType.BOOL:
        return np.packbits(column).tobytes()
    words = column.view(np.uint64)
    return pack_differences(words) if value_type is ValueType.INT else shuffle(words)


def unpack_values(value_type: ValueType, raw: bytes, n: int) -> NDArray[Any] | list[str]:
    """Read what pack_values wrote."""
    match value_type:
        case ValueType.STR:
            return msgspec.msgpack.decode(raw, type=list[str])
        case ValueType.BOOL:
            return np.unpackbits(np.frombuffer(raw, np.uint8), count=n).view(bool)
        case ValueType.INT:
            return unpack_differences(raw).view(np.int64)
        case ValueType.FLOAT:
            return unshuffle(raw).view(np.float64)


def _microseconds(times: NDArray[np.float64]) -> NDArray[np.uint64] | None:
    """Return times as whole microseconds; None where that would not give back every bit."""
    with np.errstate(invalid="ignore", over="ignore"):
        whole = np.rint(times * 1e6).astype(np.int64)
    words = words_of(whole)
    return words if np.array_equal(words_of(_seconds(words)), words_of(times)) else None


def _seconds(words: NDArray[np.uint64]) -> NDArray[np.float64]:
    return words.view(np.int64) / 1e6


def encode_chunk(points: Points) -> tuple[ChunkEncoding, bytes]:
    """Encode points as one chunk."""
    steps = None if np.isnan(points.steps).all() else pack_differences(words_of(points.steps))
    whole = _microseconds(points.times)
    encoding = ChunkEncoding.SHUFFLED_ZSTD if whole is None else ChunkEncoding.MICROSECONDS
    times = pack_differences(words_of(points.times) if whole is None else whole)
    columns = _Columns(len(points), pack_values(points.type, points.values), times, steps)
    return encoding, zstd.compress(msgspec.msgpack.encode(columns), _LEVEL)


def decode_chunk(value_type: int, encoding: int, data: bytes) -> Points:
    """Decode a chunk."""
    if encoding not in _KNOWN:
        msg = f"this version does not know chunk encoding {encoding}"
        raise ValueError(msg)
    kind = ValueType(value_type)
    columns = msgspec.msgpack.decode(zstd.decompress(data), type=_Columns)
    n = columns.n
    steps = np.full(n, np.nan) if columns.steps is None else unpack_differences(columns.steps).view(np.float64)
    words = unpack_differences(columns.times)
    times = _seconds(words) if encoding == ChunkEncoding.MICROSECONDS else words.view(np.float64)
    return Points(kind, unpack_values(kind, columns.values, n), times, steps)
