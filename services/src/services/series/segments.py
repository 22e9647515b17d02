"""A segment: points of the series of one page and one type, in frames of some thousand points that are read one by one.

Series that were logged together have the same times and steps; a frame keeps those once. Guarantees that what comes out
is bit for bit what went in, in its order.
"""

from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise

import msgspec
import numpy as np
from backports import zstd

from services.core.values import ValueType
from services.series.chunks import pack_differences, pack_values, unpack_differences, unpack_values, words_of
from services.series.grouping import PAGE, Grouped

# A reader of one series decodes one frame; a frame of fewer points compresses worse.
_FRAME_POINTS = 8_192
NO_FRAME = 255


class SegmentEncoding(IntEnum):
    """How a segment is encoded; the number is stored."""

    SHUFFLED_ZSTD = 1


class _Frame(msgspec.Struct, array_like=True):
    leaf_ids: bytes
    counts: bytes
    is_shared: bool
    values: bytes
    times: bytes
    steps: bytes | None


@dataclass(frozen=True, slots=True)
class Segment:
    """One row of segments: `frame_of` names the frame of each place in the page, `offsets` where it starts."""

    type: ValueType
    n_points: int
    frame_of: bytes
    offsets: list[int]
    data: bytes


def encode_segment(grouped: Grouped) -> Segment:
    """Encode numbers of series of one page."""
    frame_of = np.full(PAGE, NO_FRAME, np.uint8)
    frames: list[bytes] = []
    offsets = [0]
    start = 0
    while start < len(grouped.leaf_ids):
        wanted = int(grouped.bounds[start]) + _FRAME_POINTS
        stop = max(start + 1, min(int(np.searchsorted(grouped.bounds, wanted)), len(grouped.leaf_ids)))
        if len(frames) == NO_FRAME - 1:
            stop = len(grouped.leaf_ids)
        frame_of[grouped.leaf_ids[start:stop] % PAGE] = len(frames)
        frames.append(_encode_frame(grouped.part(start, stop)))
        offsets.append(offsets[-1] + len(frames[-1]))
        start = stop
    return Segment(grouped.type, len(grouped.times), frame_of.tobytes(), offsets, b"".join(frames))


def _encode_frame(part: Grouped) -> bytes:
    counts = np.diff(part.bounds)
    n_first = int(counts[0])
    times, steps = part.times, part.steps
    is_shared = len(counts) > 1 and bool((counts == n_first).all())
    if is_shared:
        # Compared as bits, because NaN is no step and equals nothing.
        rows = (words_of(times).reshape(-1, n_first), words_of(steps).reshape(-1, n_first))
        is_shared = all(bool((axis[1:] == axis[0]).all()) for axis in rows)
        if is_shared:
            times, steps = times[:n_first], steps[:n_first]
    frame = _Frame(
        part.leaf_ids.astype("<i4").tobytes(),
        counts.astype("<i4").tobytes(),
        is_shared,
        pack_values(part.type, part.values),
        pack_differences(words_of(times)),
        None if np.isnan(steps).all() else pack_differences(words_of(steps)),
    )
    return zstd.compress(msgspec.msgpack.encode(frame), 1)


def decode_frame(value_type: ValueType, encoding: int, data: bytes) -> Grouped:
    """Decode one frame."""
    if encoding != SegmentEncoding.SHUFFLED_ZSTD:
        msg = f"this version does not know segment encoding {encoding}"
        raise ValueError(msg)
    frame = msgspec.msgpack.decode(zstd.decompress(data), type=_Frame)
    leaf_ids = np.frombuffer(frame.leaf_ids, "<i4").astype(np.int64)
    counts = np.frombuffer(frame.counts, "<i4").astype(np.int64)
    bounds = np.concatenate([[0], np.cumsum(counts)])
    n = int(bounds[-1])
    n_axis = int(counts[0]) if frame.is_shared else n
    times = unpack_differences(frame.times).view(np.float64)
    steps = np.full(n_axis, np.nan) if frame.steps is None else unpack_differences(frame.steps).view(np.float64)
    if frame.is_shared:
        times, steps = np.tile(times, len(counts)), np.tile(steps, len(counts))
    return Grouped(value_type, leaf_ids, bounds, unpack_values(value_type, frame.values, n), times, steps)


def decode_segment(value_type: ValueType, encoding: int, offsets: list[int], data: bytes) -> list[Grouped]:
    """Decode all frames of a segment."""
    return [decode_frame(value_type, encoding, data[start:stop]) for start, stop in pairwise(offsets)]
