"""The points of one series in memory, in order of time, and in order of any axis that a chart may have.

Called by read.py. Guarantees that of equal times the point that arrived later comes later, and that of a step written
twice only the later point is drawn.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from services.core.points import Floats, Points
from services.core.values import Value, ValueType
from services.series.buckets import make_buckets, make_means
from services.series.grid import Buckets, Grid, Means
from services.series.pyramid import Blocks, make_blocks, numbers_of
from services.series.window import Axis, Window

_POINT_BYTES = 26


@dataclass(eq=False)
class Ordered:
    """Points in order of x. `chosen` says where each stands in its column; None: all of them, in the column's order."""

    column: "Column"
    x: Floats
    numbers: Floats
    chosen: NDArray[np.intp] | None
    _was_drawn: bool = field(default=False, repr=False)

    @cached_property
    def _blocks(self) -> Blocks:
        return make_blocks(self.numbers)

    def span(self, window: Window) -> tuple[int, int]:
        """Return where a window begins and ends."""
        first = 0 if window.start is None else int(np.searchsorted(self.x, window.start, "left"))
        end = len(self.x) if window.stop is None else int(np.searchsorted(self.x, window.stop, "right"))
        return first, max(first, end)

    def n_nonfinite(self, first: int, end: int) -> int:
        """Return how many of the points between two places are NaN, infinite or no number."""
        if self.column.is_finite:
            return 0
        return int(np.count_nonzero(~np.isfinite(self.numbers[first:end])))

    def buckets(self, grid: Grid) -> Buckets:
        """Reduce the points to the columns of a grid."""
        # Making blocks takes longer than looking at all points once; it pays from the second drawing on, and a window
        # of a long series has only one.
        blocks = (lambda: self._blocks) if self._was_drawn else None
        self._was_drawn = True
        return make_buckets(grid, self.x, self.numbers, blocks, is_finite=self.column.is_finite)

    def means(self, grid: Grid) -> Means:
        """Reduce the points to what a line of the columns of a grid needs."""
        return make_means(grid, self.x, self.numbers, is_finite=self.column.is_finite)

    def points(self, first: int, end: int) -> "Drawn":
        """Return the points between two places as they were logged."""
        column = self.column
        places = np.arange(first, end) if self.chosen is None else self.chosen[first:end]
        return Drawn(self.x[first:end], column.times[places], column.steps[places], column.exact_values(places))


@dataclass(frozen=True, slots=True)
class Drawn:
    """Points as they were logged, in order of x."""

    x: Floats
    times: Floats
    steps: Floats
    values: list[Value]


_shared: WeakValueDictionary[bytes, Floats] = WeakValueDictionary()


def share(axis: Floats) -> Floats:
    """Return the array that holds just these bytes already, if there is one."""
    return _shared.setdefault(hashlib.blake2b(np.ascontiguousarray(axis).data, digest_size=16).digest(), axis)


