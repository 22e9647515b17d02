"""A series too long to be held as points: the pyramid of its chunks in memory, and what to read for a narrow window.

Called by read.py. A bucket made here may hold up to 63 points of its neighbour, and the answer says so; a window of few
enough points is read as points, and exact.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from services.core.points import Floats
from services.core.values import ValueType
from services.series.buckets import Buckets, Grid, bucket_blocks
from services.series.pyramid import StoredBlocks, decode_pyramid, join_pyramids
from services.series.store import ChunkFacts
from services.series.window import Axis, Window

# A series of more points is not held as points, and a window of more is drawn from the pyramid.
LONG_POINTS = 2_000_000


@dataclass(frozen=True)
class LongSeries:
    """The chunks of a series, in order of time, with their pyramids."""

    facts: list[ChunkFacts]
    stored: StoredBlocks
    # Where the first x of each block and of its extremes stand, by axis; in order of x.
    _axes: dict[tuple[Axis, float], tuple[StoredBlocks, Floats, Floats, Floats]] = field(default_factory=dict)

    @classmethod
    def of(cls, facts: Sequence[ChunkFacts], pyramids: Sequence[bytes]) -> "LongSeries":
        """Make it of chunks with their pyramids."""
        ordered = sorted(zip(facts, pyramids, strict=True), key=lambda pair: pair[0].time_min)
        return cls([f for f, _ in ordered], join_pyramids([decode_pyramid(data) for _, data in ordered]))

    @property
    def size_bytes(self) -> int:
        """Return about what it takes in memory."""
        return self.stored.size_bytes + 24 * len(self.stored.count) + 400 * len(self.facts)

    def __len__(self) -> int:
        """Return the number of points."""
        return sum(f.n_points for f in self.facts)

    @property
    def first_time(self) -> float:
        """Return the time of the oldest point."""
        return self.facts[0].time_min

    @property
    def has_steps(self) -> bool:
        """Say whether points have steps; if not, their index is what stands for them."""
        return not np.isnan(self.facts[0].step_min)

    def touching(self, window: Window, zero: float) -> tuple[list[ChunkFacts], int]:
        """Return the chunks that may have points in a window, and how many points lie before the first of them."""
        counts = np.array([f.n_points for f in self.facts])
        before = np.cumsum(counts) - counts
        match window.axis:
            case Axis.TIME | Axis.RELATIVE:
                lows = np.array([f.time_min for f in self.facts]) - zero
                highs = np.array([f.time_max for f in self.facts]) - zero
            case Axis.STEP if self.has_steps:
                lows = np.array([f.step_min for f in self.facts])
                highs = np.array([f.step_max for f in self.facts])
            case _:
                lows, highs = before.astype(np.float64), (before + counts - 1).astype(np.float64)
        is_in = np.ones(len(counts), bool)
        if window.start is not None:
            is_in &= ~(highs < window.start)
        if window.stop is not None:
            is_in &= ~(lows > window.stop)
        places = np.flatnonzero(is_in).tolist()
        return [self.facts[place] for place in places], int(before[places[0]]) if places else 0

    def ends(self, window: Window, zero: float) -> tuple[float, float] | None:
        """Return the first and the last x in a window, about."""
        _, first, _, _ = self._on(window.axis, zero)
        low = 0 if window.start is None else int(np.searchsorted(first, window.start, "left"))
        high = len(first) if window.stop is None else int(np.searchsorted(first, window.stop, "right"))
        if low >= high:
            return None
        # The last block reaches beyond its first point, up to the end of the series.
        end = float(first[high - 1]) if high < len(first) else self._last_x(window.axis, zero)
        return float(first[low]), end if window.stop is None else min(end, window.stop)

    def _last_x(self, axis: Axis, zero: float) -> float:
        match axis:
            case Axis.TIME | Axis.RELATIVE:
                return max(f.time_max for f in self.facts) - zero
            case Axis.STEP if self.has_steps:
                return float(np.nanmax([f.step_max for f in self.facts]))
            case _:
                return float(len(self) - 1)

    def buckets(self, axis: Axis, zero: float, grid: Grid) -> Buckets:
        """Reduce the pyramid to the columns of a grid."""
        stored, first, low, high = self._on(axis, zero)
        return bucket_blocks(grid, first, (low, high), stored)

    def _on(self, axis: Axis, zero: float) -> tuple[StoredBlocks, Floats, Floats, Floats]:
        name = (axis, zero if axis is Axis.RELATIVE else 0.0)
        if name not in self._axes:
            self._axes.clear()
            self._axes[name] = self._make_axis(axis, name[1])
        return self._axes[name]

    def _make_axis(self, axis: Axis, zero: float) -> tuple[StoredBlocks, Floats, Floats, Floats]:
        stored = self.stored
        match axis:
            case Axis.TIME | Axis.RELATIVE:
                first, low, high = stored.time_first - zero, stored.time_of_min - zero, stored.time_of_max - zero
            case Axis.STEP if self.has_steps:
                first, low, high = stored.step_first, stored.step_of_min, stored.step_of_max
            case _:
                first = (np.cumsum(stored.count) - stored.count).astype(np.float64)
                low, high = first + stored.blocks.min_at, first + stored.blocks.max_at
        if not (first[1:] < first[:-1]).any():
            return stored, first, low, high
        order: NDArray[np.intp] = np.argsort(first, kind="stable")
        return stored.take(order), first[order], low[order], high[order]


def can_be_long(facts: Sequence[ChunkFacts]) -> bool:
    """Say whether chunks have what is needed to be drawn without their points."""
    have_steps = {not np.isnan(f.step_min) for f in facts}
    return len(have_steps) == 1 and all(f.has_pyramid and f.type is not ValueType.STR for f in facts)
