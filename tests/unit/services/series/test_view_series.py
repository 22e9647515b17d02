"""Drawing: order, repeated steps, windows, mixed types and axes."""

import numpy as np

from services.core.ids import new_id
from services.core.points import Points
from services.core.values import ValueType
from services.series.column import Column, Drawn
from services.series.read import SeriesView, view_sources
from services.series.source import Source
from services.series.window import Axis, Window

_NONE = float("nan")
_TRACK = new_id()


def view_series(loaded: dict[str, list[Points]], keys: list[str], window: Window) -> list[SeriesView]:
    """Draw series of which the first part rests in chunks and the others were logged since."""
    sources = []
    for number, key in enumerate(key for key in keys if key in loaded):
        settled, *recent = loaded[key]
        columns = Column([settled]), Column(recent) if recent else None
        last = max((column.last for column in columns if column), key=lambda newest: newest[2])
        sources.append(Source.of(_TRACK, key, number, columns[0], tuple(recent), recent=columns[1], last=last))
    zero = min(source.first_time for source in sources) if window.axis is Axis.RELATIVE else 0.0
    return view_sources(sources, window, zero).series


def _floats(values: list[float], times: list[float], steps: list[float] | None = None) -> Points:
    step_column = np.array(steps if steps is not None else [_NONE] * len(values))
    return Points(ValueType.FLOAT, np.array(values), np.array(times, float), step_column)


def _drawn(view: SeriesView) -> Drawn:
    assert view.drawn is not None
    return view.drawn


def test_late_points_take_their_place_in_time() -> None:
    parts = [_floats([1.0, 3.0], [10, 30]), _floats([2.0], [20])]
    [view] = view_series({"a": parts}, ["a"], Window(Axis.STEP))
    assert _drawn(view).values == [1.0, 2.0, 3.0]
    assert _drawn(view).x.tolist() == [0, 1, 2]
    assert view.last == (3.0, None, 30.0)


def test_a_step_written_twice_shows_the_later_one_and_stores_both() -> None:
    parts = [_floats([1.0, 2.0, 9.0], [10, 20, 30], [1, 2, 1])]
    [view] = view_series({"a": parts}, ["a"], Window(Axis.STEP))
    assert (_drawn(view).x.tolist(), _drawn(view).values) == ([1, 2], [9.0, 2.0])
    assert (view.n_stored, view.n_drawn) == (3, 2)
    [by_time] = view_series({"a": parts}, ["a"], Window(Axis.TIME))
    assert _drawn(by_time).values == [1.0, 2.0, 9.0]


def test_windows_include_both_ends() -> None:
    parts = [_floats([1.0, 2.0, 3.0, 4.0], [1, 2, 3, 4])]
    [view] = view_series({"a": parts}, ["a"], Window(Axis.TIME, 2, 3))
    assert _drawn(view).values == [2.0, 3.0]
    [empty] = view_series({"a": parts}, ["a"], Window(Axis.TIME, 9, 10))
    assert (_drawn(empty).values, empty.n_stored) == ([], 4)


def test_relative_time_counts_from_the_first_point_of_all() -> None:
    loaded = {"a": [_floats([1.0], [100])], "b": [_floats([1.0], [103])]}
    views = view_series(loaded, ["a", "b", "missing"], Window(Axis.RELATIVE))
    assert [_drawn(view).x.tolist() for view in views] == [[0], [3]]


def test_types_that_mix_keep_their_exact_values() -> None:
    big = Points(ValueType.INT, np.array([2**53 + 1]), np.array([1.0]), np.array([_NONE]))
    flag = Points(ValueType.BOOL, np.array([True]), np.array([3.0]), np.array([_NONE]))
    [view] = view_series({"a": [big, _floats([0.5], [2]), flag]}, ["a"], Window())
    assert view.type is ValueType.FLOAT
    assert _drawn(view).values == [2**53 + 1, 0.5, True]
    assert [type(value) for value in _drawn(view).values] == [int, float, bool]


def test_strings_are_never_reduced_and_the_newest_are_shown() -> None:
    names = [f"n{i}" for i in range(10)]
    part = Points(ValueType.STR, names, np.arange(10.0), np.full(10, _NONE))
    [view] = view_series({"a": [part]}, ["a"], Window(buckets=3))
    assert _drawn(view).values == ["n7", "n8", "n9"]
    assert view.buckets is None


def test_all_bucketed_series_of_a_call_share_one_grid() -> None:
    loaded = {
        "a": [_floats([1.0] * 100, list(range(100)))],
        "b": [_floats([2.0] * 50, list(range(200, 250)))],
        "few": [_floats([3.0], [5])],
    }
    a, b, few = view_series(loaded, ["a", "b", "few"], Window(Axis.TIME, buckets=10))
    assert a.buckets is not None
    assert b.buckets is not None
    assert few.buckets is None
    assert a.buckets.count.sum() + b.buckets.count.sum() == 150


def test_lines_on_one_grid_have_means_alone_however_few_or_huge_their_points_are() -> None:
    huge = 1.5e308
    loaded = {
        "long": [_floats([1.0, 3.0] * 50, list(range(100))), _floats([7.0], [100])],
        "huge": [_floats([huge, huge, huge], [0, 1, 100])],
        "some": [_floats([2.0, _NONE, 4.0], [0, 1, 100])],
        "text": [Points(ValueType.STR, ["a"], np.array([5.0]), np.array([_NONE]))],
    }
    views = view_series(loaded, list(loaded), Window(Axis.TIME, buckets=2, is_common=True))
    found = {view.key: view for view in views}
    means = {key: None if view.means is None else view.means.tolist() for key, view in found.items()}
    assert means == {"long": [2.0, 107 / 51], "huge": [huge, huge], "some": [2.0, 4.0], "text": None}
    assert [(view.n_drawn, view.n_nonfinite) for view in views] == [(101, 0), (3, 0), (3, 1), (1, 0)]
    assert all(view.buckets is None and (view.drawn is None) == (view.key != "text") for view in views)
