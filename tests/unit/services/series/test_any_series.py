"""Any points, wherever they rest, are drawn as a slow loop over them would draw them."""

import itertools
import math
import random
from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.series_oracle import Asked, Logged, check_views, edges_of, first_time

from services.core.ids import new_id
from services.core.points import Points
from services.core.values import Value, ValueType
from services.series import source as source_module
from services.series.chunks import decode_chunk, encode_chunk
from services.series.column import Column
from services.series.grid import Grid
from services.series.grouping import Grouped
from services.series.read import SeriesViews, view_sources
from services.series.segments import SegmentEncoding, decode_segment, encode_segment
from services.series.settle import cut_chunks
from services.series.source import Source
from services.series.window import Axis, Window

_TRACK = new_id()
_TYPES = {bool: ValueType.BOOL, int: ValueType.INT, float: ValueType.FLOAT, str: ValueType.STR}
_DTYPES: dict[type, Any] = {bool: "?", int: "<i8", float: "<f8"}
# Sums of huge values overflow, and infinities of both signs then meet; what comes of it is looked at below.
pytestmark = pytest.mark.filterwarnings("ignore:(overflow|invalid value) encountered:RuntimeWarning")

_ODD_FLOATS = [math.nan, math.inf, -math.inf, 0.0, -0.0, 1e308, -1.7e308, 5e-324, -5e-324, 0.1, 1.0]
_VALUES: st.SearchStrategy[Value] = st.one_of(
    st.floats(allow_subnormal=True),
    st.sampled_from(_ODD_FLOATS),
    st.integers(-3, 3),
    st.sampled_from([2**53 + 1, 2**53, 2**53 - 1, -(2**53) - 1, 2**63 - 1, -(2**63)]),
    st.booleans(),
    st.text(max_size=3),
)
_ODD: list[Value] = [*_ODD_FLOATS, 2**53 + 1, True, "text"]
_NUMBERS: st.SearchStrategy[Value] = st.one_of(st.floats(), st.sampled_from(_ODD_FLOATS))
_TIMES = st.one_of(st.integers(0, 12).map(float), st.floats(-1e15, 1e15), st.sampled_from([1.7e9, 1.7e9 + 1e-6]))
_STEPS = st.one_of(
    st.none(),
    st.integers(0, 12).map(float),
    st.sampled_from([0.5, 2.5, -1.0, -0.0, 1e-300, 2.0**53, 2.0**53 + 2, 1e300, -1e300]),
)


def _lists(values: st.SearchStrategy[Value]) -> st.SearchStrategy[list[Logged]]:
    return st.lists(st.builds(Logged, values, _TIMES, _STEPS), min_size=1, max_size=40)


def _parts(points: Sequence[Logged], cuts: random.Random | None = None) -> list[Points]:
    """Return points as runs of one type, cut at random besides."""
    made = []
    for kind, run in groupby(points, key=lambda point: type(point.value)):
        left = list(run)
        while left:
            n = cuts.randint(1, len(left)) if cuts else len(left)
            mine, left = left[:n], left[n:]
            raw = [point.value for point in mine]
            values: Any = raw if kind is str else np.array(raw, _DTYPES[kind])
            steps = [math.nan if point.step is None else point.step for point in mine]
            made.append(Points(_TYPES[kind], values, np.array([point.time for point in mine]), np.array(steps)))
    return made


def _through_chunks(points: Sequence[Logged], cuts: random.Random) -> list[Points]:
    made = cut_chunks(1, 0, _parts(points, cuts))
    return [decode_chunk(c.points.type, *encode_chunk(c.points)) for c in made]


def _through_segment(points: Points) -> Points:
    segment = encode_segment(Grouped.of([(7, points)]))
    [grouped] = decode_segment(segment.type, SegmentEncoding.SHUFFLED_ZSTD, segment.offsets, segment.data)
    return grouped.points_of(0)


def _source(number: int, points: Sequence[Logged], n_settled: int, cuts: random.Random) -> Source:
    settled = Column(_through_chunks(points[:n_settled], cuts)) if n_settled else None
    parts = tuple(p if cuts.random() < 0.5 else _through_segment(p) for p in _parts(points[n_settled:], cuts))
    recent = Column(parts) if parts else None
    last = source_module._newest(settled, recent, {}, number)
    return Source.of(_TRACK, f"k{number}", number, settled, parts, recent=recent, last=last)


