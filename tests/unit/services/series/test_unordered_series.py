"""Long series whose points came in any order: backwards, again and again, late, of two writers, with and without steps.

What is drawn is compared with slow loops: up to the limit to the last bit, above it bucket by bucket, each being a run
of neighbouring points that begins less than a block after its edge.
"""

import math
import os
import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from support.long_series import Long
from support.series_oracle import (
    Asked,
    Logged,
    Placed,
    check_mean,
    check_views,
    edges_of,
    number_of,
    on_axis,
    same_number,
)

from services.series import order as order_module
from services.series import pieces as pieces_module
from services.series.grid import Buckets, Grid
from services.series.read import SeriesViews

_BLOCK = 64

_STEPS: dict[str, Callable[[random.Random, int, int], float | None]] = {
    "rising": lambda _, i, n: float(i),
    "reversed": lambda _, i, n: float(n - i),
    "repeated": lambda _, i, n: float(i // 5),
    "once more": lambda _, i, n: float(i if i < n // 2 else i - n // 4),
    "each epoch": lambda _, i, n: float(i % 100),
    "one": lambda _, i, n: 7.0,
    "anywhere": lambda rng, i, n: float(rng.randrange(n)),
    "near": lambda rng, i, n: i + rng.uniform(-40, 40),
    "none": lambda *_: None,
    "some": lambda rng, i, n: rng.choice([None, float(i), float(n - i)]),
}
_TIMES: dict[str, Callable[[random.Random, int, int], float]] = {
    "rising": lambda _, i, n: 1e9 + i,
    "equal now and then": lambda _, i, n: 1e9 + i // 3,
    "of two writers": lambda _, i, n: 1e9 + i + (i // 50 % 2) * 80,
    "late": lambda rng, i, n: 1e9 + i - (rng.uniform(0, n) if rng.random() < 0.02 else 0),
    "reversed": lambda _, i, n: 1e9 - i,
    "anywhere": lambda rng, i, n: 1e9 + rng.uniform(0, n),
}


def messy(rng: random.Random, steps: str, times: str) -> Long:
    """Make a series whose chunks are not in order."""
    sizes = [rng.choice([1, 64, 128, rng.randint(1, 300)]) for _ in range(rng.randint(2, 7))]
    n = sum(sizes) + rng.choice([0, 0, 1, 90])
    points = [
        Logged(
            math.nan if rng.random() < 0.03 else float(rng.randint(-50, 50)),
            _TIMES[times](rng, i, n),
            _STEPS[steps](rng, i, n),
        )
        for i in range(n)
    ]
    chunks = []
    for size in sizes:
        chunks.append(points[:size])
        points = points[size:]
    return Long(chunks, points)


@pytest.mark.parametrize("times", _TIMES)
@pytest.mark.parametrize("steps", _STEPS)
def test_what_is_drawn_of_points_in_any_order(steps: str, times: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Small cells, so that a series of hundreds of points has many.
    monkeypatch.setattr(pieces_module, "CHUNKS_OF_CELL", 2)
    monkeypatch.setattr(order_module, "CHUNKS_OF_CELL", 2)
    monkeypatch.setattr(pieces_module, "_MOST_LOOSE", 200)
    # More with MLSTEAM_TEST_SEEDS=20.
    for seed in range(int(os.environ.get("MLSTEAM_TEST_SEEDS", "1"))):
        rng = random.Random(f"{steps} {times} {seed}")
        long = messy(rng, steps, times)
        for axis in ("step", "time", "relative", "index"):
            placed = on_axis(long.all, axis, min(point.time for point in long.all))
            for limit in (10**9, 250, 60):
                asked = _window(rng, axis, placed)
                check_drawn(long.draw(asked, limit), long, asked, placed, limit)


def _window(rng: random.Random, axis: str, placed: list[Placed]) -> Asked:
    ends = [rng.choice([None, rng.choice(placed)[0]]) for _ in range(2)]
    low, high = ends
    if low is not None and high is not None and low > high:
        low, high = high, low
    return Asked(axis, low, high, rng.choice([1, 3, 10]))


def check_drawn(views: SeriesViews, long: Long, asked: Asked, placed: list[Placed], limit: int) -> None:
    """Raise when a drawing is not exact, or is that of blocks where it need not be, or is not as near as it says."""
    [view] = views.series
    low = -math.inf if asked.start is None else asked.start
    high = math.inf if asked.stop is None else asked.stop
    n_inside = sum(low <= x <= high for x, _ in placed)
    if view.is_exact:
        check_views(views, [long.all], asked)
        return
    assert n_inside > limit, "a window of few points is exact"
    assert views.grid is not None
    assert view.buckets is not None
    # Late points of the newest are merged bucket by bucket, so only their sum is a run.
    n_recent = len((long.source.recent_parts and long.source.recent_parts[0]) or ())
    if n_recent and asked.axis in {"time", "relative"}:
        assert abs(int(view.buckets.count.sum()) - n_inside) < 2 * _BLOCK
        return
    begins = [at for at, (x, _) in enumerate(placed) if x == _first_x(view.buckets)]
    problems = [_differs(view.buckets, views.grid, placed, begin) for begin in begins]
    assert None in problems, problems


def _first_x(buckets: Buckets) -> float:
    return next(float(x) for x, n in zip(buckets.first_x, buckets.count, strict=True) if n)


def _differs(buckets: Buckets, grid: Grid, placed: list[Placed], begin: int) -> str | None:
    """Say how buckets differ from runs of neighbouring points, the first of which begins at a place."""
    edges = edges_of(grid)
    at = begin
    for k in range(grid.n):
        own = sum(x < (edges[k] if k else grid.start) for x, _ in placed)
        # Before the window at most what of a block reaches into it; behind an edge what began before it.
        if k == 0 and not -_BLOCK < at - own <= 0 and buckets.count[0]:
            return f"begins {at - own} points off"
        if k and not 0 <= at - own < _BLOCK and own < len(placed) and edges[k] > placed[begin][0]:
            return f"column {k} begins {at - own} points off"
        mine = placed[at : at + int(buckets.count[k])]
        at += int(buckets.count[k])
        if wrong := _wrong(buckets, k, mine):
            return f"column {k}: {wrong}"
    end = sum(x <= grid.stop for x, _ in placed)
    return None if 0 <= at - end < _BLOCK else f"ends {at - end} points off"


def _wrong(buckets: Buckets, k: int, mine: list[Placed]) -> str | None:
    numbers = [(x, number_of(point.value)) for x, point in mine]
    finite = [(x, number) for x, number in numbers if math.isfinite(number)]
    if buckets.n_finite[k] != len(finite):
        return "finite values"
    for at, value, x in (0, buckets.first, buckets.first_x), (-1, buckets.last, buckets.last_x):
        if mine and not (x[k] == numbers[at][0] and same_number(float(value[k]), numbers[at][1])):
            return "ends"
    if finite:
        extremes = {(float(buckets.min_x[k]), float(buckets.min[k])), (float(buckets.max_x[k]), float(buckets.max[k]))}
        values = {number for _, number in finite}
        if not extremes <= set(finite) or {value for _, value in extremes} != {min(values), max(values)}:
            return "extremes"
        check_mean(float(buckets.mean[k]), [number for _, number in finite])
    return None


def test_the_check_can_fail() -> None:
    long = messy(random.Random(1), "reversed", "rising")
    placed = on_axis(long.all, "step", 0)
    views = long.draw(Asked("step", buckets=5), 60)
    check_drawn(views, long, Asked("step", buckets=5), placed, 60)
    spiked = [
        (x, replace(point, value=1e6) if at == len(placed) // 2 else point) for at, (x, point) in enumerate(placed)
    ]
    with pytest.raises(AssertionError):
        check_drawn(views, long, Asked("step", buckets=5), spiked, 60)
