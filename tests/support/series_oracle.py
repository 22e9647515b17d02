"""What is to be drawn of a series, by slow loops over its points; shares no code with the engine."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from services.core.points import Points
from services.core.values import Value
from services.series.grid import Buckets, Grid
from services.series.read import SeriesView, SeriesViews


@dataclass(frozen=True, slots=True)
class Logged:
    """One point as it was logged."""

    value: Value
    time: float
    step: float | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A window, by plain words."""

    axis: str = "step"
    start: float | None = None
    stop: float | None = None
    buckets: int = 1000


Placed = tuple[float, Logged]


def in_time(points: Sequence[Logged]) -> list[Logged]:
    """Return points, given in order of arrival, in order of time; of equal times the later arrival comes later."""
    return sorted(points, key=lambda point: point.time)


def first_time(points: Sequence[Logged]) -> float:
    """Return the time of the oldest point."""
    return min(point.time for point in points)


def number_of(value: Value) -> float:
    """Return a value as what is reduced; a string is no number."""
    return math.nan if isinstance(value, str) else float(value)


def type_of_series(points: Sequence[Logged]) -> str:
    """Return the type of a series: that of its numbers, if it has any."""
    kinds = {type(point.value) for point in points} - {str}
    if not kinds:
        return "STR"
    if float in kinds:
        return "FLOAT"
    return "INT" if int in kinds else "BOOL"


def on_axis(points: Sequence[Logged], axis: str, zero: float) -> list[Placed]:
    """Return each point that is drawn with its x, in order of x."""
    ordered = in_time(points)
    if axis == "time":
        return [(point.time, point) for point in ordered]
    if axis == "relative":
        return [(point.time - zero, point) for point in ordered]
    if axis == "index":
        return [(float(index), point) for index, point in enumerate(ordered)]
    at_x: dict[float, Logged] = {}
    for index, point in enumerate(ordered):
        at_x[float(index) if point.step is None else point.step] = point
    return sorted(at_x.items(), key=lambda pair: pair[0])


def newest(points: Sequence[Logged]) -> tuple[Value, float | None, float]:
    """Return value, step and time of the newest point."""
    last = in_time(points)[-1]
    return last.value, last.step, last.time


def same_value(one: Value, other: Value) -> bool:
    """Say whether two values are the same: of one type, to the last bit; any NaN is the other."""
    if type(one) is not type(other):
        return False
    if isinstance(one, float) and isinstance(other, float):
        return one.hex() == other.hex()
    return one == other


def same_number(one: float, other: float) -> bool:
    """Say whether two numbers are equal; any NaN is the other."""
    return one == other or (math.isnan(one) and math.isnan(other))


def logged_of(parts: Sequence[Points]) -> list[Logged]:
    """Return points as they came out, in order of time."""
    found = []
    for part in parts:
        for at in range(len(part)):
            step = float(part.steps[at])
            found.append(Logged(part.value_at(at), float(part.times[at]), None if math.isnan(step) else step))
    return in_time(found)


def check_same_points(found: Sequence[Logged], expected: Sequence[Logged]) -> None:
    """Raise when points are not the same ones, each to the last bit."""
    assert len(found) == len(expected)
    for at, (one, other) in enumerate(zip(found, expected, strict=True)):
        assert same_value(one.value, other.value), (at, one, other)
        assert (one.time, one.step) == (other.time, other.step), (at, one, other)