class Column:
    """Points of one series, whatever types they have. Make it with points in order of arrival."""

    def __init__(self, parts: Sequence[Points], *, is_kept: bool = True) -> None:
        times = np.concatenate([part.times for part in parts])
        steps = np.concatenate([part.steps for part in parts])
        numbers = np.concatenate([numbers_of(part) for part in parts])
        self._order: NDArray[np.intp] | None = None
        if (times[1:] < times[:-1]).any():
            self._order = np.argsort(times, kind="stable")
            times, steps, numbers = times[self._order], steps[self._order], numbers[self._order]
        if is_kept:
            # Series that were logged together have one axis; it is kept once.
            times, steps = share(times), share(steps)
        self.times, self.steps, self.numbers = times, steps, numbers
        types = {part.type for part in parts}
        # Floats are what `numbers` holds; anything else is looked up where it came from.
        self._parts: list[Points] | None = None if types == {ValueType.FLOAT} else list(parts)
        self.type = common_type(types)
        self.n_texts = sum(len(part) for part in parts if part.type is ValueType.STR)
        self.is_finite = self.n_texts == 0 and bool(np.isfinite(numbers).all())
        is_missing = np.isnan(steps)
        self.has_no_steps = bool(is_missing.all())
        if self.has_no_steps:
            # One NaN that looks like many: most series have either no step or all of them.
            self.steps = np.broadcast_to(np.float64(np.nan), len(times))
        self.has_rising_steps = not is_missing.any() and bool((steps[1:] > steps[:-1]).all())
        self._ordered: dict[tuple[Axis, float], Ordered] = {}

    def __len__(self) -> int:
        """Return the number of points."""
        return len(self.times)

    @property
    def size_bytes(self) -> int:
        """Return about what it takes in memory."""
        texts = sum(
            100 * len(part) + sum(map(len, part.values)) for part in self._parts or () if part.type is ValueType.STR
        )
        return _POINT_BYTES * len(self) + texts + 2_000

    @property
    def first_time(self) -> float:
        """Return the time of the oldest point."""
        return float(self.times[0])

    def with_later(self, parts: Sequence[Points]) -> "Column":
        """Return a column of these points and of others that arrived after them."""
        own = self._parts or [Points(ValueType.FLOAT, self.numbers, self.times, np.asarray(self.steps))]
        return Column([*own, *parts])

    @property
    def last(self) -> tuple[Value, float | None, float]:
        """Return value, step and time of the newest point."""
        step = float(self.steps[-1])
        at = len(self) - 1
        return self.exact_values(np.array([at]))[0], None if np.isnan(step) else step, float(self.times[-1])

    def exact_values(self, places: NDArray[np.intp]) -> list[Value]:
        """Return values as they were logged."""
        if self._parts is None:
            floats: list[Value] = self.numbers[places].tolist()
            return floats
        origins = places if self._order is None else self._order[places]
        starts = np.cumsum([0, *(len(part) for part in self._parts)])
        of_part = np.searchsorted(starts, origins, "right") - 1
        return [
            self._parts[p].value_at(i - int(starts[p])) for p, i in zip(of_part.tolist(), origins.tolist(), strict=True)
        ]

    def ordered(self, axis: Axis, offset: float) -> Ordered:
        """Return the points in order of an axis.

        `offset` is what x counts from: the zero of relative time; the number of points before these for an index and
        for points without a step, which stand at their place in time.
        """
        name = (axis, 0.0 if axis is Axis.TIME else offset)
        found = self._ordered.get(name)
        if found is None:
            # One more at most than a chart switches between, or every zero of a comparison would be kept.
            while len(self._ordered) > 2:
                self._ordered.pop(next(iter(self._ordered)))
            found = self._ordered[name] = self._make_ordered(axis, offset)
        return found

    def _make_ordered(self, axis: Axis, offset: float) -> Ordered:
        match axis:
            case Axis.TIME:
                return Ordered(self, self.times, self.numbers, None)
            case Axis.RELATIVE:
                return Ordered(self, self.times - offset, self.numbers, None)
            case Axis.INDEX:
                return Ordered(self, np.arange(len(self), dtype=np.float64) + offset, self.numbers, None)
            case Axis.STEP:
                return self._by_step(offset)

    def _by_step(self, offset: float) -> Ordered:
        if self.has_rising_steps:
            return Ordered(self, self.steps, self.numbers, None)
        x = np.where(np.isnan(self.steps), np.arange(len(self)) + offset, self.steps)
        if (x[1:] > x[:-1]).all():
            return Ordered(self, x, self.numbers, None)
        order = np.argsort(x, kind="stable")
        is_last = np.append(np.diff(x[order]) != 0, True)
        chosen = order[is_last]
        return Ordered(self, x[chosen], self.numbers[chosen], chosen)


def common_type(types: set[ValueType]) -> ValueType:
    """Return the type of a series: that of its numbers, if it has any."""
    numeric = types - {ValueType.STR}
    if len(numeric) > 1:
        return ValueType.FLOAT if ValueType.FLOAT in numeric else ValueType.INT
    return numeric.pop() if numeric else ValueType.STR
