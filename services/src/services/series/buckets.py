"""Many points to few columns: first, last, min, max, mean and count of each, on one grid for all series of a chart.

Pure. Guarantees that the extremes of every bucket are exact, so a spike of one point is seen at every zoom.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.core.points import Floats


@dataclass(frozen=True, slots=True)
class Grid:
    """Equal columns between two positions, both included."""

    start: float
    stop: float
    n: int

    @property
    def centres(self) -> Floats:
        """Return the middle of each column."""
        width = (self.stop - self.start) / self.n
        centres: Floats = self.start + width * (np.arange(self.n, dtype=np.float64) + 0.5)
        return centres

    def column_of(self, x: Floats) -> NDArray[np.int64]:
        """Return the column of each position."""
        span = self.stop - self.start
        if span <= 0:
            return np.zeros(len(x), np.int64)
        return np.clip(((x - self.start) * (self.n / span)).astype(np.int64), 0, self.n - 1)


@dataclass(frozen=True, slots=True)
class Buckets:
    """One value per column of a grid; NaN where a column is empty or has no finite value, count 0 where it is empty."""

    first: Floats
    last: Floats
    min: Floats
    max: Floats
    mean: Floats
    count: NDArray[np.int64]


def make_buckets(grid: Grid, x: Floats, values: Floats) -> Buckets:
    """Reduce points, ordered by x, to the columns of a grid.

    First and last are the values as they are, NaN and infinities included; min, max and mean are over finite values.
    """
    n = grid.n
    empty = np.full(n, np.nan)
    if len(x) == 0:
        return Buckets(empty, empty, empty, empty, empty, np.zeros(n, np.int64))
    column = grid.column_of(x)
    starts = np.flatnonzero(np.diff(column, prepend=-1))
    filled = column[starts]
    stops = np.append(starts[1:], len(x))
    is_finite = np.isfinite(values)
    finite = values if is_finite.all() else np.where(is_finite, values, np.nan)
    # fmin and fmax pass over NaN; minimum and maximum would be poisoned by one.
    low, high = np.fmin.reduceat(finite, starts), np.fmax.reduceat(finite, starts)
    n_finite = np.add.reduceat(is_finite.astype(np.int64), starts)
    total = np.add.reduceat(np.where(is_finite, values, 0.0), starts)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = total / n_finite
    # A sum of huge values may overflow where their mean would not; the middle of the extremes is then near enough.
    mean = np.where((n_finite > 0) & ~np.isfinite(mean), low / 2 + high / 2, mean)

    def spread(part: Floats) -> Floats:
        column_values = np.full(n, np.nan)
        column_values[filled] = part
        return column_values

    count = np.zeros(n, np.int64)
    count[filled] = stops - starts
    return Buckets(spread(values[starts]), spread(values[stops - 1]), spread(low), spread(high), spread(mean), count)
