"""Buckets: what a slow loop over all points finds, for any points."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from services.series.buckets import make_buckets, make_means
from services.series.grid import Grid

_POINTS = st.lists(
    st.tuples(
        st.floats(-1e6, 1e6), st.one_of(st.floats(-1e300, 1e300), st.sampled_from([math.nan, math.inf, -math.inf]))
    ),
    max_size=200,
)


@given(_POINTS, st.integers(1, 20))
def test_buckets_are_what_a_slow_loop_finds(points: list[tuple[float, float]], n: int) -> None:
    points.sort(key=lambda point: point[0])
    x, values = np.array([p[0] for p in points]), np.array([p[1] for p in points])
    grid = Grid(float(x[0]) if len(x) else 0.0, float(x[-1]) if len(x) else 1.0, n)
    buckets = make_buckets(grid, x, values)
    columns = [max(0, int(np.searchsorted(grid.edges[:-1], one, "right")) - 1) for one in x.tolist()]
    if grid.start == grid.stop:
        columns = [0] * len(points)
    assert int(buckets.count.sum()) == len(points)
    for column in range(n):
        mine = [value for value, c in zip(values.tolist(), columns, strict=True) if c == column]
        finite = [value for value in mine if math.isfinite(value)]
        assert buckets.count[column] == len(mine)
        np.testing.assert_equal(buckets.first[column], mine[0] if mine else math.nan)
        np.testing.assert_equal(buckets.last[column], mine[-1] if mine else math.nan)
        np.testing.assert_equal(buckets.min[column], min(finite, default=math.nan))
        np.testing.assert_equal(buckets.max[column], max(finite, default=math.nan))
        assert buckets.n_finite[column] == len(finite)
        assert math.isfinite(buckets.mean[column]) == bool(finite)


@given(_POINTS, st.integers(1, 20), st.booleans())
def test_means_are_those_of_buckets(points: list[tuple[float, float]], n: int, has_window: bool) -> None:
    points.sort(key=lambda point: point[0])
    x, values = np.array([p[0] for p in points]), np.array([p[1] for p in points])
    ends = (-1e5, 1e5) if has_window or not len(x) else (float(x[0]), float(x[-1]))
    grid = Grid(*ends, n)
    buckets, means = make_buckets(grid, x, values), make_means(grid, x, values)
    np.testing.assert_array_equal(means.count, buckets.count)
    np.testing.assert_array_equal(means.n_finite, buckets.n_finite)
    if means.is_sound:
        # A sum that cancels out may round in another way, by as much as its largest value has.
        np.testing.assert_allclose(
            means.mean,
            buckets.mean,
            rtol=1e-12,
            atol=1e-12 * float(np.nanmax(np.abs(np.where(np.isfinite(values), values, 0)), initial=0)),
        )
    joined = make_means(grid, x[::2], values[::2]) + make_means(grid, x[1::2], values[1::2])
    np.testing.assert_array_equal(joined.n_finite, buckets.n_finite)
    is_known = np.isfinite(values).all()
    if is_known:
        np.testing.assert_array_equal(make_means(grid, x, values, is_finite=True).sum, means.sum)


def test_one_spike_in_a_million_is_seen() -> None:
    x = np.arange(1e6)
    values = np.zeros(1_000_000)
    values[654_321] = 9.0
    buckets = make_buckets(Grid(0, 999_999, 1000), x, values)
    assert buckets.max[654] == 9.0
    assert np.count_nonzero(buckets.max) == 1


def test_a_grid_of_no_width_has_everything_in_its_first_column() -> None:
    buckets = make_buckets(Grid(5, 5, 3), np.full(4, 5.0), np.arange(4.0))
    assert buckets.count.tolist() == [4, 0, 0]