def _draw(series: Sequence[Sequence[Logged]], asked: Asked, splits: Sequence[float], seed: int) -> SeriesViews:
    cuts = random.Random(seed)
    sources = [
        _source(number, points, round(split * len(points)), cuts)
        for number, (points, split) in enumerate(zip(series, splits, strict=True))
    ]
    zero = min(map(first_time, series)) if asked.axis == "relative" else 0.0
    return view_sources(sources, Window(Axis(asked.axis), asked.start, asked.stop, asked.buckets), zero)


_ENDS = st.one_of(st.none(), st.integers(-1, 14).map(float), st.floats(-1e15, 1e15), st.just(1.7e9))
_ASKED = st.builds(
    Asked, st.sampled_from(["step", "time", "relative", "index"]), _ENDS, _ENDS, st.integers(1, 12) | st.just(1000)
)
# In order, with steps that stand still now and then.
_IN_ORDER = st.lists(st.tuples(_NUMBERS, st.booleans(), st.booleans()), min_size=1, max_size=40).map(
    lambda rows: [
        Logged(value, float(sum(row[1] for row in rows[:at])), float(sum(row[2] for row in rows[:at])))
        for at, (value, _, _) in enumerate(rows)
    ]
)
_SERIES = st.lists(st.one_of(_lists(_VALUES), _lists(_NUMBERS), _IN_ORDER), min_size=1, max_size=3)


@settings(max_examples=400)
@given(_SERIES, _ASKED, st.lists(st.sampled_from([0, 0.3, 0.5, 0.9, 1]), min_size=3, max_size=3), st.integers(0, 99))
def test_any_points_in_any_window(series: list[list[Logged]], asked: Asked, splits: list[float], seed: int) -> None:
    check_views(_draw(series, asked, splits[: len(series)], seed), series, asked)


_STEP_SHAPES = ["none", "rising", "again", "twice", "mixed"]


def _many(rng: random.Random) -> list[Logged]:
    """Return some hundred points of one of the shapes that series have."""
    n = rng.choice([64, 65, 128, 700, 1300])
    is_odd, has_late, steps = rng.random() < 0.3, rng.random() < 0.3, rng.choice(_STEP_SHAPES)
    made = []
    for at in range(n):
        time = float(rng.randint(0, n)) if has_late and rng.random() < 0.05 else 100 + at * 0.5
        step = None if steps == "none" or (steps == "mixed" and rng.random() < 0.2) else float(at)
        if steps == "again" and step is not None:
            step = float(at % (n // 2 + 1))
        if steps == "twice":
            step = float(at // 2)
        value: Value = rng.choice([rng.gauss(0, 1), float(rng.randint(0, 3))])
        if is_odd and rng.random() < 0.1:
            value = rng.choice(_ODD)
        made.append(Logged(value, time, step))
    return made


@pytest.mark.parametrize("seed", range(80))
def test_many_points_in_few_columns(seed: int) -> None:
    rng = random.Random(seed)
    series = [_many(rng) for _ in range(rng.randint(1, 2))]
    for _ in range(4):
        low, high = (rng.choice([None, None, rng.uniform(-10, 800), float(rng.randint(0, 700))]) for _ in range(2))
        asked = Asked(rng.choice(["step", "time", "relative", "index"]), low, high, rng.choice([1, 2, 3, 17, 300]))
        check_views(_draw(series, asked, [rng.choice([0, 0.5, 0.97, 1]) for _ in series], seed), series, asked)


@pytest.mark.parametrize("axis", ["step", "time", "relative", "index"])
@pytest.mark.parametrize("buckets", [3, 1000])
def test_recent_points_that_just_touch_the_settled_ones(axis: str, buckets: int) -> None:
    shifts = [-1.0, -0.5, 0.0, 0.5, None]
    for late, again in itertools.product([-1.0, -0.5, 0.0, 0.5], shifts):
        settled = [Logged(float(-i), float(i), None if again is None else float(i)) for i in range(10)]
        recent = [Logged(float(i), 9 + late + i, None if again is None else 9 + again + i) for i in range(10)]
        asked, series = Asked(axis, None, None, buckets), [settled + recent]
        check_views(_draw(series, asked, [0.5], 0), series, asked)


@settings(max_examples=150)
@given(st.floats(-1e300, 1e300), st.floats(-1e300, 1e300), st.integers(1, 300))
def test_edges_rise_and_stand_where_they_should(one: float, other: float, n: int) -> None:
    grid = Grid(min(one, other), max(one, other), n)
    edges = grid.edges
    assert len(edges) == n + 1
    assert edges[0] == grid.start
    assert (np.diff(edges / 2) >= 0).all()
    slack = 1e-15 * max(abs(one), abs(other)) + 1e-320
    for edge, expected in zip(edges.tolist(), edges_of(grid), strict=True):
        assert abs(edge - expected) <= slack
