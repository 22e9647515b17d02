"""Points out: by range, on the axis asked for, raw up to the width of a chart and in buckets above it.

Called by track-api's get_series. Guarantees one answer for one question, wherever the points rest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from services.core.points import Floats, Points
from services.core.values import Value, ValueType
from services.series.buckets import Buckets, Grid, make_buckets
from services.series.load import load_points
from services.storage.database import ReadSession


class Axis(StrEnum):
    """What x is."""

    STEP = "step"
    TIME = "time"
    RELATIVE = "relative"  # seconds since the first point of the series asked for together
    INDEX = "index"


@dataclass(frozen=True, slots=True)
class Window:
    """What to draw: the axis, a range on it (both ends included), and how many columns there are."""

    axis: Axis = Axis.STEP
    start: float | None = None
    stop: float | None = None
    buckets: int = 1000


@dataclass(frozen=True, slots=True)
class SeriesView:
    """One series as it is to be drawn; `x`, `times`, `steps` and `values` hold points when `buckets` is None."""

    key: str
    type: ValueType
    n_stored: int
    n_drawn: int
    n_nonfinite: int
    last: tuple[Value, float | None, float] | None
    x: Floats
    times: Floats
    steps: Floats
    values: list[Value]
    buckets: Buckets | None


@dataclass(frozen=True, slots=True)
class _Column:
    """One series with its points in order of time, whatever types they have."""

    key: str
    type: ValueType
    times: Floats
    steps: Floats
    numbers: Floats | None
    parts: list[Points]
    order: NDArray[np.intp]

    def value_at(self, position: int) -> Value:
        """Return the exact value at a position in order of time."""
        index = int(self.order[position])
        for part in self.parts:
            if index < len(part):
                return part.value_at(index)
            index -= len(part)
        raise IndexError(position)


def _common_type(parts: Sequence[Points]) -> ValueType:
    types = {part.type for part in parts}
    if len(types) == 1:
        return types.pop()
    if ValueType.STR in types:
        return ValueType.STR
    return ValueType.FLOAT if ValueType.FLOAT in types else ValueType.INT


def _column(key: str, parts: list[Points]) -> _Column:
    value_type = _common_type(parts)
    times = np.concatenate([part.times for part in parts])
    # Stable, so that of equal times the one that arrived later comes later.
    order = np.argsort(times, kind="stable")
    numbers = None
    if value_type is not ValueType.STR:
        numbers = np.concatenate([np.asarray(part.values).astype(np.float64) for part in parts])[order]
    steps = np.concatenate([part.steps for part in parts])[order]
    return _Column(key, value_type, times[order], steps, numbers, parts, order)


def _positions(column: _Column, axis: Axis, zero: float) -> Floats:
    index = np.arange(len(column.times), dtype=np.float64)
    match axis:
        case Axis.TIME:
            return column.times
        case Axis.RELATIVE:
            return column.times - zero
        case Axis.INDEX:
            return index
        case Axis.STEP:
            # A point that was logged without a step stands at its place in time.
            return np.where(np.isnan(column.steps), index, column.steps)


def _choose(x: Floats, window: Window) -> NDArray[np.intp]:
    """Return which points to draw, ordered by x; a step that was written twice shows what was written later."""
    chosen = np.argsort(x, kind="stable") if np.any(np.diff(x) < 0) else np.arange(len(x))
    ordered = x[chosen]
    if window.axis is Axis.STEP and len(ordered):
        is_last = np.append(np.diff(ordered) != 0, True)
        chosen, ordered = chosen[is_last], ordered[is_last]
    first = 0 if window.start is None else int(np.searchsorted(ordered, window.start, "left"))
    stop = len(ordered) if window.stop is None else int(np.searchsorted(ordered, window.stop, "right"))
    return chosen[first:stop]


def _grid(drawn: Sequence[tuple[_Column, Floats, NDArray[np.intp]]], window: Window) -> Grid | None:
    wide = [x[chosen] for column, x, chosen in drawn if column.numbers is not None and len(chosen) > window.buckets]
    if not wide:
        return None
    start = min(float(x[0]) for x in wide) if window.start is None else window.start
    stop = max(float(x[-1]) for x in wide) if window.stop is None else window.stop
    return Grid(start, stop, window.buckets)


def view_series(loaded: Mapping[str, list[Points]], keys: Sequence[str], window: Window) -> list[SeriesView]:
    """Turn loaded points into what is drawn; keys without a series are absent. Pure."""
    columns = [_column(key, loaded[key]) for key in dict.fromkeys(keys) if key in loaded]
    zero = min((float(column.times[0]) for column in columns), default=0.0)
    drawn = []
    for column in columns:
        x = _positions(column, window.axis, zero)
        drawn.append((column, x, _choose(x, window)))
    grid = _grid(drawn, window)
    return [_view(column, x, chosen, window, grid) for column, x, chosen in drawn]


def _view(column: _Column, x: Floats, chosen: NDArray[np.intp], window: Window, grid: Grid | None) -> SeriesView:
    last = len(column.times) - 1
    last_step = float(column.steps[last])
    common: dict[str, Any] = {
        "key": column.key,
        "type": column.type,
        "n_stored": len(column.times),
        "n_nonfinite": 0,
        "last": (column.value_at(last), None if np.isnan(last_step) else last_step, float(column.times[last])),
    }
    if column.numbers is None:
        # Strings cannot be reduced; the newest are what people look for.
        chosen = chosen[-window.buckets :]
    else:
        numbers = column.numbers[chosen]
        common["n_nonfinite"] = int(np.count_nonzero(~np.isfinite(numbers)))
        if grid is not None and len(chosen) > window.buckets:
            nothing = np.empty(0)
            return SeriesView(
                **common, n_drawn=len(chosen), x=grid.centres, times=nothing, steps=nothing, values=[],
                buckets=make_buckets(grid, x[chosen], numbers),
            )  # fmt: skip
    return SeriesView(
        **common,
        n_drawn=len(chosen),
        x=x[chosen],
        times=column.times[chosen],
        steps=column.steps[chosen],
        values=_exact_values(column, chosen),
        buckets=None,
    )


def _exact_values(column: _Column, chosen: NDArray[np.intp]) -> list[Value]:
    flat: list[Value] = []
    for part in column.parts:
        flat += part.values if isinstance(part.values, list) else part.values.tolist()
    return [flat[index] for index in column.order[chosen].tolist()]


async def read_series(session: ReadSession, track_id: UUID, keys: Sequence[str], window: Window) -> list[SeriesView]:
    """Return series of a track as they are to be drawn; keys without a series are absent."""
    return view_series(await load_points(session, track_id, keys), keys, window)
