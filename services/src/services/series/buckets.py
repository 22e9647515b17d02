"""Many points to few columns: first, last, min, max, mean and count of each, on one grid for all series of a chart.

Pure. Guarantees that the extremes of every bucket are exact and come with their own x, so a spike of one point is seen
at every zoom.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from services.core.points import Floats
from services.series.pyramid import BLOCK, Blocks, StoredBlocks

# Up to so many points for each bucket they are all looked at; above, most of them through blocks.
_POINTS_PER_BUCKET = 4 * BLOCK


@dataclass(frozen=True, slots=True)
class Grid:
    """Equal columns between two positions, both included: column k is [edge k, edge k+1), the last one [.., stop]."""

    start: float
    stop: float
    n: int
    _last: tuple[Floats, NDArray[np.int64]] | None = field(default=None, compare=False, repr=False)

    @property
    def edges(self) -> Floats:
        """Return the n + 1 edges."""
        # Halved before they are subtracted: the difference of two huge positions may be no number.
        share = np.arange(self.n + 1) / self.n
        edges: Floats = self.start * (1 - share) + self.stop * share
        edges[0], edges[-1] = self.start, self.stop
        return np.maximum.accumulate(edges)

    @property
    def centres(self) -> Floats:
        """Return the middle of each column."""
        edges = self.edges
        centres: Floats = edges[:-1] / 2 + edges[1:] / 2
        return centres

    def bounds(self, x: Floats) -> NDArray[np.int64]:
        """Return where in ordered positions each column starts, and after the last one the end: n + 1 places."""
        # Series that were logged together share one x, and come one after the other.
        if self._last is None or self._last[0] is not x:
            object.__setattr__(self, "_last", (x, self._find_bounds(x)))
        assert self._last is not None  # noqa: S101 (set just above)
        return self._last[1]

    def _find_bounds(self, x: Floats) -> NDArray[np.int64]:
        # Of columns without width the first one holds everything.
        inner = np.searchsorted(x, self.edges[1:-1], "left" if self.start < self.stop else "right")
        first, end = np.searchsorted(x, self.start, "left"), np.searchsorted(x, self.stop, "right")
        bounds: NDArray[np.int64] = np.clip(np.concatenate([[first], inner, [end]]), first, end).astype(np.int64)
        return bounds


@dataclass(frozen=True, slots=True)
class Buckets:
    """One value per column of a grid; NaN where a column is empty or has no finite value, count 0 where it is empty.

    First and last are the values as they are, NaN and infinities included; the rest is over finite values.
    `min_x` and `max_x` say where each extreme stands; of equal ones, the first.
    """

    first: Floats
    first_x: Floats
    last: Floats
    last_x: Floats
    min: Floats
    min_x: Floats
    max: Floats
    max_x: Floats
    sum: Floats
    count: NDArray[np.int64]
    n_finite: NDArray[np.int64]

    @property
    def mean(self) -> Floats:
        """Return the mean of the finite values."""
        with np.errstate(invalid="ignore", divide="ignore"):
            mean: Floats = self.sum / self.n_finite
        # A sum of huge values may overflow where their mean would not; the middle of the extremes is then near enough.
        is_lost = (self.n_finite > 0) & ~np.isfinite(mean)
        return np.where(is_lost, self.min / 2 + self.max / 2, mean) if is_lost.any() else mean


def empty_buckets(n: int) -> Buckets:
    """Return buckets without a point."""
    nothing, none = np.full(n, np.nan), np.zeros(n, np.int64)
    none_x = nothing.copy()
    return Buckets(
        nothing, none_x, nothing, none_x, nothing, none_x, nothing, none_x, np.zeros(n), none, none
    )  # fmt: skip


def merge_buckets(one: Buckets, other: Buckets) -> Buckets:
    """Join the buckets of two sets of points; where both stand at one x, the others come later."""
    is_first = (one.count > 0) & ~(other.first_x < one.first_x)
    is_last = (other.count > 0) & ~(other.last_x < one.last_x)
    is_lower = _is_better(other.min, one.min, np.less) | ((other.min == one.min) & (other.min_x < one.min_x))
    is_higher = _is_better(other.max, one.max, np.greater) | ((other.max == one.max) & (other.max_x < one.max_x))
    return Buckets(
        first=np.where(is_first, one.first, other.first),
        first_x=np.where(is_first, one.first_x, other.first_x),
        last=np.where(is_last, other.last, one.last),
        last_x=np.where(is_last, other.last_x, one.last_x),
        min=np.where(is_lower, other.min, one.min),
        min_x=np.where(is_lower, other.min_x, one.min_x),
        max=np.where(is_higher, other.max, one.max),
        max_x=np.where(is_higher, other.max_x, one.max_x),
        sum=one.sum + other.sum,
        count=one.count + other.count,
        n_finite=one.n_finite + other.n_finite,
    )


def _is_better(new: Floats, old: Floats, is_better: np.ufunc) -> NDArray[np.bool_]:
    better: NDArray[np.bool_] = is_better(new, old) | (np.isnan(old) & ~np.isnan(new))
    return better


@dataclass(frozen=True, slots=True)
class _Items:
    """Points or blocks, run after run. `low_at` and `high_at` are the positions of their extremes (None: their own)."""

    low: Floats
    high: Floats
    sum: Floats
    n_finite: NDArray[np.int64] | None  # None: one each
    low_at: NDArray[np.int64] | None
    high_at: NDArray[np.int64] | None
    first_at: int = 0

    def position(self, places: NDArray[np.int64], at: NDArray[np.int64] | None) -> NDArray[np.int64]:
        """Turn places among the items into positions; -1 stays."""
        found = places + self.first_at if at is None else at[places]
        return np.where(places < 0, -1, found)


class _Extremes:
    """The best value of each bucket so far, and its position; of equal ones the one at the smaller position."""

    def __init__(self, n: int) -> None:
        self.values, self.at = np.full(n, np.nan), np.full(n, -1, np.int64)
        self._is_used = False

    def keep(self, buckets: NDArray[np.intp], new: Floats, new_at: NDArray[np.int64], is_better: np.ufunc) -> None:
        if not self._is_used:
            self._is_used = True
            self.values[buckets], self.at[buckets] = new, new_at
            return
        old, old_at = self.values[buckets], self.at[buckets]
        wins = (old_at < 0) | is_better(new, old) | ((new == old) & (new_at < old_at))
        wins &= new_at >= 0
        self.values[buckets[wins]], self.at[buckets[wins]] = new[wins], new_at[wins]

    def x_of(self, x: Floats) -> Floats:
        return np.where(self.at >= 0, x[self.at], np.nan)


class _Reducer:
    """Collects runs of items that belong to buckets, and reduces all runs of one kind at once."""

    def __init__(self, n: int) -> None:
        self.low, self.high = _Extremes(n), _Extremes(n)
        self.sum, self.n_finite = np.zeros(n), np.zeros(n, np.int64)

    def add(self, buckets: NDArray[np.intp], starts: NDArray[np.int64], items: _Items) -> None:
        """Add items cut into runs at `starts`; run i belongs to buckets[i]."""
        lengths = np.diff(starts, append=len(items.low))
        lowest, highest = np.fmin.reduceat(items.low, starts), np.fmax.reduceat(items.high, starts)
        low_at = items.position(_first_equal(items.low, lowest, starts, lengths), items.low_at)
        high_at = items.position(_first_equal(items.high, highest, starts, lengths), items.high_at)
        self.low.keep(buckets, lowest, low_at, np.less)
        self.high.keep(buckets, highest, high_at, np.greater)
        self.sum[buckets] += np.add.reduceat(items.sum, starts)
        self.n_finite[buckets] += lengths if items.n_finite is None else np.add.reduceat(items.n_finite, starts)


def _first_equal(
    items: Floats, extremes: Floats, starts: NDArray[np.int64], lengths: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the place of the first item of each run that equals the run's extreme; -1 where there is none."""
    hits = np.flatnonzero(items == np.repeat(extremes, lengths))
    if len(hits) == len(starts) and not np.isnan(extremes).any():
        # One each, as nearly always with measured values.
        return hits
    if not len(hits):
        return np.full(len(starts), -1, np.int64)
    at = hits[np.minimum(np.searchsorted(hits, starts), len(hits) - 1)]
    return np.where((at >= starts) & (at < starts + lengths), at, -1)


