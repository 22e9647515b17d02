"""From its second drawing on a long series is reduced through blocks of 64 points: nothing of the answer may change."""

import math
import os
import random

import numpy as np
import pytest
from support.series_oracle import Asked, Logged, check_views, first_time, on_axis

from services.core.ids import new_id
from services.core.points import Points
from services.core.values import Value, ValueType
from services.series import buckets as buckets_module
from services.series.column import Column
from services.series.read import view_sources
from services.series.source import Source
from services.series.window import Axis, Window

_AXES = ["step", "time", "relative", "index"]
_ODD = [math.nan, math.inf, -math.inf, 1e308, -1e308, 0.0, -0.0]


def _values(rng: random.Random, n: int) -> list[Value]:
    share = rng.choice([0.0, 0.0, 0.02, 0.5])
    return [rng.choice(_ODD) if rng.random() < share else float(rng.randint(-30, 30)) for _ in range(n)]


def _logged(rng: random.Random) -> list[Logged]:
    n = rng.randint(200, 2500)
    how = rng.choice(["rising", "reversed", "repeated", "none", "some", "anywhere"])
    steps: list[float | None] = [float(i) for i in range(n)]
    match how:
        case "reversed":
            steps.reverse()
        case "repeated":
            steps = [float(i // 3) for i in range(n)]
        case "none":
            steps = [None] * n
        case "some":
            steps = [rng.choice([None, float(i)]) for i in range(n)]
        case "anywhere":
            rng.shuffle(steps)
    times = [1e9 + i + (rng.uniform(-50, 50) if how == "anywhere" else 0) for i in range(n)]
    return [Logged(v, t, s) for v, t, s in zip(_values(rng, n), times, steps, strict=True)]


def _source(logged: list[Logged], rng: random.Random) -> Source:
    cut = rng.choice([0, len(logged) // 3])
    parts = []
    for some, kind in (logged[:cut], ValueType.STR), (logged[cut:], ValueType.FLOAT):
        if some:
            times = np.array([point.time for point in some])
            steps = np.array([math.nan if point.step is None else point.step for point in some])
            texts = [str(point.value) for point in some]
            values = texts if kind is ValueType.STR else np.array([float(point.value) for point in some])
            parts.append(Points(kind, values, times, steps))
    logged[:cut] = [Logged(str(point.value), point.time, point.step) for point in logged[:cut]]
    column = Column(parts)
    return Source.of(new_id(), "k", 1, column, (), recent=None, last=column.last)


@pytest.mark.filterwarnings("ignore:(overflow|invalid value) encountered:RuntimeWarning")
@pytest.mark.parametrize("axis", _AXES)
def test_the_second_drawing_is_that_of_the_points(axis: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Blocks from a dozen of points a column on, so that few points are enough.
    monkeypatch.setattr(buckets_module, "_POINTS_PER_BUCKET", 12)
    n_through_blocks = 0
    for seed in range(12 * int(os.environ.get("MLSTEAM_TEST_SEEDS", "1"))):
        rng = random.Random(f"{axis} {seed}")
        logged = _logged(rng)
        source = _source(logged, rng)
        zero = first_time(logged) if axis == "relative" else 0.0
        xs = [x for x, _ in on_axis(logged, axis, zero)]
        for _ in range(4):
            ends = sorted([rng.choice(xs), rng.choice(xs)])
            start, stop = rng.choice([(None, None), (ends[0], None), (None, ends[1]), (ends[0], ends[1])])
            asked = Asked(axis, start, stop, rng.choice([1, 2, 5, 20]))
            window = Window(Axis(axis), start, stop, asked.buckets)
            for _ in range(2):
                check_views(view_sources([source], window, zero), [logged], asked)
        assert isinstance(source.settled, Column)
        n_through_blocks += "_blocks" in vars(source.settled.ordered(Axis(axis), zero if axis == "relative" else 0))
    assert n_through_blocks > 6


@pytest.mark.parametrize("axis", _AXES)
def test_two_million_points_drawn_twice(axis: str) -> None:
    n = 2_000_000
    rng = np.random.default_rng(2)
    values = rng.standard_normal(n)
    values[[5, 777_777, n - 1]] = [50.0, -60.0, 70.0]
    column = Column([Points(ValueType.FLOAT, values, 1e9 + np.arange(n) / 10, np.arange(float(n)))])
    source = Source.of(new_id(), "k", 1, column, (), recent=None, last=column.last)
    zero = 1e9 if axis == "relative" else 0.0
    window = Window(Axis(axis), None, None, 1000)
    first, again = (view_sources([source], window, zero).series[0] for _ in range(2))
    assert "_blocks" in vars(column.ordered(Axis(axis), zero))
    assert first.is_exact
    assert again.is_exact
    assert first.buckets is not None
    assert again.buckets is not None
    for name in ("first", "first_x", "last", "last_x", "min", "min_x", "max", "max_x", "count", "n_finite"):
        assert np.array_equal(getattr(first.buckets, name), getattr(again.buckets, name)), name
    assert np.allclose(first.buckets.mean, again.buckets.mean, rtol=0, atol=1e-12)
    assert (again.buckets.max.max(), again.buckets.min.min()) == (70.0, -60.0)
