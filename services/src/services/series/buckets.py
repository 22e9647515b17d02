"""Many points to few columns: first, last, min, max, mean and count of each, on one grid for all series of a chart.

Pure. Guarantees that the extremes of every bucket are exact and come with their own x, so a spike of one point is seen
at every zoom.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.core.points import Floats
from services.series.grid import Buckets, Grid, Means, empty_buckets
from services.series.pyramid import BLOCK, Blocks

# Up to so many points for each bucket they are all looked at; above, most of them through blocks.
_POINTS_PER_BUCKET = 4 * BLOCK


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
        found: Floats = x[self.at]
        is_missing = self.at < 0
        return np.where(is_missing, np.nan, found) if is_missing.any() else found


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

    def add_rows(
        self, numbers: Floats, rows: NDArray[np.int64], starts: NDArray[np.int64], stops: NDArray[np.int64]
    ) -> None:
        """Add all points of all buckets, none of them empty and all numbers finite; `rows` are their places."""
        picked = numbers[rows]
        for extremes, at in (self.low, picked.argmin(1)), (self.high, picked.argmax(1)):
            extremes.values, extremes.at = picked[np.arange(len(at)), at], starts + at
        self.sum = np.add.reduceat(numbers[: stops[-1]], starts)
        self.n_finite = stops - starts


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
        rows = grid.rows(x) if is_finite else None
        if rows is not None:
            reducer.add_rows(numbers, rows, starts, stops)
        else:
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


def make_means(grid: Grid, x: Floats, numbers: Floats, *, is_finite: bool = False) -> Means:
    """Reduce points, ordered by x, to what a line needs: a tenth of the work of whole buckets."""
    bounds = grid.bounds(x)
    count = np.diff(bounds)
    total, n_finite = np.zeros(grid.n), count
    filled = np.flatnonzero(count)
    if len(filled):
        picked, starts = numbers[int(bounds[0]) : int(bounds[-1])], bounds[filled] - bounds[0]
        finite = None if is_finite else np.isfinite(picked)
        if finite is not None and not finite.all():
            picked, n_finite = np.where(finite, picked, 0.0), np.zeros(grid.n, np.int64)
            n_finite[filled] = np.add.reduceat(finite.astype(np.int64), starts)
        with np.errstate(over="ignore"):
            total[filled] = np.add.reduceat(picked, starts)
    return Means(total, n_finite, count)


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
    if filled.all():
        found: Floats = column[places]
        return found
    return np.where(filled, column[np.clip(places, 0, len(column) - 1)], np.nan)


@dataclass(frozen=True, slots=True)
class BlockPositions:
    """Where blocks stand on an axis: their first and last point, and their extremes."""

    first: Floats
    last: Floats
    of_min: Floats
    of_max: Floats


@dataclass(frozen=True, slots=True)
class PlacedBlocks:
    """Blocks in order of an axis, none beginning before its neighbour has ended, with the values of their ends."""

    blocks: Blocks
    count: NDArray[np.int64]
    first: Floats
    last: Floats
    x: BlockPositions


def bucket_blocks(grid: Grid, placed: PlacedBlocks) -> Buckets:
    """Reduce blocks to the columns of a grid.

    A block belongs to the column of its first point, so a bucket may hold up to 63 points of each neighbour.
    """
    x = placed.x
    bounds = grid.bounds(x.first).copy()
    # A block that began before the window may reach into it.
    if bounds[0] > 0 and x.last[bounds[0] - 1] >= grid.start:
        bounds[0] -= 1
    starts, stops = bounds[:-1], bounds[1:]
    filled = np.flatnonzero(starts < stops)
    if not len(filled):
        return empty_buckets(grid.n)
    blocks, reducer = placed.blocks, _Reducer(grid.n)
    inside = slice(int(bounds[0]), int(bounds[-1]))
    places = np.arange(inside.start, inside.stop)
    items = _Items(
        blocks.min[inside], blocks.max[inside], blocks.sum[inside], blocks.n_finite[inside], places, places
    )  # fmt: skip
    reducer.add(filled, starts[filled] - inside.start, items)
    count = np.zeros(grid.n, np.int64)
    count[filled] = np.add.reduceat(placed.count[inside], starts[filled] - inside.start)
    return Buckets(
        first=_picked(placed.first, starts, count > 0),
        first_x=_picked(x.first, starts, count > 0),
        last=_picked(placed.last, stops - 1, count > 0),
        last_x=_picked(x.last, stops - 1, count > 0),
        min=reducer.low.values,
        min_x=reducer.low.x_of(x.of_min),
        max=reducer.high.values,
        max_x=reducer.high.x_of(x.of_max),
        sum=reducer.sum,
        count=count,
        n_finite=reducer.n_finite,
    )
