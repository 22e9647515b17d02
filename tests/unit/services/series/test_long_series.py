"""Series too long to be held as points: what the pyramid draws, and what a narrow window reads, against slow loops."""

import math
import random

import pytest
from support.long_series import Long
from support.series_oracle import Asked, Logged, Placed, check_mean, check_views, column_of, edges_of, on_axis

from services.core.ids import new_id
from services.core.values import ValueType
from services.series.long import LongSeries

_TRACK = new_id()
_BLOCK = 64


def plain(rng: random.Random, *, has_steps: bool) -> Long:
    """Make a series as most are: in order, with a step for each point or none, in chunks of any size."""
    sizes = [rng.choice([1, 63, 64, 65, 128, rng.randint(1, 300)]) for _ in range(rng.randint(2, 8))]
    n_recent = rng.choice([0, 0, 1, 100])
    made: list[Logged] = []
    time, step = rng.choice([0.0, 1.7e9, -50.0]), 0.0
    for _ in range(sum(sizes) + n_recent):
        time += rng.choice([0.5, 1.0, 1.5])
        step += rng.choice([1.0, 1.0, 0.25, 3.0])
        odd = [math.nan, math.inf, -math.inf] if rng.random() < 0.05 else [rng.gauss(0, 1), float(rng.randint(-2, 2))]
        made.append(Logged(rng.choice(odd), time, step if has_steps else None))
    chunks = []
    for size in sizes:
        chunks.append(made[:size])
        made = made[size:]
    return Long(chunks, made)


def window_of(rng: random.Random, long: Long, *, is_on_points: bool = False) -> Asked:
    """Choose a window: on points, between them, outside."""
    axis = rng.choice(["step", "time", "relative", "index"])
    zero = min(point.time for point in long.all)
    xs = [x for x, _ in on_axis(long.all, axis, zero)]
    ends = []
    for _ in range(2):
        at = rng.choice(xs)
        between = [] if is_on_points else [at + 0.1, at - 0.1]
        ends.append(rng.choice([None, at, *between, xs[0] - 5, xs[-1] + 5]))
    low, high = ends
    if low is not None and high is not None and low > high:
        low, high = high, low
    return Asked(axis, low, high, rng.choice([1, 2, 5, 20]))


@pytest.mark.parametrize("seed", range(50))
def test_a_narrow_window_is_exact(seed: int) -> None:
    rng = random.Random(seed)
    long = plain(rng, has_steps=rng.random() < 0.5)
    for _ in range(3):
        asked = window_of(rng, long)
        views = long.draw(asked, long_points=10**9)
        if views.series[0].type is not ValueType.STR:
            check_views(views, [long.all], asked)


@pytest.mark.parametrize("seed", range(50))
def test_a_bucket_of_a_pyramid_borrows_less_than_a_block(seed: int) -> None:
    rng = random.Random(seed)
    long = plain(rng, has_steps=rng.random() < 0.5)
    for _ in range(3):
        check_pyramid(long, window_of(rng, long, is_on_points=True))


def check_pyramid(long: Long, asked: Asked) -> None:
    """Raise when what a pyramid draws is not what its blocks hold, or is too far from the points themselves."""
    # One chunk is never so many points that it would be drawn from its pyramid.
    views = long.draw(asked, long_points=max(map(len, long.chunks)))
    [view] = views.series
    if views.grid is None or not isinstance(long.source.settled, LongSeries) or view.is_exact:
        return
    grid, buckets = views.grid, view.buckets
    assert buckets is not None
    edges = edges_of(grid)
    zero = min(point.time for point in long.all) if asked.axis == "relative" else 0.0
    placed = on_axis(long.all, asked.axis, zero)
    assert len(placed) == len(long.all)
    of_block: dict[int, list[Placed]] = {}
    x_of = {id(point): x for x, point in placed}
    for chunk in long.chunks:
        for start in range(0, len(chunk), _BLOCK):
            block = chunk[start : start + _BLOCK]
            of_block[len(of_block)] = [(x_of[id(point)], point) for point in block]
    inside = [pair for pair in placed if grid.start <= pair[0] <= grid.stop]
    own: list[list[Placed]] = [[] for _ in range(grid.n)]
    for pair in inside:
        own[column_of(grid, edges, pair[0])].append(pair)
    lent: list[list[Placed]] = [[] for _ in range(grid.n)]
    for placed_block in of_block.values():
        if placed_block[0][0] > grid.stop or placed_block[-1][0] < grid.start:
            continue
        lent[column_of(grid, edges, max(placed_block[0][0], grid.start))] += placed_block
    recent = {id(point) for point in long.all[sum(map(len, long.chunks)) :]}
    for pair in inside:
        if id(pair[1]) in recent:
            lent[column_of(grid, edges, pair[0])].append(pair)
    # Nothing in the window is missed.
    drawn = {id(point) for mine in lent for _, point in mine}
    assert all(id(point) in drawn for _, point in inside)
    for k in range(grid.n):
        numbers = [(x, float(point.value)) for x, point in lent[k]]
        finite = [(x, number) for x, number in numbers if math.isfinite(number)]
        assert buckets.count[k] == len(numbers), k
        # Of each neighbour; what lies before the window is one of the first column.
        mine = {id(point) for _, point in own[k]}
        low_x = grid.start if k == 0 else edges[k]
        foreign = [x for x, point in lent[k] if id(point) not in mine]
        assert sum(x < low_x for x in foreign) <= (_BLOCK - 1 if k == 0 else 0), k
        assert sum(x >= low_x for x in foreign) <= _BLOCK - 1, k
        assert buckets.n_finite[k] == len(finite), k
        if finite:
            low, high = min(number for _, number in finite), max(number for _, number in finite)
            assert (buckets.min[k], buckets.max[k]) == (low, high), k
            assert buckets.min_x[k] in {x for x, number in finite if number == low}, k
            assert buckets.max_x[k] in {x for x, number in finite if number == high}, k
            check_mean(float(buckets.mean[k]), [number for _, number in finite])
