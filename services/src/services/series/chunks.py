"""A chunk: consecutive points of one series and one type, as bytes and back, bit for bit.

Numbers are written byte plane by byte plane (all first bytes, then all second bytes, ...), times and integers as
differences before that: neighbouring bytes are then alike and zstd makes them a third smaller than raw columns.
"""

from enum import IntEnum

import msgspec
import numpy as np
from backports import zstd
from numpy.typing import NDArray

from services.core.points import DTYPE_OF_TYPE, Points
from services.core.values import ValueType

# Small enough to decode in a millisecond, large enough that a long series has few rows.
MAX_CHUNK_POINTS = 65_536
# A last chunk smaller than this is merged with what comes after it.
FULL_CHUNK_POINTS = 4_096
_LEVEL = 3


class ChunkEncoding(IntEnum):
    """How a chunk is encoded; the number is stored."""

    SHUFFLED_ZSTD = 1


class _Columns(msgspec.Struct, array_like=True):
    n: int
    values: bytes
    times: bytes
    steps: bytes | None


def _shuffle(words: NDArray[np.uint64]) -> bytes:
    return words.view(np.uint8).reshape(-1, 8).T.tobytes()


def _unshuffle(raw: bytes, n: int) -> NDArray[np.uint64]:
    return np.ascontiguousarray(np.frombuffer(raw, np.uint8).reshape(8, n).T).reshape(-1).view(np.uint64)


def _pack_differences(words: NDArray[np.uint64]) -> bytes:
    # Differences of the bit patterns, with wrap-around: lossless for any float and any integer.
    return _shuffle(np.diff(words, prepend=np.uint64(0)))


def _unpack_differences(raw: bytes, n: int) -> NDArray[np.uint64]:
    return np.cumsum(_unshuffle(raw, n), dtype=np.uint64)


def _words(column: NDArray[np.float64] | NDArray[np.int64]) -> NDArray[np.uint64]:
    return np.ascontiguousarray(column).view(np.uint64)


def _pack_values(points: Points) -> bytes:
    if points.type is ValueType.STR:
        return msgspec.msgpack.encode(list(points.values))
    values = np.ascontiguousarray(points.values, DTYPE_OF_TYPE[points.type])
    if points.type is ValueType.BOOL:
        return np.packbits(values).tobytes()
    words = values.view(np.uint64)
    return _pack_differences(words) if points.type is ValueType.INT else _shuffle(words)


def _unpack_values(value_type: ValueType, raw: bytes, n: int) -> NDArray[np.generic] | list[str]:
    match value_type:
        case ValueType.STR:
            return msgspec.msgpack.decode(raw, type=list[str])
        case ValueType.BOOL:
            return np.unpackbits(np.frombuffer(raw, np.uint8), count=n).view(bool)
        case ValueType.INT:
            return _unpack_differences(raw, n).view(np.int64)
        case ValueType.FLOAT:
            return _unshuffle(raw, n).view(np.float64)


def encode_chunk(points: Points) -> bytes:
    """Encode points as one chunk."""
    steps = None if np.isnan(points.steps).all() else _pack_differences(_words(points.steps))
    columns = _Columns(len(points), _pack_values(points), _pack_differences(_words(points.times)), steps)
    return zstd.compress(msgspec.msgpack.encode(columns), _LEVEL)


def decode_chunk(value_type: int, encoding: int, data: bytes) -> Points:
    """Decode a chunk."""
    if encoding != ChunkEncoding.SHUFFLED_ZSTD:
        msg = f"this version does not know chunk encoding {encoding}"
        raise ValueError(msg)
    kind = ValueType(value_type)
    columns = msgspec.msgpack.decode(zstd.decompress(data), type=_Columns)
    n = columns.n
    steps = np.full(n, np.nan) if columns.steps is None else _unpack_differences(columns.steps, n).view(np.float64)
    return Points(
        kind, _unpack_values(kind, columns.values, n), _unpack_differences(columns.times, n).view(np.float64), steps
    )
