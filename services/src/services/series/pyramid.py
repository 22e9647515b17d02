"""Blocks of 64 points: the extremes, the sum and the ends of each, so that wide buckets need not look at every point.

Made in memory for any column of numbers, and stored beside the chunks of a series that is getting too long to be held
as points. There is no coarser level: of fifty million points it would save four milliseconds of a drawing that takes
eight.
"""

from dataclasses import dataclass

import msgspec
import numpy as np
from backports import zstd
from numpy.typing import NDArray

from services.core.points import Floats, Points
from services.core.values import ValueType
from services.series.chunks import shuffle, unshuffle, words_of

BLOCK = 64
# The chunks before this point of a series are stored without their pyramid: most series end before it and are held as
# points, where the pyramid would be 0.6 to 0.8 bytes a point on disk. Of a longer one it is made in 20 ms, once.
PYRAMID_FROM = 1 << 20


@dataclass(frozen=True, slots=True)
class Blocks:
    """Finite values of each 64 points reduced; NaN where a block has none. Positions count from the block's start."""

    min: Floats
    max: Floats
    sum: Floats
    n_finite: NDArray[np.int64]
    min_at: NDArray[np.uint8]
    max_at: NDArray[np.uint8]


def make_blocks(numbers: Floats) -> Blocks:
    """Reduce numbers; the last block may be short."""
    n_blocks = -(-len(numbers) // BLOCK)
    is_finite = np.isfinite(numbers)
    is_whole = len(numbers) == n_blocks * BLOCK and bool(is_finite.all())
    if is_whole:
        rows = numbers.reshape(n_blocks, BLOCK)
        low_at, high_at = rows.argmin(1), rows.argmax(1)
        n_finite = np.full(n_blocks, BLOCK, np.int64)
        total = rows.sum(1)
        low, high = _at(rows, low_at), _at(rows, high_at)
    else:
        padded = np.full(n_blocks * BLOCK, np.nan)
        padded[: len(numbers)] = np.where(is_finite, numbers, np.nan)
        rows = padded.reshape(n_blocks, BLOCK)
        is_missing = np.isnan(rows)
        low_at = np.where(is_missing, np.inf, rows).argmin(1)
        high_at = np.where(is_missing, -np.inf, rows).argmax(1)
        n_finite = BLOCK - is_missing.sum(1)
        total = np.where(is_missing, 0.0, rows).sum(1)
        low = np.where(n_finite > 0, _at(rows, low_at), np.nan)
        high = np.where(n_finite > 0, _at(rows, high_at), np.nan)
    return Blocks(low, high, total, n_finite, low_at.astype(np.uint8), high_at.astype(np.uint8))


def _at(rows: Floats, columns: NDArray[np.intp]) -> Floats:
    picked: Floats = np.take_along_axis(rows, columns[:, None], 1)[:, 0]
    return picked


class _Stored(msgspec.Struct, array_like=True):
    n: int
    columns: list[bytes]


@dataclass(frozen=True, slots=True)
class StoredBlocks:
    """The pyramid of chunks: blocks with their ends and with where in time and steps each extreme stands."""

    blocks: Blocks
    count: NDArray[np.int64]
    first: Floats
    last: Floats
    time_first: Floats
    time_of_min: Floats
    time_of_max: Floats
    time_last: Floats
    step_first: Floats
    step_of_min: Floats
    step_of_max: Floats
    step_last: Floats

    @property
    def size_bytes(self) -> int:
        """Return what it takes in memory."""
        return len(self.count) * (14 * 8 + 2)

    def take(self, order: NDArray[np.intp]) -> "StoredBlocks":
        """Return the blocks in another order."""
        blocks = Blocks(*(getattr(self.blocks, name)[order] for name in Blocks.__slots__))
        return StoredBlocks(blocks, *(getattr(self, name)[order] for name in _ENDS))


_ENDS = [name for name in StoredBlocks.__slots__ if name != "blocks"]


def numbers_of(points: Points) -> Floats:
    """Return values as floats; strings are none."""
    if points.type is ValueType.STR:
        return np.full(len(points), np.nan)
    return np.asarray(points.values).astype(np.float64, copy=False)


def encode_pyramid(points: Points) -> bytes:
    """Make the pyramid of a chunk of numbers, as bytes."""
    numbers = numbers_of(points)
    blocks = make_blocks(numbers)
    starts = np.arange(0, len(points), BLOCK)
    stops = np.minimum(starts + BLOCK, len(points))
    low, high = starts + blocks.min_at, starts + blocks.max_at
    columns = [shuffle(words_of(c)) for c in (blocks.min, blocks.max, blocks.sum, numbers[starts], numbers[stops - 1])]
    for axis in (points.times, points.steps):
        # The differences of bit patterns are small numbers, and lossless for any float.
        words = words_of(axis)
        columns.append(shuffle(np.diff(words[starts], prepend=np.uint64(0))))
        columns += [shuffle(words[at] - words[starts]) for at in (low, high, stops - 1)]
    columns += [blocks.n_finite.astype(np.uint8).tobytes(), blocks.min_at.tobytes(), blocks.max_at.tobytes()]
    return zstd.compress(msgspec.msgpack.encode(_Stored(len(points), columns)), 1)


def decode_pyramid(data: bytes) -> StoredBlocks:
    """Read what encode_pyramid wrote."""
    stored = msgspec.msgpack.decode(zstd.decompress(data), type=_Stored)
    low, high, total, first, last = (unshuffle(raw).view(np.float64) for raw in stored.columns[:5])
    axes: list[Floats] = []
    for at in (5, 9):
        words = np.cumsum(unshuffle(stored.columns[at]), dtype=np.uint64)
        others = [words + unshuffle(raw) for raw in stored.columns[at + 1 : at + 4]]
        axes += [column.view(np.float64) for column in (words, *others)]
    n_finite, min_at, max_at = (np.frombuffer(raw, np.uint8) for raw in stored.columns[13:])
    count = np.full(len(first), BLOCK, np.int64)
    count[-1] = stored.n - BLOCK * (len(first) - 1)
    return StoredBlocks(Blocks(low, high, total, n_finite.astype(np.int64), min_at, max_at), count, first, last, *axes)


def join_pyramids(parts: list[StoredBlocks]) -> StoredBlocks:
    """Return the blocks of chunks one after the other."""
    blocks = Blocks(*(np.concatenate([getattr(part.blocks, name) for part in parts]) for name in Blocks.__slots__))
    return StoredBlocks(blocks, *(np.concatenate([getattr(part, name) for part in parts]) for name in _ENDS))
