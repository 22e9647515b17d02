"""The columns of a chart: where they stand, and what each holds.

Pure. Made by buckets.py; of two sets of points they are merged here.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from services.core.points import Floats

# Columns of so many points together are reduced as rows of one matrix, where the longest has not many more than the
# others: three times as fast as runs of any length.
_MOST_IN_ROWS = 500_000
_UNEVEN = 1.25


@dataclass(frozen=True, slots=True)
class Grid:
    """Equal columns between two positions, both included: column k is [edge k, edge k+1), the last one [.., stop]."""

    start: float
    stop: float
    n: int
    _edges: Floats | None = field(default=None, compare=False, repr=False)
    _last: tuple[Floats, NDArray[np.int64]] | None = field(default=None, compare=False, repr=False)
    _last_rows: tuple[Floats, NDArray[np.int64] | None] | None = field(default=None, compare=False, repr=False)

    @property
    def edges(self) -> Floats:
        """Return the n + 1 edges."""
        if self._edges is None:
            object.__setattr__(self, "_edges", self._find_edges())
        assert self._edges is not None  # noqa: S101 (set just above)
        return self._edges

    def _find_edges(self) -> Floats:
        # Halved before they are subtracted: the difference of two huge positions may be no number.
        share = np.arange(self.n + 1) / self.n
        edges: Floats = self.start * (1 - share) + self.stop * share
        edges[0], edges[-1] = self.start, self.stop
        rising: Floats = np.maximum.accumulate(edges)
        return rising

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

    def rows(self, x: Floats) -> NDArray[np.int64] | None:
        """Return the places of each column's points as a row, the last one repeated to make rows even.

        None where a column is empty, or rows would be much longer than most columns: then runs are the faster way.
        """
        if self._last_rows is None or self._last_rows[0] is not x:
            object.__setattr__(self, "_last_rows", (x, self._find_rows(x)))
        assert self._last_rows is not None  # noqa: S101 (set just above)
        return self._last_rows[1]

    def _find_rows(self, x: Floats) -> NDArray[np.int64] | None:
        bounds = self.bounds(x)
        counts = np.diff(bounds)
        n_points, width = int(bounds[-1] - bounds[0]), int(counts.max())
        if counts.min() == 0 or n_points > _MOST_IN_ROWS or width * self.n > n_points * _UNEVEN:
            return None
        rows: NDArray[np.int64] = np.minimum(bounds[:-1, None] + np.arange(width), bounds[1:, None] - 1)
        return rows

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
        mean = _mean(self.sum, self.n_finite)
        # A sum of huge values may overflow where their mean would not; the middle of the extremes is then near enough.
        is_lost = (self.n_finite > 0) & ~np.isfinite(mean)
        return np.where(is_lost, self.min / 2 + self.max / 2, mean) if is_lost.any() else mean


@dataclass(frozen=True, slots=True)
class Means:
    """What a line among many is drawn of: of each column the sum of its finite values, their number, and all points."""

    sum: Floats
    n_finite: NDArray[np.int64]
    count: NDArray[np.int64]

    @property
    def mean(self) -> Floats:
        """Return the mean of the finite values; NaN where there is none."""
        return _mean(self.sum, self.n_finite)

    @property
    def is_sound(self) -> bool:
        """Say whether no sum has overflown: the mean of huge values is then found by buckets."""
        return bool(np.isfinite(self.sum).all())

    def __add__(self, other: "Means") -> "Means":
        """Join the means of two sets of points."""
        return Means(self.sum + other.sum, self.n_finite + other.n_finite, self.count + other.count)


def _mean(total: Floats, n_finite: NDArray[np.int64]) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        mean: Floats = total / n_finite
    return mean


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
