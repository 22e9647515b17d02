"""A series too long to be held as points: the pyramid of its chunks in memory, and what to read for a narrow window.

Called by source.py and read.py. A bucket made here may hold up to 63 points of each neighbour, and the answer says
so; a window of few enough points is read as points, and exact.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from services.core.values import ValueType
from services.series.buckets import BlockPositions, Buckets, Grid, bucket_blocks
from services.series.column import Column
from services.series.pyramid import StoredBlocks, decode_pyramid, join_pyramids
from services.series.store import ChunkFacts
from services.series.window import Axis, Window

# A series of more points is not held as points, and a window of more is drawn from the pyramid.
LONG_POINTS = 2_000_000


@dataclass(frozen=True)
class LongSeries:
    """The chunks of a series, in order of arrival, with their pyramids."""

    facts: list[ChunkFacts]
    stored: StoredBlocks
    _axes: dict[tuple[Axis, float], tuple[StoredBlocks, BlockPositions]] = field(default_factory=dict)

    @classmethod
    def of(cls, facts: Sequence[ChunkFacts], pyramids: Sequence[bytes]) -> "LongSeries":
        """Make it of chunks with their pyramids."""
        return cls(list(facts), join_pyramids([decode_pyramid(data) for data in pyramids]))

    @property
    def size_bytes(self) -> int:
        """Return about what it takes in memory."""
        return self.stored.size_bytes + 32 * len(self.stored.count) + 400 * len(self.facts)

    def __len__(self) -> int:
        """Return the number of points."""
        return sum(f.n_points for f in self.facts)

    @property
    def first_time(self) -> float:
        """Return the time of the oldest point."""
        return min(f.time_min for f in self.facts)

    @property
    def type(self) -> ValueType:
        """Return the type of its values."""
        types = {f.type for f in self.facts}
        return types.pop() if len(types) == 1 else ValueType.FLOAT

    @property
    def has_no_steps(self) -> bool:
        """Say whether no point has a step; its index then stands for it."""
        return not any(f.n_steps for f in self.facts)

    def can_draw(self, axis: Axis, recent: Column | None) -> bool:
        """Say whether blocks are in order on an axis, as points are that come after them."""
        if axis in {Axis.TIME, Axis.RELATIVE}:
            # Inside a chunk points are in order of time, and whole blocks can be put in order.
            return True
        if axis is Axis.INDEX or self.has_no_steps:
            # A late point would move the index of all that follow it in time.
            is_behind = recent is None or recent.first_time >= self.facts[-1].time_max
            is_alike = axis is Axis.INDEX or recent is None or recent.has_no_steps
            return is_behind and is_alike and all(b.time_min >= a.time_max for a, b in pairwise(self.facts))
        is_above = recent is None or (recent.has_rising_steps and recent.steps[0] > self.facts[-1].step_max)
        return (
            is_above
            and all(f.has_rising_steps for f in self.facts)
            and all(b.step_min > a.step_max for a, b in pairwise(self.facts))
        )

    def touching(self, window: Window, zero: float) -> tuple[list[ChunkFacts], int]:
        """Return the chunks that may have points in a window, and how many points lie before the first of them."""
        counts = np.array([f.n_points for f in self.facts])
        before = np.cumsum(counts) - counts
        match window.axis:
            case Axis.TIME | Axis.RELATIVE:
                lows = np.array([f.time_min for f in self.facts]) - zero
                highs = np.array([f.time_max for f in self.facts]) - zero
            case Axis.STEP if not self.has_no_steps:
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

    def needed(self, window: Window, zero: float, recent: Column | None) -> list[ChunkFacts]:
        """Return the chunks that an exact drawing needs where blocks are not in order on the axis."""
        have_all_steps = all(f.n_steps == f.n_points for f in self.facts)
        if window.axis is Axis.STEP and have_all_steps and (recent is None or not np.isnan(recent.steps).any()):
            return self.touching(window, zero)[0]
        # Where a point stands for its index, all points before it in time have a say.
        return self.facts

    def ends(self, window: Window, zero: float) -> tuple[float, float] | None:
        """Return the first and the last x in a window, about."""
        _, x = self._on(window.axis, zero)
        low = 0 if window.start is None else int(np.searchsorted(x.first, window.start, "left"))
        high = len(x.first) if window.stop is None else int(np.searchsorted(x.first, window.stop, "right"))
        if low >= high:
            return None
        end = float(x.last[low:high].max())
        return float(x.first[low]), end if window.stop is None else min(end, window.stop)

    def buckets(self, axis: Axis, zero: float, grid: Grid) -> Buckets:
        """Reduce the pyramid to the columns of a grid."""
        stored, x = self._on(axis, zero)
        return bucket_blocks(grid, x, stored)

    def _on(self, axis: Axis, zero: float) -> tuple[StoredBlocks, BlockPositions]:
        name = (axis, zero if axis is Axis.RELATIVE else 0.0)
        if name not in self._axes:
            self._axes.clear()
            self._axes[name] = self._make_axis(axis, name[1])
        return self._axes[name]

    def _make_axis(self, axis: Axis, zero: float) -> tuple[StoredBlocks, BlockPositions]:
        stored = self.stored
        match axis:
            case Axis.TIME | Axis.RELATIVE:
                of_time = (stored.time_first, stored.time_last, stored.time_of_min, stored.time_of_max)
                columns = [column - zero for column in of_time] if zero else list(of_time)
            case Axis.STEP if not self.has_no_steps:
                columns = [stored.step_first, stored.step_last, stored.step_of_min, stored.step_of_max]
            case _:
                first = (np.cumsum(stored.count) - stored.count).astype(np.float64)
                columns = [first, first + stored.count - 1, first + stored.blocks.min_at, first + stored.blocks.max_at]
        if not (columns[0][1:] < columns[0][:-1]).any():
            return stored, BlockPositions(*columns)
        order: NDArray[np.intp] = np.argsort(columns[0], kind="stable")
        return stored.take(order), BlockPositions(*(column[order] for column in columns))


def can_be_long(facts: Sequence[ChunkFacts]) -> bool:
    """Say whether chunks can be drawn without their points: strings cannot be reduced."""
    return all(f.type is not ValueType.STR for f in facts)