def _gather(starts: NDArray[np.int64], stops: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return all positions of ranges, one after the other."""
    lengths = stops - starts
    offsets = np.cumsum(lengths) - lengths
    positions: NDArray[np.int64] = np.arange(int(lengths.sum())) + np.repeat(starts - offsets, lengths)
    return positions


def make_buckets(
    grid: Grid, x: Floats, numbers: Floats, blocks: Callable[[], Blocks] | None = None, *, is_finite: bool = False
) -> Buckets:
    """Reduce points, ordered by x, to the columns of a grid.

    `blocks` makes theirs, for where buckets are wide; `is_finite`: all numbers are known to be.
    """
    bounds = grid.bounds(x)
    if bounds[-1] == bounds[0]:
        return empty_buckets(grid.n)
    starts, stops = bounds[:-1], bounds[1:]
    reducer = _Reducer(grid.n)
    if blocks is None or bounds[-1] - bounds[0] <= grid.n * _POINTS_PER_BUCKET:
        _add_window(reducer, numbers, bounds, is_finite=is_finite)
    else:
        first_block, stop_block = -(-starts // BLOCK), stops // BLOCK
        is_wide = first_block < stop_block
        # The points before the first whole block and after the last one; a narrow bucket has only points.
        head_stops = np.where(is_wide, first_block * BLOCK, stops)
        tail_starts = np.where(is_wide, stop_block * BLOCK, stops)
        _add_ends(reducer, numbers, np.column_stack([starts, tail_starts]), np.column_stack([head_stops, stops]))
        _add_blocks(reducer, blocks(), np.flatnonzero(is_wide), first_block[is_wide], stop_block[is_wide])
    count = stops - starts
    filled = count > 0
    return Buckets(
        first=_picked(numbers, starts, filled),
        first_x=_picked(x, starts, filled),
        last=_picked(numbers, stops - 1, filled),
        last_x=_picked(x, stops - 1, filled),
        min=reducer.low.values,
        min_x=reducer.low.x_of(x),
        max=reducer.high.values,
        max_x=reducer.high.x_of(x),
        sum=reducer.sum,
        count=count,
        n_finite=reducer.n_finite,
    )


def _add_window(reducer: _Reducer, numbers: Floats, bounds: NDArray[np.int64], *, is_finite: bool) -> None:
    """Add all points between the first and the last bound, without copying them: buckets leave no gap."""
    first, end = int(bounds[0]), int(bounds[-1])
    filled = np.flatnonzero(bounds[:-1] < bounds[1:])
    picked = numbers[first:end]
    items = _Items(picked, picked, picked, None, None, None, first) if is_finite else _point_items(picked, None, first)
    reducer.add(filled, bounds[filled] - first, items)


def _point_items(picked: Floats, positions: NDArray[np.int64] | None, first_at: int = 0) -> _Items:
    is_finite = np.isfinite(picked)
    if is_finite.all():
        return _Items(picked, picked, picked, None, positions, positions, first_at)
    # fmin and fmax pass over NaN; minimum and maximum would be poisoned by one.
    finite, total = np.where(is_finite, picked, np.nan), np.where(is_finite, picked, 0.0)
    return _Items(finite, finite, total, is_finite.astype(np.int64), positions, positions, first_at)


def _add_ends(reducer: _Reducer, numbers: Floats, starts: NDArray[np.int64], stops: NDArray[np.int64]) -> None:
    """Add the points of two ranges of each bucket, as one run."""
    lengths = (stops - starts).sum(1)
    buckets = np.flatnonzero(lengths)
    if len(buckets):
        positions = _gather(starts.ravel(), stops.ravel())
        run_starts = (np.cumsum(lengths) - lengths)[buckets]
        reducer.add(buckets, run_starts, _point_items(numbers[positions], positions))


def _add_blocks(
    reducer: _Reducer, blocks: Blocks, buckets: NDArray[np.intp], starts: NDArray[np.int64], stops: NDArray[np.int64]
) -> None:
    if not len(buckets):
        return
    chosen = _gather(starts, stops)
    run_starts = np.cumsum(stops - starts) - (stops - starts)
    at = chosen * BLOCK
    items = _Items(
        blocks.min[chosen], blocks.max[chosen], blocks.sum[chosen], blocks.n_finite[chosen],
        at + blocks.min_at[chosen], at + blocks.max_at[chosen],
    )  # fmt: skip
    reducer.add(buckets, run_starts, items)


def _picked(column: Floats, places: NDArray[np.int64], filled: NDArray[np.bool_]) -> Floats:
    return np.where(filled, column[np.clip(places, 0, len(column) - 1)], np.nan)


@dataclass(frozen=True, slots=True)
class BlockPositions:
    """Where stored blocks stand on an axis: their first and last point, and their extremes. First points rise."""

    first: Floats
    last: Floats
    of_min: Floats
    of_max: Floats


def bucket_blocks(grid: Grid, x: BlockPositions, stored: StoredBlocks) -> Buckets:
    """Reduce stored blocks, ordered by x, to the columns of a grid.

    A block belongs to the column of its first point, so a bucket may hold up to 63 points of each neighbour.
    """
    bounds = grid.bounds(x.first).copy()
    # A block that began before the window may reach into it.
    if bounds[0] > 0 and x.last[bounds[0] - 1] >= grid.start:
        bounds[0] -= 1
    starts, stops = bounds[:-1], bounds[1:]
    filled = np.flatnonzero(starts < stops)
    if not len(filled):
        return empty_buckets(grid.n)
    blocks, reducer = stored.blocks, _Reducer(grid.n)
    inside = slice(int(bounds[0]), int(bounds[-1]))
    places = np.arange(inside.start, inside.stop)
    items = _Items(
        blocks.min[inside], blocks.max[inside], blocks.sum[inside], blocks.n_finite[inside], places, places
    )  # fmt: skip
    reducer.add(filled, starts[filled] - inside.start, items)
    count = np.zeros(grid.n, np.int64)
    count[filled] = np.add.reduceat(stored.count[inside], starts[filled] - inside.start)
    return Buckets(
        first=_picked(stored.first, starts, count > 0),
        first_x=_picked(x.first, starts, count > 0),
        last=_picked(stored.last, stops - 1, count > 0),
        last_x=_picked(x.last, stops - 1, count > 0),
        min=reducer.low.values,
        min_x=reducer.low.x_of(x.of_min),
        max=reducer.high.values,
        max_x=reducer.high.x_of(x.of_max),
        sum=reducer.sum,
        count=count,
        n_finite=reducer.n_finite,
    )