def check_views(views: SeriesViews, expected: Sequence[Sequence[Logged]], asked: Asked) -> None:
    """Raise when series, drawn together, are not what a slow loop finds in their points (in order of arrival)."""
    assert len(views.series) == len(expected)
    zero = min(map(first_time, expected), default=0.0) if asked.axis == "relative" else 0.0
    inside = [
        [
            pair
            for pair in on_axis(points, asked.axis, zero)
            if (asked.start is None or pair[0] >= asked.start) and (asked.stop is None or pair[0] <= asked.stop)
        ]
        for points in expected
    ]
    is_text = [all(isinstance(point.value, str) for point in points) for points in expected]
    is_wide = [len(pairs) > asked.buckets and not text for pairs, text in zip(inside, is_text, strict=True)]
    if not any(is_wide):
        assert views.grid is None
    else:
        grid = views.grid
        assert grid is not None
        wide = [x for pairs, wide in zip(inside, is_wide, strict=True) if wide for x, _ in pairs]
        assert grid.start == (min(wide) if asked.start is None else asked.start)
        assert grid.stop == (max(wide) if asked.stop is None else asked.stop)
        assert grid.n == asked.buckets
    for number, view in enumerate(views.series):
        points, pairs = expected[number], inside[number]
        assert view.n_stored == len(points)
        assert view.type.name == type_of_series(points)
        assert same_value(view.last[0], newest(points)[0]), (view.last, newest(points))
        assert view.last[1:] == newest(points)[1:]
        assert view.is_exact
        if is_text[number]:
            pairs = pairs[-asked.buckets :]
        assert view.n_drawn == len(pairs)
        if not is_text[number]:
            assert view.n_nonfinite == sum(not math.isfinite(number_of(point.value)) for _, point in pairs)
        if is_wide[number]:
            assert view.drawn is None
            assert view.buckets is not None
            assert views.grid is not None
            check_buckets(view.buckets, views.grid, pairs)
        else:
            assert view.buckets is None
            _check_drawn(view, pairs)


def _check_drawn(view: SeriesView, pairs: Sequence[Placed]) -> None:
    assert view.drawn is not None
    assert view.drawn.x.tolist() == [x for x, _ in pairs]
    columns = (view.drawn.values, view.drawn.times.tolist(), view.drawn.steps.tolist())
    found = [Logged(v, t, None if math.isnan(s) else s) for v, t, s in zip(*columns, strict=True)]
    check_same_points(found, [point for _, point in pairs])


def edges_of(grid: Grid) -> list[float]:
    """Return the edges of the columns, by the schoolbook."""
    edges = [grid.start * (1 - k / grid.n) + grid.stop * (k / grid.n) for k in range(grid.n + 1)]
    edges[0], edges[-1] = grid.start, grid.stop
    return edges


def column_of(grid: Grid, edges: Sequence[float], x: float) -> int:
    """Return the column of a position inside the grid: column k is [edge k, edge k + 1), the last one has its end."""
    if grid.start == grid.stop:
        return 0
    return max(0, min(bisect_right(edges, x) - 1, grid.n - 1))


def check_buckets(buckets: Buckets, grid: Grid, pairs: Sequence[Placed]) -> None:
    """Raise when buckets are not what a slow loop finds in points, given in order of x."""
    edges = edges_of(grid)
    columns: list[list[Placed]] = [[] for _ in range(grid.n)]
    for pair in pairs:
        columns[column_of(grid, edges, pair[0])].append(pair)
    mean = buckets.mean
    for k, mine in enumerate(columns):
        numbers = [(x, number_of(point.value)) for x, point in mine]
        finite = [(x, number) for x, number in numbers if math.isfinite(number)]
        assert buckets.count[k] == len(mine), k
        assert buckets.n_finite[k] == len(finite), k
        assert same_number(float(buckets.first[k]), numbers[0][1] if numbers else math.nan), k
        assert same_number(float(buckets.last[k]), numbers[-1][1] if numbers else math.nan), k
        found = (float(buckets.min[k]), float(buckets.min_x[k]), float(buckets.max[k]), float(buckets.max_x[k]))
        if not finite:
            assert all(math.isnan(one) for one in (*found, float(mean[k]))), k
            continue
        low, high = min(number for _, number in finite), max(number for _, number in finite)
        assert (found[0], found[2]) == (low, high), k
        # Of equal extremes, the first.
        assert found[1] == next(x for x, number in finite if number == low), k
        assert found[3] == next(x for x, number in finite if number == high), k
        check_mean(float(mean[k]), [number for _, number in finite])


def check_mean(found: float, numbers: Sequence[float]) -> None:
    """Raise when a mean is not that of finite numbers, as near as adding floats in any order comes."""
    scale = max(map(abs, numbers))
    if scale > 1e300:
        # A sum may overflow; then only the order of magnitude is promised.
        assert min(numbers) <= found <= max(numbers)
        return
    assert abs(found - math.fsum(numbers) / len(numbers)) <= scale * len(numbers) * 2.3e-16 + 1e-320
