"""Long series that are not as most are: late points, missing and repeated steps, gaps. Each was drawn wrong once."""

import numpy as np
import pytest
from support.long_series import Long
from support.series_oracle import Asked, Logged, check_views

from services.series.grid import Buckets
from services.series.read import SeriesViews


def _buckets(views: SeriesViews) -> Buckets:
    buckets = views.series[0].buckets
    assert buckets is not None
    return buckets


def _two_chunks(points: list[Logged]) -> Long:
    middle = len(points) // 2
    return Long([points[:middle], points[middle:]], [])


def _pyramid(points: list[Logged], asked: Asked) -> SeriesViews:
    """Draw it where one chunk is not long, but two are."""
    return _two_chunks(points).draw(asked, len(points) // 2)


@pytest.mark.parametrize("missing", [{0}, {128}, set(range(200))])
def test_points_without_a_step(missing: set[int]) -> None:
    points = [Logged(float(i), float(i), None if i in missing else float(i)) for i in range(640)]
    views = _pyramid(points, Asked("step", None, None, 10))
    assert views.grid is not None
    assert (views.grid.start, views.grid.stop) == (0, 639)
    assert int(_buckets(views).count.sum()) == 640
    # On so regular a series a bucket is at most 63 points off.
    assert abs(_buckets(views).count - 64).max() <= 63


def test_steps_that_start_again() -> None:
    points = [Logged(float(i), float(i), float(i % 64)) for i in range(640)]
    views = _pyramid(points, Asked("step", 1.0, 63.0, 10))
    assert views.series[0].n_drawn > 0


def test_a_window_that_blocks_only_touch() -> None:
    points = [Logged(float(i), float(i), float(i % 64)) for i in range(640)]
    _pyramid(points, Asked("step", 1.0, None, 10))


def test_a_spike_is_missed() -> None:
    second = [Logged(9.0 if i == 330 else 0.0, float(i), float(i)) for i in range(320, 640)]
    second.append(Logged(0.0, 0.5, 640.0))
    long = Long([[Logged(0.0, float(i), float(i)) for i in range(320)], second], [])
    views = long.draw(Asked("step", None, 639.0, 10), 320)
    assert np.nanmax(_buckets(views).max) == 9.0


# chunks are put in order of time_min, and a Column takes that for the order of arrival.
def test_equal_times_across_chunks() -> None:
    long = Long([[Logged(1.0, 20.0), Logged(1.0, 21.0)], [Logged(2.0, 5.0), Logged(2.0, 20.0)]], [])
    asked = Asked("time", None, None, 10)
    check_views(long.draw(asked, 10), [long.all], asked)


def test_a_step_written_twice_across_chunks() -> None:
    chunks = [[Logged(1.0, 20.0, 7.0), Logged(1.0, 21.0, 8.0)], [Logged(2.0, 5.0, 6.0), Logged(2.0, 20.0, 7.0)]]
    long = Long(chunks, [])
    asked = Asked("step", None, None, 10)
    check_views(long.draw(asked, 10), [long.all], asked)


@pytest.mark.parametrize("axis", ["index", "step"])
def test_index_with_late_points(axis: str) -> None:
    chunks = [[Logged(float(i), float(i)) for i in range(a, a + 100)] for a in (100, 200)]
    long = Long(chunks, [Logged(float(i), float(i)) for i in range(50)])
    asked = Asked(axis, 120.0, 130.0, 1000)
    check_views(long.draw(asked, 150), [long.all], asked)


def test_type_of_an_empty_window() -> None:
    points = [Logged(float(i), float(i), float(i)) for i in range(640)]
    assert _pyramid(points, Asked("step", 1000.0, 2000.0, 10)).series[0].type.name == "FLOAT"


def test_a_block_that_ended_before_the_window() -> None:
    points = [Logged(99.0 if i < 320 else 1.0, float(i if i < 320 else i + 100_000)) for i in range(960)]
    long = Long([points[:320], points[320:640], points[640:]], [])
    views = long.draw(Asked("time", 50_000.0, None, 10), 320)
    assert np.nanmax(_buckets(views).max) == 1.0
    assert int(_buckets(views).count.sum()) == 640


def test_first_and_last_with_late_recent_points() -> None:
    chunks = [[Logged(float(i), float(i)) for i in range(a, a + 100)] for a in (100, 200)]
    long = Long(chunks, [Logged(float(i), float(i)) for i in range(50)])
    buckets = long.draw(Asked("time", 0.0, 299.0, 2), 100).series[0].buckets
    assert buckets is not None
    assert buckets.first[0] == 0.0
    assert buckets.last[0] > 63
